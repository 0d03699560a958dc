"""What was sent is followed until it is final, whatever the chain, the node or another user of the key does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from web3 import HTTPProvider, Web3

from backend.relay.sender import SentMeanwhile
from backend.relay.watching import FINAL_BLOCKS
from piecework.chain.escrow import Escrow
from piecework.db.gateway import RelayIntent
from piecework.domain.messages import Verdict
from tests.backend.relay.market import DAY, REWARD_UNITS
from tests.backend.relay.room import Room
from tests.backend.relay.test_sender import queue_settlement
from tests.backend.relay.test_sender_interrupted import make_older, mining_by_hand

AMOUNT_UNITS = 1_000


def ask_mint(room: Room) -> tuple[str, str]:
    """Intent and wallet."""
    wallet = room.market.worker().address
    return room.enqueue("mint", {"to": wallet, "amount_units": str(AMOUNT_UNITS)}), wallet


def send_by_hand(room: Room, signer: Any, nonce: int, call: Any = None) -> Any:
    """A transaction beside the relay, dear enough to come first in its block. Returns its hash."""
    web3 = room.market.stack.web3
    transaction = {
        "to": call.to if call else room.market.worker().address,
        "data": call.data if call else "0x",
        "chainId": web3.eth.chain_id,
        "nonce": nonce,
        "gas": 1_000_000 if call else 21_000,
        "maxFeePerGas": web3.eth.gas_price * 20,
        "maxPriorityFeePerGas": web3.eth.gas_price * 5,
    }
    return web3.eth.send_raw_transaction(signer.sign_transaction(transaction).raw_transaction)


class AnsweringNode(HTTPProvider):
    """The node, but `answer` may speak in its place."""

    def __init__(self, rpc_url: str, answer: Callable[[str, Any], dict[str, Any] | None]) -> None:
        super().__init__(rpc_url)
        self.answer = answer

    def make_request(self, method: Any, params: Any) -> Any:
        return self.answer(method, params) or super().make_request(method, params)

    def make_batch_request(self, batch_requests: Any) -> Any:
        spoken = [self.answer(method, params) for method, params in batch_requests]
        if not any(spoken):
            return super().make_batch_request(batch_requests)
        return [spoken[i] or super(AnsweringNode, self).make_request(*asked) for i, asked in enumerate(batch_requests)]


def room_at(make_room: Callable[..., Room], market: Any, answer: Callable[[str, Any], dict[str, Any] | None]) -> Room:
    web3 = Web3(AnsweringNode(market.stack.rpc_url, answer))
    return make_room(escrow=Escrow(web3, market.stack.escrow.address))


# ------------------------------------------------------------------ who used a nonce


def test_what_lost_its_nonce_to_another_user_of_the_key_goes_under_the_next(room: Room, market: Any) -> None:
    with mining_by_hand(market.stack.web3) as mine:
        asked, wallet = ask_mint(room)
        room.sender.run_once()
        send_by_hand(room, room.relayer, 0)
        mine()
        assert market.stack.token.balance_of(wallet) == 0, "the other transaction was to win"
        market.stack.web3.provider.make_request("evm_setAutomine", [True])
        room.settle_down()

    assert room.intent(asked).status == "confirmed"
    assert market.stack.token.balance_of(wallet) == AMOUNT_UNITS
    assert [row.nonce for row in room.transactions()] == [1]


def test_so_it_is_when_the_other_transaction_is_long_past(room: Room, market: Any) -> None:
    web3 = market.stack.web3
    with mining_by_hand(web3) as mine:
        asked, wallet = ask_mint(room)
        room.sender.run_once()
        send_by_hand(room, room.relayer, 0)
        mine()
    web3.provider.make_request("anvil_mine", [hex(150)])

    room.settle_down()

    assert room.intent(asked).status == "confirmed"
    assert market.stack.token.balance_of(wallet) == AMOUNT_UNITS


def test_a_receipt_that_comes_late_is_not_taken_for_a_lost_nonce(make_room: Callable[..., Room], market: Any) -> None:
    late = {"answers": 5}

    def answer(method: str, _: Any) -> dict[str, Any] | None:
        if method != "eth_getTransactionReceipt" or late["answers"] == 0:
            return None
        late["answers"] -= 1
        return {"jsonrpc": "2.0", "id": 1, "result": None}

    room = room_at(make_room, market, answer)
    asked, wallet = ask_mint(room)
    for _ in range(4):
        assert room.sender.run_once(), "it is still under way"
    assert room.intent(asked).status == "sent"

    room.settle_down()

    assert late["answers"] == 0
    assert room.intent(asked).status == "confirmed"
    assert market.stack.token.balance_of(wallet) == AMOUNT_UNITS
    assert room.mined_nonce() == 1


def test_a_gap_that_a_reorg_left_before_a_waiting_nonce_is_filled(room: Room, market: Any) -> None:
    web3 = market.stack.web3
    web3.eth.wait_for_transaction_receipt(send_by_hand(room, room.relayer, 0))
    asked, wallet = ask_mint(room)
    room.settle_down()
    assert [row.nonce for row in room.transactions()] == [1]
    web3.provider.make_request("anvil_rollback", [2])
    assert room.mined_nonce() == 0
    room.sender.run_once()
    make_older(room, 3_600)

    room.settle_down()

    assert room.intent(asked).status == "confirmed"
    assert market.stack.token.balance_of(wallet) == AMOUNT_UNITS
    assert [row.nonce for row in room.transactions()] == [0, 1]


# ------------------------------------------------------------------------ how deep


def test_a_transaction_is_final_under_enough_blocks_and_one_fewer_is_not_enough(room: Room, market: Any) -> None:
    web3 = market.stack.web3
    ask_mint(room)
    room.settle_down()
    web3.provider.make_request("anvil_mine", [hex(FINAL_BLOCKS - 1)])
    room.sender.run_once()
    assert not room.transactions()[0].is_final

    web3.provider.make_request("anvil_mine", ["0x1"])
    room.sender.run_once()

    assert room.transactions()[0].is_final


def final_rows_looked_for(room: Room, monkeypatch: pytest.MonkeyPatch, watcher: Any) -> int:
    """How often a look at a chain that stands still reads the mined rows."""
    looks, rows = [], watcher._rows

    def counted(session: Any, *wanted: Any) -> Any:
        looks.extend(each for each in wanted if "block_number" in str(each))
        return rows(session, *wanted)

    monkeypatch.setattr(watcher, "_rows", counted)
    room.sender.run_once()
    return len(looks)


def test_mined_rows_are_not_read_again_before_one_can_be_final(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_mint(room)
    room.settle_down()
    room.sender.run_once()

    assert final_rows_looked_for(room, monkeypatch, room.sender._watcher) == 0


def test_reading_them_at_each_look_is_found(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_mint(room)
    room.settle_down()
    room.sender.run_once()
    room.sender._watcher._final_at = None  # the planted bug

    assert final_rows_looked_for(room, monkeypatch, room.sender._watcher) == 1


def test_even_what_is_final_is_sent_again_when_its_nonce_is_free_again(room: Room, market: Any) -> None:
    web3 = market.stack.web3
    asked, wallet = ask_mint(room)
    room.settle_down()
    web3.provider.make_request("anvil_mine", [hex(FINAL_BLOCKS)])
    room.sender.run_once()
    web3.provider.make_request("anvil_rollback", [FINAL_BLOCKS + 1])
    assert room.mined_nonce() == 0

    room.sender.run_once()
    assert room.intent(asked).status == "sent"
    room.settle_down()

    assert market.stack.token.balance_of(wallet) == AMOUNT_UNITS
    assert room.mined_nonce() == 1


# ------------------------------------------------------------------------ reverted


def test_a_settlement_that_another_brought_first_reverts_and_is_told_why(room: Room, market: Any) -> None:
    key, worker, stranger = market.open_batch(3), market.worker(), market.stack.accounts["stranger"]
    market.relayed_by_hand(key, market.claim_and_submit(key, worker))
    settlement = market.settlement(key, 1, [Verdict(worker.address, 0, 1, 0)])
    asked = queue_settlement(room, key, settlement)
    web3 = market.stack.web3
    with mining_by_hand(web3) as mine:
        room.sender.run_once()
        nonce = web3.eth.get_transaction_count(stranger.address)
        send_by_hand(room, stranger, nonce, room.escrow.settle(key, **settlement))
        mine()
        sent = room.transactions()[0].transaction_hash
        assert web3.eth.get_transaction_receipt(sent)["status"] == 0
    room.settle_down()

    assert (room.intent(asked).status, room.intent(asked).error_code) == ("failed", "settlement_not_next")
    assert room.escrow.account(worker.address).owed == REWARD_UNITS
    assert room.mined_nonce() == 1, "it was not worth gas a second time"


def test_a_keepers_wish_that_reverted_is_forgotten_and_may_be_made_again(room: Room, market: Any) -> None:
    key, worker, stranger = market.open_batch(3), market.worker(), market.stack.accounts["stranger"]
    market.relayed_by_hand(key, market.claim_and_submit(key, worker))
    market.stack.travel(DAY + 60)
    wish = {"key": key.to_json(), "worker": worker.address}
    asked = room.enqueue("pay_overdue", wish, dedupe_key="overdue")
    web3 = market.stack.web3
    with mining_by_hand(web3) as mine:
        room.sender.run_once()
        nonce = web3.eth.get_transaction_count(stranger.address)
        send_by_hand(room, stranger, nonce, room.escrow.pay_overdue(key, worker.address))
        mine()
    room.settle_down()

    assert room.mined_nonce() == 1
    assert room.enqueue("pay_overdue", wish, dedupe_key="overdue") != asked
    assert room.escrow.account(worker.address).owed == REWARD_UNITS


# -------------------------------------------------------------- nodes and other owners


@pytest.mark.parametrize("fails", ["for one", "for all"])
def test_an_intent_that_the_node_never_estimates_holds_up_nobody(
    make_room: Callable[..., Room], market: Any, fails: str
) -> None:
    def answer(method: str, params: Any) -> dict[str, Any] | None:
        bad = fails == "for all" or poison.address[2:].lower() in str(params).lower()
        if method != "eth_estimateGas" or not bad:
            return None
        return {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "header not found"}}

    poison = market.worker()
    room = room_at(make_room, market, answer)
    stuck = room.enqueue("mint", {"to": poison.address, "amount_units": "1"})
    others = []
    for _ in range(6):
        others.append(ask_mint(room)[0])
        room.run_until(lambda: fails == "for all" or room.intent(others[-1]).status == "confirmed")
        room.sender.run_once()

    if fails == "for all":
        assert set(room.statuses([stuck, *others])) == {"queued"}, "the node's trouble is not theirs"
    else:
        assert room.statuses(others) == ["confirmed"] * 6
        assert (room.intent(stuck).status, room.intent(stuck).error_code) == ("failed", "node_refused")


def test_two_senders_of_one_round_never_send_an_intent_twice(make_room: Callable[..., Room], market: Any) -> None:
    """No lock keeps them apart here, as when a database server dropped it."""
    first, second = make_room(), make_room()
    asked, wallet = ask_mint(first)
    taken = second.sender._queued()
    first.settle_down()
    second.sender._queued = lambda: taken  # type: ignore[method-assign] - it read before the first one stored

    with pytest.raises(SentMeanwhile):
        second.sender.run_once()

    assert market.stack.token.balance_of(wallet) == AMOUNT_UNITS
    with Session(first.engine) as session:
        assert session.execute(select(RelayIntent.status).where(RelayIntent.intent_id == asked)).scalar_one() == (
            "confirmed"
        )
    assert first.mined_nonce() == 1


# ----------------------------------------------------------------- packets of one number


def test_of_packets_with_one_number_the_one_that_came_in_time_applies_and_the_others_are_skipped(
    room: Room, market: Any
) -> None:
    key, worker = market.open_batch(9), market.worker()
    early = room.queue_packet(key, market.claim(key, worker, 1, sequence=2))
    both = room.queue_packet(key, market.claim_and_submit(key, worker))
    again = room.queue_packet(key, market.claim(key, worker, 2, sequence=2))
    late = room.queue_packet(key, market.claim(key, worker, 3, sequence=2))

    room.settle_down()

    assert room.statuses([early, both, again, late]) == ["skipped", "confirmed", "confirmed", "skipped"]
    assert {room.intent(each).error_code for each in (early, late)} == {"sequence_not_next"}
    assert room.escrow.tally(market.batch_id(key), worker.address).claimed == 2
