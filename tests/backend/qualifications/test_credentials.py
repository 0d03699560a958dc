"""Qualifications granted, refused and revoked through HTTP and wallets; the mirror lists them."""

from __future__ import annotations

from typing import Any

import pytest

from piecework.domain.credentials import skill_id
from tests.backend.court import Court
from tests.backend.house import House, sign

SKILL = "transcription/latin"


def listed(court: Court, **about: Any) -> Any:
    return court.get(None, "/v1/credentials", **about)["items"]


def grant(court: Court, issuer: Any, holder: Any, level: int = 80, skill: str = SKILL, **changes: Any) -> Any:
    """Signed by the issuer, brought by the relay, seen in the mirror."""
    body = {"holder": holder.address, "skill": skill, "level": level, **changes}
    drafted = court.post(issuer, "/v1/credentials/grants/draft", body)
    intent = court.post(None, "/v1/credentials/grants", signed_grant(issuer, drafted), 202)
    assert court.gateway.finished(intent["intent_id"])["status"] == "confirmed"
    about = {"holder": holder.address, "issuer": issuer.address, "skill_id": skill_id(skill)}
    version = drafted["version"] + 1
    return court.until(lambda: listed(court, **about), lambda items: items and items[0]["version"] == version)[0]


def signed_grant(issuer: Any, drafted: Any) -> dict[str, Any]:
    names = ("issuer", "holder", "skill_id", "level", "expiry", "deadline")
    return {**{name: drafted[name] for name in names}, "signature": sign(issuer, drafted["typed_data"])}


def signed_refusal(holder: Any, drafted: Any) -> dict[str, Any]:
    names = ("holder", "issuer", "skill_id", "refused", "deadline")
    return {**{name: drafted[name] for name in names}, "signature": sign(holder, drafted["typed_data"])}


def test_an_issuer_without_gas_grants_and_the_holder_shows_it(court: Court) -> None:
    issuer, holder = court.wallet(), court.wallet()
    found = grant(court, issuer, holder, 80)
    assert (found["skill"], found["skill_id"], found["level"], found["held"]) == (SKILL, skill_id(SKILL), 80, True)
    assert found["explorer_url"].endswith(found["transaction_hash"])
    assert court.registry.is_held(holder.address, issuer.address, skill_id(SKILL), 80)
    assert grant(court, issuer, holder, 95)["level"] == 95
    assert court.stack.web3.eth.get_balance(issuer.address) == 0


def test_the_issuer_revokes_from_its_own_wallet_and_old_signatures_are_void(court: Court) -> None:
    issuer, holder = court.requester(), court.wallet()
    body = {"holder": holder.address, "skill": SKILL, "level": 10}
    grant(court, issuer, holder)
    spare = signed_grant(issuer, court.post(issuer, "/v1/credentials/grants/draft", body))
    wish = {"holder": holder.address, "skill": SKILL}
    court.send(issuer, court.post(issuer, "/v1/credentials/revocations/draft", wish)["transaction"])
    found = court.until(lambda: listed(court, holder=holder.address), lambda items: not items[0]["held"])[0]
    assert (found["level"], found["granted_at"], found["refused"]) == (0, 0, False)
    court.refused(None, "/v1/credentials/grants", spare, 422, "signature_by_another_key")
    court.refused(issuer, "/v1/credentials/revocations/draft", wish, 409, "not_held")


def test_a_holder_refuses_and_takes_again(court: Court) -> None:
    issuer, holder = court.wallet(), court.wallet()
    grant(court, issuer, holder)
    wish = {"issuer": issuer.address, "skill": SKILL}
    drafted = court.post(holder, "/v1/credentials/refusals/draft", wish)
    intent = court.post(None, "/v1/credentials/refusals", signed_refusal(holder, drafted), 202)
    assert court.gateway.finished(intent["intent_id"])["status"] == "confirmed"
    found = court.until(lambda: listed(court, holder=holder.address), lambda items: items[0]["refused"])[0]
    assert not found["held"]
    body = {"holder": holder.address, "skill": SKILL, "level": 10}
    court.refused(issuer, "/v1/credentials/grants/draft", body, 409, "credential_refused")
    again = court.post(holder, "/v1/credentials/refusals/draft", {**wish, "refused": False})
    court.post(None, "/v1/credentials/refusals", signed_refusal(holder, again), 202)
    court.until(lambda: listed(court, holder=holder.address), lambda items: not items[0]["refused"])
    assert grant(court, issuer, holder, 5)["held"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"level": 81}, 422, "signature_by_another_key"),
        ({"level": 101}, 422, "malformed_request"),
        ({"expiry": 1_000}, 422, "already_expired"),
        ({"deadline": 1_000}, 422, "signature_expired"),
        ({"holder": "0x" + "00" * 20}, 422, "holder_zero"),
        ({"skill_id": "0x" + "12" * 32}, 422, "signature_by_another_key"),
    ],
)
def test_a_changed_grant_is_refused_by_name(court: Court, change: dict[str, Any], status: int, code: str) -> None:
    issuer, holder = court.jurors[0], court.jurors[1]
    body = {"holder": holder.address, "skill": SKILL, "level": 80}
    signed = signed_grant(issuer, court.post(issuer, "/v1/credentials/grants/draft", body))
    court.refused(None, "/v1/credentials/grants", {**signed, **change}, status, code)


def test_a_skill_is_a_name_or_its_id_and_both_must_agree(court: Court) -> None:
    issuer, holder = court.wallet(), court.wallet()
    path, body = "/v1/credentials/grants/draft", {"holder": holder.address, "level": 1}
    by_id = court.post(issuer, path, {**body, "skill_id": skill_id("other")})
    assert by_id["skill_id"] == skill_id("other")
    court.refused(issuer, path, body, 422, "malformed_request")
    both = {**body, "skill": SKILL, "skill_id": skill_id("other")}
    court.refused(issuer, path, both, 422, "malformed_request")


def test_the_list_goes_page_by_page_and_by_every_filter(court: Court) -> None:
    issuer, holder = court.wallet(), court.wallet()
    names = [f"skill {number}" for number in range(3)]
    for name in names:
        grant(court, issuer, holder, skill=name)
    grant(court, issuer, court.wallet(), skill=names[0])
    seen, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = court.get(None, "/v1/credentials", holder=holder.address, limit=1, **more)
        seen += [item["skill"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == names
    assert len(listed(court, issuer=issuer.address)) == 4
    assert len(listed(court, issuer=issuer.address, skill_id=skill_id(names[0]))) == 2
    court.refused(None, "/v1/credentials?cursor=nonsense", None, 422, "cursor_invalid", method="GET")


def test_a_credential_that_expired_is_listed_and_does_not_count(court: Court) -> None:
    issuer, holder = court.wallet(), court.wallet()
    expiry = court.services.clock.now() + 3_600
    assert grant(court, issuer, holder, expiry=expiry)["held"]
    court.stack.travel(3_700)
    court.until(lambda: listed(court, holder=holder.address)[0]["held"], lambda held: not held)
    assert not court.registry.is_held(holder.address, issuer.address, skill_id(SKILL), 0)


def test_a_gateway_without_a_registry_says_so(house: House) -> None:
    house.refused(None, "/v1/credentials", None, 404, "credentials_absent", method="GET")
    body = {"holder": house.wallet().address, "skill": SKILL, "level": 1}
    house.refused(house.wallet(), "/v1/credentials/grants/draft", body, 404, "credentials_absent")
    assert house.get(None, "/v1/chain")["credentials"] is None
    court_only = house.client.get("/v1/juror/queue", headers={"authorization": f"Bearer {house.token(house.wallet())}"})
    assert court_only.json()["code"] == "no_arbitration_panel"


def test_the_chain_view_names_panel_and_registry(court: Court) -> None:
    chain = court.get(None, "/v1/chain")
    assert chain["credentials"] == court.registry.address
    assert chain["arbitration"]["jurors"] == [juror.address for juror in court.jurors]
    assert (chain["arbitration"]["threshold"], chain["arbitration"]["fee_units"]) == (2, "600")


def test_a_mirror_without_the_registry_is_refused_at_start(court: Court, stack: Any) -> None:
    from backend.app import refuse_foreign_mirror
    from piecework.chain.credentials import Credentials

    other = Credentials(stack.web3, stack.escrow.address)
    with pytest.raises(ValueError, match="CREDENTIALS_ADDRESS"):
        refuse_foreign_mirror(court.services.engine, court.stack.escrow, other)
    refuse_foreign_mirror(court.services.engine, court.stack.escrow, court.registry)
