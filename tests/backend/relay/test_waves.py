"""What does not touch is estimated, stored and sent together; what does touch goes one after the other."""

from __future__ import annotations

from typing import Any

import pytest

from backend.relay import waves as waves_module
from backend.relay.chainview import receipt_of
from backend.relay.outcomes import plain_log
from backend.relay.waves import waves
from piecework.chain.client import connect
from piecework.chain.escrow import Escrow
from piecework.db.gateway import RelayIntent
from piecework.domain.messages import Verdict
from tests.backend.relay.lossy import lossy_node
from tests.backend.relay.room import Room
from tests.backend.relay.test_sender import queue_settlement

COUNT = 6


def intent(kind: str, salt: int | None = None, **payload: Any) -> RelayIntent:
    key = {} if salt is None else {"key": {"requester": "0xAB", "salt": hex(salt), "terms": {}}}
    return RelayIntent(kind=kind, payload=key | payload)


def sizes(*intents: RelayIntent) -> list[int]:
    return [len(wave) for wave in waves(intents)]


def test_settlements_of_different_batches_go_together_and_of_one_batch_apart() -> None:
    assert sizes(*(intent("settle", salt) for salt in range(4))) == [4]
    assert sizes(intent("settle", 1), intent("settle", 2), intent("settle", 1), intent("settle", 3)) == [2, 2]


def test_different_kinds_keep_their_order() -> None:
    asked = [intent("settle", 1), intent("refund", 2), intent("settle", 3), intent("settle", 4)]
    assert [each for wave in waves(asked) for each in wave] == asked
    assert sizes(*asked) == [1, 1, 2]


def test_workers_of_one_batch_are_paid_together() -> None:
    assert sizes(*(intent("pay_overdue", 1, worker=f"0x{number}") for number in range(3))) == [3]
    assert sizes(*(intent("pay_overdue", 1, worker="0xa") for _ in range(2))) == [1, 1]


@pytest.mark.parametrize("kind", ["withdraw", "sweep", "mint", "fund", "set_sweep", "rule_overdue", "grant_credential"])
def test_what_shares_an_account_or_says_no_batch_is_alone(kind: str) -> None:
    assert sizes(intent(kind), intent(kind), intent("settle", 1), intent(kind)) == [1, 1, 1, 1]


def test_what_is_no_payload_is_alone() -> None:
    assert sizes(RelayIntent(kind="settle", payload={"key": 7}), intent("settle", 1)) == [1, 1]


def test_no_wave_is_larger_than_a_request() -> None:
    assert sizes(*(intent("settle", salt) for salt in range(250))) == [100, 100, 50]


# --------------------------------------------------------------------- on a chain


def settlements(room: Room, market: Any, batches: int, of_each: int = 1) -> list[str]:
    """Queues them batch after batch, and after all the first ones the second."""
    keys = [market.open_batch(of_each) for _ in range(batches)]
    asked = []
    for nonce in range(1, of_each + 1):
        for key in keys:
            worker = market.worker()
            market.relayed_by_hand(key, market.claim_and_submit(key, worker))
            asked.append(queue_settlement(room, key, market.settlement(key, nonce, [Verdict(worker.address, 0, 1, 0)])))
    return asked


def test_many_settlements_take_one_request_to_estimate_and_one_to_send(make_room: Any, market: Any) -> None:
    with lossy_node(market.stack.rpc_url, lambda *_: "answer") as node:
        room = make_room(escrow=Escrow(connect(node.rpc_url), market.stack.escrow.address))
        asked = settlements(room, market, COUNT)
        node.seen.clear()

        room.settle_down()

    assert room.statuses(asked) == ["confirmed"] * COUNT
    assert [row.nonce for row in room.transactions()] == list(range(COUNT))
    once = ("eth_estimateGas", "eth_sendRawTransaction", "eth_getTransactionReceipt")
    assert [node.seen[name] for name in once] == [1, 1, 1]


def in_turn(room: Room, market: Any) -> None:
    asked = settlements(room, market, 2, of_each=2)
    room.settle_down()
    assert room.statuses(asked) == ["confirmed"] * 4, "one was asked about as if the one before had not happened"


def test_two_settlements_of_one_batch_that_wait_together_both_count(room: Room, market: Any) -> None:
    in_turn(room, market)


def test_with_all_of_them_planted_as_apart_the_second_is_refused(
    room: Room, market: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waves_module, "_subject", id)
    with pytest.raises(AssertionError, match="had not happened"):
        in_turn(room, market)


def test_one_that_the_contract_refuses_leaves_the_others_of_its_wave(room: Room, market: Any) -> None:
    asked = settlements(room, market, 3)
    key, worker = market.open_batch(1), market.worker()
    market.relayed_by_hand(key, market.claim_and_submit(key, worker))
    ahead = queue_settlement(room, key, market.settlement(key, 2, [Verdict(worker.address, 0, 1, 0)]))
    broken = room.enqueue("settle", {"key": key.to_json() | {"salt": "0x00"}})

    room.settle_down()

    assert room.statuses([*asked, ahead, broken]) == ["confirmed"] * 3 + ["failed"] * 2
    assert room.intent(ahead).error_code == "settlement_not_next"
    assert [row.nonce for row in room.transactions()] == [0, 1, 2]


def test_a_receipt_from_a_list_is_read_as_web3_reads_it(room: Room, market: Any) -> None:
    asked = settlements(room, market, 1)
    room.settle_down()
    web3, name = market.stack.web3, room.intent(asked[0]).transaction_hash
    known = web3.eth.get_transaction_receipt(name)

    found = receipt_of(web3.provider.make_request("eth_getTransactionReceipt", [name])["result"])

    assert {field: known[field] for field in found if field != "logs"} == {
        field: value for field, value in found.items() if field != "logs"
    }
    assert [plain_log(entry) for entry in found["logs"]] == [plain_log(entry) for entry in known["logs"]]
    assert len(found["logs"]) > 2
