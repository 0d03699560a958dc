"""What was paid to whom, for what and in which transaction; and the faucet of development chains."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from piecework.domain.messages import Verdict
from tests.backend.payments.gateway import EXPLORER_URL, Gateway, running_gateway
from tests.backend.relay.market import DAY, OPERATOR_FEE_UNITS, REWARD_UNITS


@pytest.fixture(scope="module")
def history(gateway: Gateway) -> Any:
    """A worker with seven payments in seven batches: six reviewed with a rejection beside, one by silence."""
    market, worker = gateway.market, gateway.market.worker()
    stranger = market.stack.accounts["stranger"]
    for _ in range(6):
        key = market.open_batch(3)
        market.relayed_by_hand(key, market.claim_and_submit(key, worker, 3))
        verdicts = [Verdict(worker.address, 0, 2, 1)]
        market.stack.send(stranger, market.stack.escrow.settle(key, **market.settlement(key, 1, verdicts)))
    key = market.open_batch(1)
    market.relayed_by_hand(key, market.claim_and_submit(key, worker, 1))
    market.stack.travel(DAY + 1)
    path = f"/v1/accounts/{worker.address}"
    gateway.until(path, lambda found: found["owed_units"] == str(13 * REWARD_UNITS))
    return worker


def test_an_address_that_never_acted_has_zeros(gateway: Gateway) -> None:
    address = gateway.market.worker().address

    found = gateway.get(f"/v1/accounts/{address}")

    assert (found["address"], found["owed_units"], found["accepted"], found["sweep"]) == (address, "0", 0, False)
    assert found["as_requester"]["batches"] == 0
    assert gateway.get(f"/v1/accounts/{address}/payments") == {"items": [], "next_cursor": None}
    assert gateway.get(f"/v1/accounts/{address}/withdrawals")["items"] == []


def test_a_lower_case_address_is_taken_and_a_wrong_checksum_is_not(gateway: Gateway, history: Any) -> None:
    address = history.address
    assert gateway.get(f"/v1/accounts/{address.lower()}")["address"] == address

    wrong = address[:-1] + address[-1].swapcase() if address[-1].isalpha() else "0x" + address[2:].swapcase()
    assert gateway.get(f"/v1/accounts/{wrong}", status=422)["code"] == "malformed_request"
    assert gateway.get("/v1/accounts/0x12", status=422)["code"] == "malformed_request"


def test_silence_raises_no_record_and_reviewed_work_does(gateway: Gateway, history: Any) -> None:
    found = gateway.get(f"/v1/accounts/{history.address}")

    assert (found["accepted"], found["rejected"], found["contested"]) == (12, 6, 0)
    assert found["owed_units"] == str(13 * REWARD_UNITS)


def test_each_payment_names_its_batch_reason_and_transaction(gateway: Gateway, history: Any) -> None:
    items = gateway.get(f"/v1/accounts/{history.address}/payments")["items"]

    assert [item["reason"] for item in items] == ["silence"] + ["reviewed"] * 6
    assert [item["amount_units"] for item in items] == [str(REWARD_UNITS)] + [str(2 * REWARD_UNITS)] * 6
    assert [item["assignments"] for item in items] == [1] + [2] * 6
    assert len({item["batch_id"] for item in items}) == 7
    web3 = gateway.market.stack.web3
    for item in items:
        receipt = web3.eth.get_transaction_receipt(item["transaction_hash"])
        assert receipt["status"] == 1
        assert receipt["blockNumber"] == item["block_number"]
        assert web3.eth.get_block(item["block_number"])["timestamp"] == item["block_timestamp"]
        assert item["explorer_url"] == f"{EXPLORER_URL}/tx/{item['transaction_hash']}"
        assert item["worker"] == history.address


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_pages_together_give_every_payment_once_newest_first(gateway: Gateway, history: Any, limit: int) -> None:
    path, seen, cursor = f"/v1/accounts/{history.address}/payments", [], None
    for _ in range(20):
        page = gateway.get(path, limit=limit, **({"cursor": cursor} if cursor else {}))
        assert len(page["items"]) <= limit
        seen += [(item["block_number"], item["log_index"]) for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert cursor is None
    assert len(seen) == 7
    assert seen == sorted(set(seen), reverse=True)


def cursor_of(*key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        *("x", "!!", "é", "W1t" * 100, cursor_of(), cursor_of(1), cursor_of("a", "b"), cursor_of(1, 2, 3)),
        cursor_of(True, 0),
        pytest.param(cursor_of(2**63, 0), id="beyond 64 bits"),
        pytest.param(cursor_of(-1, 0), id="below zero"),
    ],
)
def test_a_cursor_of_ones_own_making_is_refused(gateway: Gateway, history: Any, cursor: str) -> None:
    found = gateway.get(f"/v1/accounts/{history.address}/payments", status=422, cursor=cursor)

    assert found["code"] == "cursor_invalid"


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x"])
def test_a_limit_outside_its_range_is_refused(gateway: Gateway, history: Any, limit: str) -> None:
    found = gateway.get(f"/v1/accounts/{history.address}/payments", status=422, limit=limit)

    assert found["code"] == "malformed_request"


def test_a_requesters_account_counts_its_batches(gateway: Gateway, history: Any) -> None:
    requester = gateway.market.stack.accounts["requester"].address

    found = gateway.get(f"/v1/accounts/{requester}")

    record = found["as_requester"]
    assert record["batches"] >= 7
    assert record["funded"] >= 19
    assert record["rejected"] >= 6
    assert record["accepted"] >= 13
    assert int(found["owed_units"]) >= OPERATOR_FEE_UNITS, "silence gave the operator's fee back"


def test_an_unknown_intent_is_not_found(gateway: Gateway) -> None:
    assert gateway.get("/v1/intents/nothing", status=404)["code"] == "intent_unknown"


# ------------------------------------------------------------------------- faucet


def test_the_faucet_gives_tokens_and_gas_if_asked(gateway: Gateway) -> None:
    stack, wallet = gateway.market.stack, gateway.market.worker().address
    body = {"address": wallet, "amount_units": "700", "native": True}

    intents = gateway.post("/v1/faucet", body)["intent_ids"]

    assert [gateway.finished(intent)["status"] for intent in intents] == ["confirmed", "confirmed"]
    assert stack.token.balance_of(wallet) == 700
    assert stack.web3.eth.get_balance(wallet) == 10**18


def test_the_faucet_gives_no_gas_unasked(gateway: Gateway) -> None:
    stack, wallet = gateway.market.stack, gateway.market.worker().address

    intents = gateway.post("/v1/faucet", {"address": wallet, "amount_units": 700})["intent_ids"]

    assert [gateway.finished(intent)["kind"] for intent in intents] == ["mint"]
    assert stack.web3.eth.get_balance(wallet) == 0


def test_the_same_idempotency_key_gives_once(gateway: Gateway) -> None:
    wallet = gateway.market.worker().address
    body, headers = {"address": wallet, "amount_units": 9}, {"idempotency-key": f"first of {wallet}"}

    answers = [gateway.client.post("/v1/faucet", json=body, headers=headers).json() for _ in range(3)]

    assert answers[0] == answers[1] == answers[2]
    gateway.finished(answers[0]["intent_ids"][0])
    assert gateway.market.stack.token.balance_of(wallet) == 9


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"amount_units": 0}, "amount_zero"),
        ({"amount_units": 10**9 + 1}, "amount_too_large"),
        ({"amount_units": -1}, "malformed_request"),
        ({"amount_units": 5, "colour": "red"}, "malformed_request"),
        ({"amount_units": 5, "address": "0x12"}, "malformed_request"),
    ],
)
def test_the_faucet_refuses_by_name(gateway: Gateway, body: dict[str, Any], code: str) -> None:
    wallet = gateway.market.worker().address

    assert gateway.post("/v1/faucet", {"address": wallet} | body, status=422)["code"] == code


@pytest.fixture(scope="module")
def real_money(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway on a chain that is no development chain."""
    from piecework.chain.anvil import start_anvil
    from piecework.chain.client import connect
    from tests.conftest import ROOT, deploy_stack

    folder: Path = tmp_path_factory.mktemp("real")
    process = start_anvil(ROOT, extra=("--chain-id", "8453"))
    try:
        stack = deploy_stack(process.rpc_url, connect(process.rpc_url))
        with running_gateway(stack, folder) as found:
            yield found
    finally:
        process.stop()


def test_where_money_is_real_there_is_no_faucet(real_money: Gateway) -> None:
    body = {"address": real_money.market.worker().address, "amount_units": 5, "native": True}

    assert real_money.post("/v1/faucet", body, status=404)["code"] == "faucet_absent"
