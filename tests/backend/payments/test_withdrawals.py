"""Money leaves by a signature of its owner alone, to where that signature says."""

from __future__ import annotations

from typing import Any

import pytest

from piecework.domain.messages import Verdict, sweep_setting, withdrawal
from tests.backend.payments.gateway import EXPLORER_URL, Gateway
from tests.backend.relay.market import HOUR, REWARD_UNITS, signed


@pytest.fixture
def earner(gateway: Gateway) -> Any:
    """A worker without gas that is owed two rewards, in chain and mirror."""
    return earning(gateway, 2)


def earning(gateway: Gateway, count: int) -> Any:
    market, worker = gateway.market, gateway.market.worker()
    key = market.open_batch(count)
    market.relayed_by_hand(key, market.claim_and_submit(key, worker, count))
    settlement = market.settlement(key, 1, [Verdict(worker.address, 0, count, 0)])
    market.stack.send(market.stack.accounts["stranger"], market.stack.escrow.settle(key, **settlement))
    owed = str(count * REWARD_UNITS)
    gateway.until(f"/v1/accounts/{worker.address}", lambda found: found["owed_units"] == owed)
    return worker


def signed_withdrawal(gateway: Gateway, account: Any, signer: Any = None, **changes: Any) -> dict[str, Any]:
    wish = {
        "account": account.address,
        "amount_units": REWARD_UNITS,
        "to": account.address,
        "nonce": gateway.market.stack.escrow.account(account.address).nonce,
        "deadline": gateway.market.now + HOUR,
    } | changes
    signature = signed(signer or account, withdrawal(gateway.market.stack.escrow.domain, **wish))
    return wish | {"amount_units": str(wish["amount_units"]), "signature": signature}


def test_a_drafted_withdrawal_signed_and_posted_pays_a_worker_without_gas(gateway: Gateway, earner: Any) -> None:
    stack, token = gateway.market.stack, gateway.sign_in(earner)
    draft = gateway.post("/v1/withdrawals/draft", {"amount_units": "all"}, status=200, token=token)
    assert (draft["amount_units"], draft["to"], draft["nonce"]) == (str(2 * REWARD_UNITS), earner.address, 0)

    body = {name: draft[name] for name in ("account", "amount_units", "to", "nonce", "deadline")}
    posted = gateway.post("/v1/withdrawals", body | {"signature": signed(earner, draft["typed_data"])})

    intent = gateway.finished(posted["intent_id"])
    assert (intent["kind"], intent["status"], intent["error"]) == ("withdraw", "confirmed", None)
    assert intent["explorer_url"] == f"{EXPLORER_URL}/tx/{intent['transaction_hash']}"
    assert stack.token.balance_of(earner.address) == 2 * REWARD_UNITS
    assert stack.web3.eth.get_balance(earner.address) == 0
    path = f"/v1/accounts/{earner.address}"
    gateway.until(path, lambda found: found["owed_units"] == "0")
    listed = gateway.get(path + "/withdrawals")["items"]
    assert [(item["amount_units"], item["to"]) for item in listed] == [(str(2 * REWARD_UNITS), earner.address)]
    assert listed[0]["transaction_hash"] == intent["transaction_hash"]
    assert listed[0]["explorer_url"] == intent["explorer_url"]


def test_a_part_can_go_to_another_address(gateway: Gateway, earner: Any) -> None:
    token, friend = gateway.sign_in(earner), gateway.market.worker().address
    wanted = {"amount_units": 5, "to": friend}
    draft = gateway.post("/v1/withdrawals/draft", wanted, status=200, token=token)
    body = {name: draft[name] for name in ("account", "amount_units", "to", "nonce", "deadline")}

    posted = gateway.post("/v1/withdrawals", body | {"signature": signed(earner, draft["typed_data"])})

    assert gateway.finished(posted["intent_id"])["status"] == "confirmed"
    assert gateway.market.stack.token.balance_of(friend) == 5


def test_posting_the_same_withdrawal_twice_pays_once(gateway: Gateway, earner: Any) -> None:
    body = signed_withdrawal(gateway, earner)
    first = gateway.client.post("/v1/withdrawals", json=body).json()["intent_id"]
    gateway.finished(first)

    second = gateway.client.post("/v1/withdrawals", json=body)

    assert second.status_code in (202, 409)
    if second.status_code == 202:
        assert second.json()["intent_id"] == first
    else:
        assert second.json()["code"] == "nonce_not_next"
    assert gateway.market.stack.token.balance_of(earner.address) == REWARD_UNITS


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"amount_units": 0}, 422, "amount_zero"),
    ({"amount_units": 2 * REWARD_UNITS + 1}, 409, "more_than_owed"),
    ({"nonce": 1}, 409, "nonce_not_next"),
    ({"deadline": 1}, 422, "signature_expired"),
    ({"to": "0x" + "00" * 20}, 422, "recipient_invalid"),
    ({"to": "escrow"}, 422, "recipient_invalid"),
]


@pytest.mark.parametrize(("changes", "status", "code"), REFUSED)
def test_a_withdrawal_that_cannot_be_is_refused_by_name_and_changes_nothing(
    gateway: Gateway, earner: Any, changes: dict[str, Any], status: int, code: str
) -> None:
    if changes.get("to") == "escrow":
        changes = {"to": gateway.market.stack.escrow.address}

    problem = gateway.post("/v1/withdrawals", signed_withdrawal(gateway, earner, **changes), status=status)

    assert problem["code"] == code
    assert problem["type"].endswith(code)
    assert problem["detail"]
    assert gateway.market.stack.escrow.account(earner.address).owed == 2 * REWARD_UNITS


@pytest.mark.parametrize("changed", ["amount_units", "to", "deadline", "signer", "chain"])
def test_a_signature_of_something_else_is_refused(gateway: Gateway, earner: Any, changed: str) -> None:
    stranger = gateway.market.worker()
    body = signed_withdrawal(gateway, earner)
    if changed == "amount_units":
        body["amount_units"] = str(REWARD_UNITS + 1)
    elif changed == "to":
        body["to"] = stranger.address
    elif changed == "deadline":
        body["deadline"] += 1
    elif changed == "signer":
        body = signed_withdrawal(gateway, earner, signer=stranger)
    else:
        from dataclasses import replace

        wish = {name: body[name] for name in ("account", "to", "nonce", "deadline")}
        domain = replace(gateway.market.stack.escrow.domain, chain_id=1)
        body["signature"] = signed(earner, withdrawal(domain, amount_units=REWARD_UNITS, **wish))

    problem = gateway.post("/v1/withdrawals", body, status=422)

    assert problem["code"] == "signature_by_another_key"
    assert gateway.market.stack.token.balance_of(stranger.address) == 0


MALFORMED: list[dict[str, Any]] = [
    {"amount_units": "-1"},
    {"amount_units": 1.5},
    {"amount_units": "1e3"},
    {"amount_units": True},
    {"amount_units": str(2**96)},
    {"signature": "0xzz"},
    {"signature": ""},
    {"to": "0x1234"},
    {"nonce": "x"},
    {"surprise": 1},
    {"account": None},
]


@pytest.mark.parametrize("changes", MALFORMED, ids=lambda changes: f"{changes}")
def test_a_malformed_withdrawal_is_refused_as_such(gateway: Gateway, earner: Any, changes: dict[str, Any]) -> None:
    problem = gateway.post("/v1/withdrawals", signed_withdrawal(gateway, earner) | changes, status=422)

    assert problem["code"] == "malformed_request"
    assert next(iter(changes)) in problem["detail"]


@pytest.mark.parametrize("deadline", [2**64, pytest.param(2**256, id="beyond a word"), -1])
def test_a_deadline_beyond_all_time_is_refused_and_no_crash(gateway: Gateway, earner: Any, deadline: int) -> None:
    body = signed_withdrawal(gateway, earner) | {"deadline": deadline}

    answer = gateway.client.post("/v1/withdrawals", json=body)

    assert answer.status_code == 422, answer.text


def test_a_draft_needs_a_session(gateway: Gateway) -> None:
    assert gateway.post("/v1/withdrawals/draft", {}, status=401)["code"] == "not_signed_in"
    assert gateway.post("/v1/sweeps/draft", {}, status=401)["code"] == "not_signed_in"


def test_a_draft_of_more_than_is_owed_or_of_nothing_is_refused(gateway: Gateway, earner: Any) -> None:
    token = gateway.sign_in(earner)
    too_much = {"amount_units": str(2 * REWARD_UNITS + 1)}

    problem = gateway.post("/v1/withdrawals/draft", too_much, status=409, token=token)
    assert (problem["code"], problem["owed_units"]) == ("more_than_owed", str(2 * REWARD_UNITS))
    assert gateway.post("/v1/withdrawals/draft", {"amount_units": 0}, status=422, token=token)["code"] == "amount_zero"
    poor = gateway.sign_in(gateway.market.worker())
    assert gateway.post("/v1/withdrawals/draft", {}, status=422, token=poor)["code"] == "amount_zero"


# ------------------------------------------------------------------------- sweeps


def test_an_account_that_switches_sweeping_on_is_paid_without_asking(gateway: Gateway, earner: Any) -> None:
    token = gateway.sign_in(earner)
    draft = gateway.post("/v1/sweeps/draft", {"enabled": True}, status=200, token=token)
    body = {name: draft[name] for name in ("account", "enabled", "nonce", "deadline")}

    posted = gateway.post("/v1/sweeps", body | {"signature": signed(earner, draft["typed_data"])})

    assert gateway.finished(posted["intent_id"])["status"] == "confirmed"
    path = f"/v1/accounts/{earner.address}"
    found = gateway.until(path, lambda found: found["sweep"] and found["owed_units"] == "0")
    assert found["address"] == earner.address
    assert gateway.market.stack.token.balance_of(earner.address) == 2 * REWARD_UNITS
    assert gateway.market.stack.web3.eth.get_balance(earner.address) == 0


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"nonce": 3}, 409, "nonce_not_next"),
        ({"deadline": 1}, 422, "signature_expired"),
        ({"enabled": False}, 422, "signature_by_another_key"),
    ],
)
def test_a_sweep_setting_that_cannot_be_is_refused_by_name(
    gateway: Gateway, changes: dict[str, Any], status: int, code: str
) -> None:
    account, escrow = gateway.market.worker(), gateway.market.stack.escrow
    wish = {"account": account.address, "enabled": True, "nonce": 0, "deadline": gateway.market.now + HOUR}
    to_sign = wish | {name: value for name, value in changes.items() if name != "enabled"}
    body = wish | changes | {"signature": signed(account, sweep_setting(escrow.domain, **to_sign))}

    assert gateway.post("/v1/sweeps", body, status=status)["code"] == code
    assert not escrow.account(account.address).sweep
