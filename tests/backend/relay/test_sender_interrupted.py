"""Killed, cut off, reorganised or stuck: nothing takes effect twice and no nonce is left out."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from piecework.chain.client import connect
from piecework.chain.escrow import Escrow
from piecework.db.engine import write_engine
from piecework.db.gateway import RelayTransaction
from tests.backend.relay.lossy import Fate, lossy_node
from tests.backend.relay.room import Room
from tests.backend.relay.running import place_of, start

AMOUNT_UNITS = 1_000
ASSIGNMENTS = 200
"""In the batch of the wishes, each of which claims one: a claim more would be skipped by the contract."""


class Wishes:
    """Wishes whose effects can be counted: claims, each of a new worker, and mints, each to a new wallet."""

    def __init__(self, room: Room, assignments: int = ASSIGNMENTS) -> None:
        self.room = room
        self.market = room.market
        self.key = self.market.open_batch(assignments)
        self.workers: list[Any] = []
        self.wallets: list[Any] = []
        self.intents: list[str] = []

    def ask(self, claims: int = 4, mints: int = 1) -> None:
        for _ in range(claims):
            worker = self.market.worker()
            self.workers.append(worker)
            self.intents.append(self.room.queue_packet(self.key, self.market.claim(self.key, worker)))
        for _ in range(mints):
            wallet = self.market.worker()
            self.wallets.append(wallet)
            payload = {"to": wallet.address, "amount_units": str(AMOUNT_UNITS)}
            self.intents.append(self.room.enqueue("mint", payload))

    def are_done(self) -> bool:
        return not self.room.open_intents()

    def check(self) -> None:
        """Each wish took effect exactly once, and the nonces have no gap."""
        stack, batch_id = self.market.stack, self.market.batch_id(self.key)
        assert self.room.statuses(self.intents) == ["confirmed"] * len(self.intents)
        tallies = [stack.escrow.tally(batch_id, worker.address) for worker in self.workers]
        assert [(tally.claimed, tally.sequence) for tally in tallies] == [(1, 1)] * len(tallies)
        balances = [stack.token.balance_of(wallet.address) for wallet in self.wallets]
        assert balances == [AMOUNT_UNITS] * len(balances)
        rows = self.room.transactions()
        assert [row.nonce for row in rows] == list(range(self.room.mined_nonce()))
        assert {row.status for row in rows} == {"mined"}


@pytest.fixture
def wishes(room: Room) -> Wishes:
    return Wishes(room)


@contextmanager
def mining_by_hand(web3: Any) -> Iterator[Callable[[], None]]:
    """Transactions wait until the given function is called."""
    web3.provider.make_request("evm_setAutomine", [False])
    try:
        yield lambda: web3.provider.make_request("evm_mine", [])
    finally:
        web3.provider.make_request("evm_setAutomine", [True])
        web3.provider.make_request("evm_mine", [])


def make_older(room: Room, seconds: float) -> None:
    """Stored transactions look as if they had been sent that much earlier."""
    with Session(write_engine(room.engine)) as session, session.begin():
        session.execute(update(RelayTransaction).values(sent_at=RelayTransaction.sent_at - seconds))


def settle_through_losses(room: Room, seconds: float = 30.0) -> int:
    """Rounds as the relay's thread makes them: a failure is tried again. Returns how many failed."""
    failed, deadline = 0, time.monotonic() + seconds
    while room.open_intents():
        assert time.monotonic() < deadline, f"not done after {seconds:.0f} s"
        try:
            room.sender.run_once()
        except OSError:
            failed += 1
    return failed


# ------------------------------------------------------------------------- killed

KILL_POINTS: list[tuple[str, int, Fate]] = [
    ("eth_estimateGas", 1, "lose_request"),
    ("eth_estimateGas", 2, "lose_reply"),
    ("eth_sendRawTransaction", 1, "lose_request"),
    ("eth_sendRawTransaction", 1, "lose_reply"),
    ("eth_sendRawTransaction", 2, "lose_request"),
    ("eth_sendRawTransaction", 2, "lose_reply"),
    ("eth_getTransactionReceipt", 1, "lose_request"),
    ("eth_getTransactionReceipt", 2, "lose_reply"),
    ("eth_getTransactionCount", 3, "lose_reply"),
]
"""Where the process is killed: at the n-th call of a method, before or after the node has it."""


def test_a_process_killed_at_each_kind_of_call_leaves_no_gap_and_no_double(
    wishes: Wishes, room: Room, tmp_path: Path
) -> None:
    reached = []
    for method, number, fate in KILL_POINTS:
        wishes.ask()
        killed_here = f"{method} {number} {fate}"

        def judge(asked: str, count: int, *, at: tuple[str, int, Fate] = (method, number, fate)) -> Fate:
            return at[2] if (asked, count) == at[:2] else "answer"

        with lossy_node(wishes.market.stack.rpc_url, judge) as node:
            process = start(place_of(room, node.rpc_url, tmp_path / "gateway.db"))
            node.on_lost = process.kill
            process.join(timeout=40)
            assert process.exitcode == -9, f"{killed_here} was never reached: {node.seen}"
            reached.append(killed_here)

    room.restart()
    room.settle_down()

    assert len(reached) == len(KILL_POINTS)
    wishes.check()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_process_killed_at_random_moments_leaves_no_gap_and_no_double(
    wishes: Wishes, room: Room, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    left_behind = 0
    for _ in range(8):
        mined_before = room.mined_nonce()
        process = start(place_of(room, wishes.market.stack.rpc_url, tmp_path / "gateway.db"))
        moment = time.monotonic() + dice.uniform(0.3, 2.0)
        while time.monotonic() < moment:
            claims = min(dice.randint(0, 2), ASSIGNMENTS - len(wishes.workers))
            wishes.ask(claims, mints=dice.randint(0, 2))
            time.sleep(dice.uniform(0, 0.05))
        process.kill()
        process.join()
        left_behind += bool(room.open_intents())
        assert room.mined_nonce() >= mined_before
        if len(wishes.workers) > 150:
            break

    room.restart()
    room.settle_down(seconds=60)

    assert left_behind > 0, "no kill came in the middle of anything"
    wishes.check()


# ------------------------------------------------------------------------ cut off


def lossy_room(make_room: Callable[..., Room], rpc_url: str) -> Room:
    plain = make_room()
    web3 = connect(rpc_url)
    return make_room(escrow=Escrow(web3, plain.escrow.address))


@pytest.mark.parametrize("fate", ["lose_reply", "lose_request"])
def test_one_call_in_three_is_lost_and_all_is_done_once(
    make_room: Callable[..., Room], market: Any, fate: Fate
) -> None:
    dice = random.Random(3)

    def judge(method: str, _: int) -> Fate:
        return fate if method != "eth_chainId" and dice.random() < 0.35 else "answer"

    with lossy_node(market.stack.rpc_url, judge) as node:
        room = lossy_room(make_room, node.rpc_url)
        wishes = Wishes(room)
        failed = 0
        for _ in range(6):
            wishes.ask()
            failed += settle_through_losses(room)

        assert failed > 3
        assert node.lost["eth_sendRawTransaction"] > 0
        wishes.check()


def test_the_reply_to_every_first_broadcast_is_lost_and_all_is_done_once(
    make_room: Callable[..., Room], market: Any
) -> None:
    def judge(method: str, count: int) -> Fate:
        return "lose_reply" if method == "eth_sendRawTransaction" and count % 2 == 1 else "answer"

    with lossy_node(market.stack.rpc_url, judge) as node:
        room = lossy_room(make_room, node.rpc_url)
        wishes = Wishes(room)
        for _ in range(4):
            wishes.ask()
            settle_through_losses(room)

        assert node.lost["eth_sendRawTransaction"] >= 4
        wishes.check()


def test_a_node_that_is_away_for_a_while_changes_nothing(make_room: Callable[..., Room], market: Any) -> None:
    away = {"now": False}
    with lossy_node(market.stack.rpc_url, lambda *_: "lose_request" if away["now"] else "answer") as node:
        room = lossy_room(make_room, node.rpc_url)
        wishes = Wishes(room)
        wishes.ask()
        away["now"] = True
        for _ in range(3):
            with pytest.raises(OSError):
                room.sender.run_once()
        assert set(room.statuses(wishes.intents)) == {"queued"}
        away["now"] = False

        settle_through_losses(room)

        wishes.check()


# ------------------------------------------------------------ the chain goes back


@pytest.mark.parametrize("method", ["anvil_reorg", "anvil_rollback"])
def test_transactions_that_a_reorg_took_back_are_sent_again(wishes: Wishes, room: Room, method: str) -> None:
    web3 = room.market.stack.web3
    wishes.ask(claims=3, mints=2)
    room.settle_down()
    depth = web3.eth.block_number - min(row.block_number or 0 for row in room.transactions()) + 1
    assert depth >= 3

    answer = web3.provider.make_request(method, [depth, []] if method == "anvil_reorg" else [depth])
    assert "error" not in answer, answer
    assert room.mined_nonce() == 0, "the reorg took nothing back"
    room.sender.run_once()
    room.settle_down()

    wishes.check()


def test_a_reorg_between_sending_and_looking_is_noticed(wishes: Wishes, room: Room) -> None:
    web3 = room.market.stack.web3
    wishes.ask(claims=2, mints=1)
    room.sender.run_once()
    assert set(room.statuses(wishes.intents)) == {"sent"}
    web3.provider.make_request("anvil_rollback", [room.mined_nonce()])
    assert room.mined_nonce() == 0

    room.settle_down()

    wishes.check()


def test_a_reorg_that_turns_a_claim_into_a_refused_one_is_told(room: Room, market: Any) -> None:
    web3, key = market.stack.web3, market.open_batch(1)
    winner, loser = market.worker(), market.worker()
    intent_id = room.queue_packet(key, market.claim(key, loser))
    room.settle_down()
    assert room.intent(intent_id).status == "confirmed"
    raw = room.transactions()[0].raw
    stranger = market.stack.accounts["stranger"]
    call = room.escrow.relay([key], [market.claim(key, winner)])
    rival = stranger.sign_transaction(
        {
            "to": call.to,
            "data": call.data,
            "chainId": web3.eth.chain_id,
            "nonce": web3.eth.get_transaction_count(stranger.address),
            "gas": 500_000,
            "maxFeePerGas": web3.eth.gas_price * 3,
            "maxPriorityFeePerGas": 1,
        }
    )
    web3.provider.make_request("evm_mine", [])
    pairs = [["0x" + bytes(rival.raw_transaction).hex(), 0], [raw, 1]]
    answer = web3.provider.make_request("anvil_reorg", [2, pairs])
    assert "error" not in answer, answer
    assert room.escrow.tally(market.batch_id(key), winner.address).claimed == 1
    assert room.mined_nonce() == 1

    deadline = time.monotonic() + 3
    while room.intent(intent_id).status == "confirmed" and time.monotonic() < deadline:
        room.sender.run_once()

    assert (room.intent(intent_id).status, room.intent(intent_id).error_code) == ("skipped", "not_enough_free")


def test_a_node_that_restarts_with_older_state_gets_what_it_forgot(tmp_path: Path) -> None:
    from eth_account import Account
    from sqlalchemy.orm import close_all_sessions

    from piecework.chain.anvil import start_anvil
    from piecework.db.engine import open_engine, upgrade
    from tests.backend.relay.market import Market
    from tests.conftest import ROOT, deploy_stack

    engine = open_engine(f"sqlite:///{tmp_path / 'gateway.db'}")
    upgrade(engine)
    saved = tmp_path / "chain.json"
    first = start_anvil(ROOT, state_file=saved)
    try:
        web3 = connect(first.rpc_url)
        market = Market(deploy_stack(first.rpc_url, web3))
        relayer = Account.create()
        web3.provider.make_request("anvil_setBalance", [relayer.address, hex(10**20)])
        room = Room(market, engine, market.stack.escrow, relayer)
        wishes = Wishes(room)
    finally:
        first.stop()
    kept = saved.read_bytes()
    second = start_anvil(ROOT, state_file=saved, port=int(first.rpc_url.rsplit(":", 1)[1]))
    try:
        wishes.ask(claims=3, mints=2)
        room.settle_down()
        wishes.check()
        second.process.kill()
        second.process.wait()
        saved.write_bytes(kept)
        second = start_anvil(ROOT, state_file=saved, port=int(first.rpc_url.rsplit(":", 1)[1]))
        assert room.mined_nonce() == 0, "the node remembers"

        room.restart()
        room.sender.run_once()
        room.settle_down()

        wishes.check()
    finally:
        second.stop()
        close_all_sessions()
        engine.dispose()


# -------------------------------------------------------------------------- stuck


def test_a_stuck_transaction_is_replaced_under_its_nonce_for_an_eighth_more(wishes: Wishes, room: Room) -> None:
    with mining_by_hand(room.market.stack.web3) as mine:
        wishes.ask(claims=2, mints=0)
        room.sender.run_once()
        before = room.transactions()[0]
        room.sender.run_once()
        assert room.transactions()[0].transaction_hash == before.transaction_hash, "it is not stuck yet"
        make_older(room, 3_600)
        room.sender.run_once()
        after = room.transactions()[0]
        mine()
        room.settle_down()

    assert (after.nonce, len(room.transactions())) == (before.nonce, 1)
    assert after.transaction_hash != before.transaction_hash
    assert after.max_fee_wei * 1000 >= before.max_fee_wei * 1125
    assert after.priority_fee_wei * 1000 >= before.priority_fee_wei * 1125
    assert after.data == before.data
    assert room.intent(wishes.intents[0]).transaction_hash == after.transaction_hash
    wishes.check()


def test_when_the_first_of_two_replacements_is_mined_nothing_is_done_twice(
    make_room: Callable[..., Room], market: Any
) -> None:
    lost = {"now": False}

    def judge(method: str, _: int) -> Fate:
        return "lose_request" if lost["now"] and method == "eth_sendRawTransaction" else "answer"

    with lossy_node(market.stack.rpc_url, judge) as node, mining_by_hand(market.stack.web3) as mine:
        room = lossy_room(make_room, node.rpc_url)
        wishes = Wishes.__new__(Wishes)
        wishes.room, wishes.market, wishes.workers, wishes.wallets, wishes.intents = room, market, [], [], []
        wishes.ask(claims=0, mints=1)
        room.sender.run_once()
        original = room.transactions()[0].transaction_hash
        make_older(room, 3_600)
        lost["now"] = True
        with pytest.raises(OSError):
            room.sender.run_once()
        assert room.transactions()[0].transaction_hash != original
        mine()
        lost["now"] = False
        market.stack.web3.provider.make_request("evm_setAutomine", [True])
        room.settle_down()

        assert market.stack.token.balance_of(wishes.wallets[0].address) == AMOUNT_UNITS
        assert room.intent(wishes.intents[0]).transaction_hash == original
        assert room.statuses(wishes.intents) == ["confirmed"]


def test_a_nonce_that_somebody_used_by_hand_is_stepped_over(wishes: Wishes, room: Room) -> None:
    web3 = room.market.stack.web3
    wishes.ask(claims=1, mints=1)
    room.settle_down()
    gift = room.relayer.sign_transaction(
        {
            "to": room.market.worker().address,
            "value": 1,
            "chainId": web3.eth.chain_id,
            "nonce": room.mined_nonce(),
            "gas": 21_000,
            "maxFeePerGas": web3.eth.gas_price * 2,
            "maxPriorityFeePerGas": 1,
        }
    )
    web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(gift.raw_transaction))
    wishes.ask(claims=1, mints=1)

    room.settle_down()

    assert [row.nonce for row in room.transactions()] == [0, 1, 3, 4]
    assert room.statuses(wishes.intents) == ["confirmed"] * 4


# ------------------------------------------------------------- blocks take their time


def test_a_workers_packets_in_two_transactions_of_one_block_both_apply(
    make_room: Callable[..., Room], market: Any
) -> None:
    room = make_room(gas_limit=400_000)
    key, worker = market.open_batch(20), market.worker()
    asked = []
    for _ in range(8):
        asked.append(room.queue_packet(key, market.claim(key, worker, 1)))
        asked.append(room.queue_packet(key, market.submit(key, worker, 1)))
    with mining_by_hand(market.stack.web3) as mine:
        room.sender.run_once()
        sent = len(room.transactions())
        assert sent > 1
        mine()
        room.settle_down()

    assert room.statuses(asked) == ["confirmed"] * 16
    assert room.mined_nonce() == sent, "none reverted for want of gas and had to go again"


def test_a_call_that_nearly_fills_a_block_does_not_stop_the_ones_behind_it(room: Room, market: Any) -> None:
    web3 = market.stack.web3
    key = market.open_batch(60)
    asked = [room.queue_packet(key, market.claim(key, market.worker())) for _ in range(40)]
    call = room.escrow.relay([key], [])
    assert call.to == room.escrow.address
    usual = web3.eth.get_block("latest")["gasLimit"]
    web3.provider.make_request("evm_setBlockGasLimit", [hex(2_200_000)])
    try:
        web3.provider.make_request("evm_mine", [])
        room.settle_down(seconds=5)
    finally:
        web3.provider.make_request("evm_setBlockGasLimit", [hex(usual)])
        web3.provider.make_request("evm_mine", [])

    assert room.statuses(asked) == ["confirmed"] * 40
