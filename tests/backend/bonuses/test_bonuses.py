"""Bonuses: from the requester's account to a worker of its own batch, with a reason that anybody can read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backend.payloads.expected import expected_pins
from tests.backend.house import House, sign

STRANGER = "0x" + "12" * 20
REASON = "The most careful answers of all."


@pytest.fixture(scope="module")
def batch(house: House) -> dict[str, Any]:
    """Two workers with submitted tasks, and a requester with 5,000 units in its account."""
    requester, first, second = house.requester(), house.wallet(), house.wallet()
    batch_id = house.funded(requester, tasks=2, answers_per_task=2)
    for worker in (first, second):
        house.submitted(worker, batch_id, count=2)
    permit = house.post(requester, "/v1/deposits/draft", {"amount_units": "5000"})["permit"]
    signed = {
        "amount_units": "5000",
        "deadline": int(permit["message"]["deadline"]),
        "signature": sign(requester, permit),
    }
    house.send(requester, house.post(requester, "/v1/deposits/transaction", signed)["transaction"])
    house.until(lambda: owed(house, requester.address), lambda units: units == 5_000)
    return {"id": batch_id, "requester": requester, "first": first, "second": second}


def draft(house: House, batch: dict[str, Any], worker: str, units: str, **more: Any) -> Any:
    body = {"worker": worker, "amount_units": units} | more
    return house.post(batch["requester"], f"/v1/batches/{batch['id']}/bonuses/draft", body)


def owed(house: House, address: str) -> int:
    return int(house.get(None, f"/v1/accounts/{address}")["owed_units"])


def test_a_bonus_reaches_the_worker_with_its_reason(house: House, batch: dict[str, Any]) -> None:
    worker = batch["first"].address
    drafted = draft(house, batch, worker, "700", reason=f"  {REASON} ")
    assert drafted["document"]["reason"] == REASON
    assert json.loads(house.client.get(f"/v1/payloads/{drafted['reason_cid']}").content) == drafted["document"]
    before = owed(house, batch["requester"].address)

    house.send(batch["requester"], drafted["transaction"])

    house.until(lambda: owed(house, worker), lambda units: units == 700)
    assert owed(house, batch["requester"].address) == before - 700
    for path in (f"/v1/accounts/{worker}/bonuses", f"/v1/batches/{batch['id']}/bonuses"):
        (found,) = house.get(None, path)["items"]
        assert (found["worker"], found["amount_units"], found["reason"]) == (worker, "700", REASON)
        assert (found["requester"], found["reason_cid"]) == (batch["requester"].address, drafted["reason_cid"])
        assert found["title"].startswith("Batch ")
    with house.services.reading() as session:
        assert drafted["reason_cid"] in expected_pins(session), "the reason stays pinned"


def test_bonuses_come_newest_first_in_pages_and_may_have_no_reason(house: House, batch: dict[str, Any]) -> None:
    worker = batch["second"].address
    for units in ("10", "20", "30"):
        drafted = draft(house, batch, worker, units)
        assert (drafted["document"], drafted["reason_cid"], int(drafted["reason_digest"], 16)) == (None, None, 0)
        house.send(batch["requester"], drafted["transaction"])
    house.until(lambda: owed(house, worker), lambda units: units == 60)
    path = f"/v1/accounts/{worker}/bonuses"
    first = house.get(None, path, limit=2)
    second = house.get(None, path, limit=2, cursor=first["next_cursor"])
    assert [item["amount_units"] for item in first["items"] + second["items"]] == ["30", "20", "10"]
    assert (second["next_cursor"], second["items"][0]["reason"]) == (None, None)


def test_the_workers_of_a_batch_are_listed_with_pay_and_bonuses(house: House, batch: dict[str, Any]) -> None:
    addresses = sorted(batch[name].address for name in ("first", "second"))
    path = f"/v1/batches/{batch['id']}/workers"
    page = house.get(None, path, limit=1)
    rest = house.get(None, path, limit=1, cursor=page["next_cursor"])
    found = page["items"] + rest["items"]
    assert [item["worker"] for item in found] == addresses
    assert rest["next_cursor"] is None
    assert {(item["waiting"], item["paid"], item["paid_units"]) for item in found} == {(2, 0, "0")}


def test_what_would_go_wrong_is_refused_with_what_to_do(house: House, batch: dict[str, Any]) -> None:
    path = f"/v1/batches/{batch['id']}/bonuses/draft"
    worker, requester = batch["first"].address, batch["requester"]
    fits = {"worker": worker, "amount_units": "1"}
    house.refused(batch["first"], path, fits, 403, "not_your_batch")
    house.refused(None, path, fits, 401, "not_signed_in")
    house.refused(requester, path, fits | {"amount_units": "0"}, 422, "amount_zero")
    house.refused(requester, path, fits | {"worker": STRANGER}, 409, "no_worker_of_batch")
    house.refused(requester, path, fits | {"reason": "x" * 2_001}, 422, "malformed_request")
    short = house.refused(requester, path, fits | {"amount_units": "6000"}, 409, "account_short")
    assert int(short["owed_units"]) == owed(house, requester.address)
    house.refused(requester, f"/v1/batches/0x{'12' * 32}/bonuses/draft", fits, 404, "batch_unknown")


def test_a_digest_that_names_another_bonus_gives_no_reason(house: House, batch: dict[str, Any]) -> None:
    """Whoever calls the contract past the gateway may name any digest."""
    from backend.batches.service import batch_key

    other = draft(house, batch, batch["second"].address, "1", reason="Not for you.")
    call = house.services.escrow.bonus(
        batch_key(house.services, batch["id"]), batch["first"].address, 5, other["reason_digest"]
    )
    house.stack.send(batch["requester"], call)
    path = f"/v1/accounts/{batch['first'].address}/bonuses"
    [found, *_] = house.until(
        lambda: house.get(None, path)["items"], lambda items: items != [] and items[0]["amount_units"] == "5"
    )
    assert (found["reason"], found["reason_cid"]) == (None, other["reason_cid"])
