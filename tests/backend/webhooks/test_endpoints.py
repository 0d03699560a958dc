"""Endpoints through the public API: registering, proving, secrets, deliveries of a real batch, replay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from standardwebhooks import Webhook

from backend.sealing import SealBroken, Sealer, parse_keys
from piecework.db.webhooks import WebhookDelivery, WebhookEndpoint
from tests.backend.house import House, open_house
from tests.backend.outbound.listening import listening, saying
from tests.backend.outbound.test_client import FORBIDDEN
from tests.backend.webhooks.receiving import KEY, Receiver, receiving


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(scope="module")
def telling(stack: Any, tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[House]:
    """A gateway that sends webhooks, also to this machine."""
    changes = {"secrets_key": KEY, "outbound_allowed_networks": "127.0.0.1", "webhook_poll_seconds": 0.05}
    changes["outbound_ports"] = f"80,{receiver.listener.port}"
    with open_house(stack, tmp_path_factory.mktemp("telling"), **changes) as found:
        yield found


def registered(house: House, owner: Any, url: str, **wanted: Any) -> Any:
    return house.post(owner, "/v1/webhooks", {"url": url} | wanted, 201)


def test_a_requesters_server_is_told_of_its_batch_from_funding_to_payment(telling: House, receiver: Receiver) -> None:
    requester, worker = telling.requester(), telling.wallet()
    made = registered(telling, requester, receiver.url)
    path = f"/v1/webhooks/{made['endpoint_id']}"
    assert (made["state"], made["queued"]) == ("pending", 0)
    assert telling.post(requester, path + "/proof")["state"] == "active"
    secret = telling.get(requester, path + "/secret")["secret"]

    batch_id = telling.funded(requester, 1)
    telling.submitted(worker, batch_id, count=1)
    kinds = telling.until(lambda: [body["type"] for _, body in receiver.told], lambda found: "chain.submitted" in found)

    wanted = ["endpoint.proof", "chain.batch_opened", "chain.claimed", "chain.submitted"]
    assert [kind for kind in kinds if kind in wanted] == wanted
    bodies = [Webhook(secret).verify(sent["body"], sent) for sent in receiver.sent]
    assert {body["data"]["batch_id"] for body in bodies[1:]} == {batch_id}
    shown = telling.until(
        lambda: telling.get(requester, path + "/deliveries")["items"],
        lambda items: {item["state"] for item in items} == {"delivered"},
    )
    assert [item["message_id"] for item in reversed(shown)] == [sent_id for sent_id, _ in receiver.told[1:]]

    before = len(receiver.told)
    first = receiver.told[1][1]["data"]["place"]
    telling.post(requester, path + "/replay", {"after": first})
    again = telling.until(lambda: receiver.told[before:], lambda found: len(found) == before - 2)
    assert [sent_id for sent_id, _ in again] == [sent_id for sent_id, _ in receiver.told[2:before]]


def test_an_endpoint_is_told_nothing_before_it_proved_itself(telling: House) -> None:
    requester = telling.requester()
    with listening(saying("200 OK", b'{"challenge": "made up"}')) as stranger:
        telling.services.outbound._ports |= {stranger.port}
        made = registered(telling, requester, f"http://127.0.0.1:{stranger.port}/")
        telling.funded(requester, 1)
        path = f"/v1/webhooks/{made['endpoint_id']}"
        telling.refused(requester, path + "/proof", {}, 409, "endpoint_not_proved")
        assert len(stranger.heard) == 1, "the proof alone"
        assert telling.get(requester, path)["state"] == "pending"


@pytest.mark.parametrize(
    ("status", "body"),
    [("500 Oops", b"{}"), ("204 No Content", b""), ("200 OK", b"[" * 1_000), ("200 OK", b'{"challenge": 1}'),
     ("200 OK", b"[]"), ("200 OK", b"\xff"), ("302 Found", b"")],
)  # fmt: skip
def test_an_answer_without_the_challenge_proves_nothing(telling: House, status: str, body: bytes) -> None:
    requester = telling.requester()
    with listening(saying(status, body)) as stranger:
        telling.services.outbound._ports |= {stranger.port}
        made = registered(telling, requester, f"http://127.0.0.1:{stranger.port}/")
        telling.refused(requester, f"/v1/webhooks/{made['endpoint_id']}/proof", {}, 409, "endpoint_not_proved")


def test_a_url_that_is_not_public_is_refused_when_it_is_named_or_proved(telling: House) -> None:
    """Here the operator allows no other network; names are resolved at the proof."""
    telling.services.outbound._allowed, allowed = (), telling.services.outbound._allowed
    try:
        owner, early = telling.wallet(), 0
        for url in FORBIDDEN:
            answer = telling.client.post(
                "/v1/webhooks",
                json={"url": url.format(port=80)},
                headers={"authorization": f"Bearer {telling.token(owner)}"},
            )
            if answer.status_code == 422:
                early += 1
                continue
            path = f"/v1/webhooks/{answer.json()['endpoint_id']}"
            proof = telling.client.post(path + "/proof", headers={"authorization": f"Bearer {telling.token(owner)}"})
            assert (proof.status_code, proof.json()["code"]) in ((422, "url_refused"), (409, "endpoint_not_proved"))
            telling.client.delete(path, headers={"authorization": f"Bearer {telling.token(owner)}"})
        assert early > 40
    finally:
        telling.services.outbound._allowed = allowed


def test_an_endpoint_is_its_owners_alone(telling: House, receiver: Receiver) -> None:
    owner, other = telling.wallet(), telling.wallet()
    made = registered(telling, owner, receiver.url)
    path = f"/v1/webhooks/{made['endpoint_id']}"

    for method, tail, body in (
        ("GET", "", None),
        ("GET", "/secret", None),
        ("GET", "/deliveries", None),
        ("POST", "/proof", {}),
        ("POST", "/replay", {"after": "0-0-"}),
        ("DELETE", "", None),
    ):
        telling.refused(other, path + tail, body, 404, "endpoint_unknown", method)
    assert telling.get(other, "/v1/webhooks")["items"] == []
    assert [item["endpoint_id"] for item in telling.get(owner, "/v1/webhooks")["items"]] == [made["endpoint_id"]]
    headers = {"authorization": f"Bearer {telling.token(owner)}"}
    assert telling.client.delete(path, headers=headers).status_code == 204
    telling.refused(owner, path, None, 404, "endpoint_unknown", "GET")


def test_one_address_has_a_few_endpoints_and_no_more(telling: House, receiver: Receiver) -> None:
    owner = telling.wallet()
    for _ in range(5):
        registered(telling, owner, receiver.url)
    telling.refused(owner, "/v1/webhooks", {"url": receiver.url}, 409, "too_many_endpoints")


def test_a_place_that_is_none_is_refused_for_a_replay(telling: House, receiver: Receiver) -> None:
    owner = telling.wallet()
    path = f"/v1/webhooks/{registered(telling, owner, receiver.url)['endpoint_id']}/replay"
    telling.refused(owner, path, {"after": "yesterday"}, 422, "cursor_invalid")
    telling.refused(owner, path, {"after": "1-1-0123456789abcdef"}, 409, "place_gone")


def test_without_a_key_there_are_no_webhooks(stack: Any, tmp_path: Any) -> None:
    with open_house(stack, tmp_path, secrets_key=None) as house:
        house.refused(house.wallet(), "/v1/webhooks", {"url": "https://work.example/hook"}, 409, "webhooks_absent")


def test_the_database_keeps_secrets_sealed(telling: House, receiver: Receiver) -> None:
    owner = telling.wallet()
    made = registered(telling, owner, receiver.url)
    secret = telling.get(owner, f"/v1/webhooks/{made['endpoint_id']}/secret")["secret"]

    with telling.services.reading() as session:
        kept = session.get(WebhookEndpoint, made["endpoint_id"])
        everything = repr([vars(row) for row in session.query(WebhookEndpoint)])
        everything += repr([vars(row) for row in session.query(WebhookDelivery)]) + repr(telling.state())
    assert secret.removeprefix("whsec_") not in everything
    assert kept.sealed_secret in everything


def test_a_seal_holds_for_one_place_and_one_key() -> None:
    one, other = Sealer(parse_keys("01" * 8 + "23456789abcdef01" * 3)), Sealer(parse_keys(KEY))
    sealed = one.seal(b"secret", "rows/1")

    assert one.open(sealed, "rows/1") == b"secret"
    assert sealed != one.seal(b"secret", "rows/1")
    changed = sealed[:-4] + ("AAA=" if not sealed.endswith("AAA=") else "BBB=")
    for sealer, text, place in ((one, sealed, "rows/2"), (other, sealed, "rows/1"), (one, changed, "rows/1")):
        with pytest.raises(SealBroken):
            sealer.open(text, place)
    both = Sealer(parse_keys(f"{KEY}, {'01' * 8 + '23456789abcdef01' * 3}"))
    assert both.open(sealed, "rows/1") == b"secret"
    assert other.open(both.seal(b"new", "x"), "x") == b"new"


@pytest.mark.parametrize("text", ["00" * 32, "changeme", "0x12", KEY + ",zz"])
def test_a_sample_is_no_key(text: str) -> None:
    with pytest.raises(ValueError, match=r"hex|fromhex"):
        parse_keys(text)
