"""Sign-in with Ethereum over HTTP: a nonce counts once, for one domain, chain, time and key."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from piecework.db.gateway import SignInNonce, UserSession
from tests.backend.accounts.signing import at, message, signature
from tests.backend.house import House, is_problem


def log_in(house: House, text: str, signed: str) -> Any:
    return house.client.post("/v1/auth/login", json={"message": text, "signature": signed})


def sessions(house: House, address: str) -> int:
    with house.services.reading() as session:
        return int(session.query(UserSession).filter(UserSession.address == address).count())


def test_a_signed_message_opens_a_session_that_ends_with_logging_out(house: House) -> None:
    wallet = house.wallet()
    text = message(house, wallet.address, expires=at(60), not_before=at(-1))

    opened = log_in(house, text, signature(wallet, text)).json()

    assert opened["address"] == wallet.address
    headers = {"authorization": f"Bearer {opened['token']}"}
    assert house.client.get("/v1/work/assignments", headers=headers).json()["items"] == []
    assert house.client.post("/v1/auth/logout", headers=headers).status_code == 204
    refused = house.client.get("/v1/work/assignments", headers=headers)
    assert is_problem(refused)["code"] == "not_signed_in"
    assert sessions(house, wallet.address) == 0


def test_the_token_itself_is_not_stored(house: House) -> None:
    wallet = house.wallet()
    token = house.token(wallet)

    with house.services.reading() as session:
        kept = [row.token_hash for row in session.query(UserSession).all()]
    assert sessions(house, wallet.address) == 1
    assert not any(token in row for row in kept)


def test_a_session_ends_when_its_time_is_over(house: House) -> None:
    wallet = house.wallet()
    token = house.token(wallet)
    with house.services.writing() as session:
        for row in session.query(UserSession).filter(UserSession.address == wallet.address):
            row.expires_at = time.time() - 1

    answer = house.client.get("/v1/work/assignments", headers={"authorization": f"Bearer {token}"})

    assert (answer.status_code, is_problem(answer)["code"]) == (401, "not_signed_in")


def test_a_nonce_counts_once_even_if_many_ask_at_the_same_moment(house: House) -> None:
    wallet = house.wallet()
    text = message(house, wallet.address)
    signed, found = signature(wallet, text), []

    def ask() -> None:
        found.append(log_in(house, text, signed).status_code)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [200, 422, 422, 422, 422, 422]
    assert sessions(house, wallet.address) == 1
    assert is_problem(log_in(house, text, signed))["code"] == "nonce_unknown"


def test_a_nonce_that_is_too_old_is_refused(house: House) -> None:
    wallet = house.wallet()
    text = message(house, wallet.address)
    with house.services.writing() as session:
        for row in session.query(SignInNonce).all():
            row.expires_at = time.time() - 1

    assert is_problem(log_in(house, text, signature(wallet, text)))["code"] == "nonce_unknown"


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"domain": "evil.test"}, "sign_in_wrong_domain"),
    ({"domain": "gateway.test:8080"}, "sign_in_wrong_domain"),
    ({"domain": "gateway.test.evil.test"}, "sign_in_wrong_domain"),
    ({"uri": "http://evil.test/login"}, "sign_in_wrong_domain"),
    ({"uri": "http://gateway.test.evil.test/login"}, "sign_in_wrong_domain"),
    ({"uri": "https://gateway.test/login"}, "sign_in_wrong_domain"),
    ({"uri": "http://[bad"}, "sign_in_wrong_domain"),
    ({"chain": "1"}, "wrong_chain"),
    ({"chain": "9" * 60}, "wrong_chain"),
    ({"expires": at(-5)}, "signature_expired"),
    ({"expires": "0001-01-01T00:00:00+23:59"}, "signature_expired"),
    ({"not_before": at(3600)}, "sign_in_not_yet_valid"),
    ({"issued": at(3600)}, "sign_in_not_yet_valid"),
    ({"issued": "9999-12-31T23:59:59-23:59"}, "sign_in_not_yet_valid"),
    ({"nonce": "neverGivenToAnyone"}, "nonce_unknown"),
    ({"nonce": "short"}, "sign_in_malformed"),
    ({"issued": "now"}, "sign_in_malformed"),
]


# Named without the times: each process of a shared run must find the same names.
@pytest.mark.parametrize(("changes", "code"), REFUSED, ids="".join)
def test_a_message_for_another_place_or_time_opens_nothing(house: House, changes: dict[str, str], code: str) -> None:
    wallet = house.wallet()
    text = message(house, wallet.address, **changes)

    answer = log_in(house, text, signature(wallet, text))

    assert (answer.status_code, is_problem(answer)["code"]) == (422, code)
    assert sessions(house, wallet.address) == 0


def test_a_wrong_signature_opens_nothing_and_leaves_the_nonce(house: House) -> None:
    wallet, other = house.wallet(), house.wallet()
    text = message(house, wallet.address)
    good = signature(wallet, text)
    flipped = good[:10] + ("0" if good[10] != "0" else "1") + good[11:]
    high_s = malleated(good)

    for wrong in (
        signature(other, text),
        signature(wallet, text + " "),
        flipped,
        good[:-2],
        good + "00",
        high_s,
        "0x00",
    ):
        answer = log_in(house, text, wrong)
        assert (answer.status_code, is_problem(answer)["code"]) == (422, "signature_by_another_key"), wrong
    assert sessions(house, wallet.address) == 0

    assert log_in(house, text, good).status_code == 200


def malleated(good: str) -> str:
    """The other signature that the same curve would take."""
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    raw = bytes.fromhex(good[2:])
    s = order - int.from_bytes(raw[32:64], "big")
    return "0x" + (raw[:32] + s.to_bytes(32, "big") + bytes([55 - raw[64]])).hex()


def test_a_message_that_names_another_address_than_its_signer_is_refused(house: House) -> None:
    wallet, victim = house.wallet(), house.wallet()
    text = message(house, victim.address)

    assert is_problem(log_in(house, text, signature(wallet, text)))["code"] == "signature_by_another_key"
    wrong_checksum = victim.address[:2] + victim.address[2:].swapcase()
    text = message(house, wrong_checksum)
    assert is_problem(log_in(house, text, signature(victim, text)))["code"] == "sign_in_malformed"


NO_LOGINS: list[dict[str, Any]] = [
    {},
    {"message": "x"},
    {"message": "x", "signature": "0xgg"},
    {"message": 1, "signature": "0x00"},
    {"message": "x" * 4_001, "signature": "0x00"},
    {"message": "x", "signature": "0x00", "more": 1},
]


@pytest.mark.parametrize("body", NO_LOGINS, ids=lambda body: f"{body}"[:60])
def test_a_body_of_another_shape_is_malformed(house: House, body: dict[str, Any]) -> None:
    answer = house.client.post("/v1/auth/login", json=body)

    assert (answer.status_code, is_problem(answer)["code"]) == (422, "malformed_request")


# -------------------------------------------------------------------- contracts


def test_a_contract_signs_in_by_its_own_rule(house: House) -> None:
    """ERC-1271: the panel takes two of its three members' signatures, in the order of their addresses."""
    panel = house.stack.panel
    text = message(house, panel)
    members = sorted(house.reviewers(), key=lambda member: int(member.address, 16))
    two = "0x" + "".join(signature(member, text)[2:] for member in members[:2])

    for wrong in (signature(members[0], text), "0x" + two[132:] + two[2:132], signature(house.wallet(), text)):
        assert is_problem(log_in(house, text, wrong))["code"] == "signature_by_another_key"
    opened = log_in(house, text, two)

    assert opened.status_code == 200, opened.text
    assert opened.json()["address"] == panel
    assert is_problem(log_in(house, text, two))["code"] == "nonce_unknown"


@pytest.mark.parametrize("which", ["token", "escrow"])
def test_a_contract_that_knows_no_signatures_does_not_sign_in(house: House, which: str) -> None:
    address = getattr(house.stack, which).address
    text = message(house, address)

    assert is_problem(log_in(house, text, signature(house.wallet(), text)))["code"] == "signature_by_another_key"
