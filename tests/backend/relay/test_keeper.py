"""The keeper queues what time allows, once each, from the mirror and the chain's clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from backend.relay.keeper import Keeper
from indexer.follower import Follower
from indexer.source import LogSource
from piecework.chain.rpc import Rpc
from piecework.db.engine import write_engine
from piecework.db.gateway import RelayIntent
from piecework.domain.messages import PacketKind, Verdict
from tests.backend.relay.market import DAY, HOUR, OPERATOR_FEE_UNITS, REWARD_UNITS, Market
from tests.backend.relay.room import Room

MINIMUM_UNITS = REWARD_UNITS


class Watch:
    """A keeper beside the indexer and the sender that it depends on."""

    def __init__(self, room: Room, rpc: Rpc) -> None:
        self.room = room
        self.market: Market = room.market
        self.keeper = Keeper(room.outbox, sweep_minimum_units=MINIMUM_UNITS)
        block = room.market.stack.web3.eth.block_number
        self.follower = Follower(room.engine, LogSource(rpc, room.escrow.address), start_block=block + 1)
        self.follower.prepare()

    def index(self) -> None:
        while not self.follower.step().done:
            pass

    def look(self) -> list[RelayIntent]:
        """Indexes, lets the keeper look, and returns what is queued."""
        self.index()
        with Session(write_engine(self.room.engine)) as session, session.begin():
            self.keeper.run_once(session, self.market.now)
        return self.queued()

    def queued(self) -> list[RelayIntent]:
        with Session(self.room.engine, expire_on_commit=False) as session:
            waiting = select(RelayIntent).where(RelayIntent.status == "queued").order_by(RelayIntent.position)
            return list(session.execute(waiting).scalars())

    def kinds(self) -> list[str]:
        return sorted(intent.kind for intent in self.look())

    def travel(self, seconds: int) -> None:
        self.market.stack.travel(seconds)

    def settle(self, key: Any, nonce: int, *verdicts: Verdict) -> None:
        market = self.market
        call = self.room.escrow.settle(key, **market.settlement(key, nonce, list(verdicts)))
        market.stack.send(market.stack.accounts["stranger"], call)


@pytest.fixture
def watch(room: Room) -> Iterator[Watch]:
    rpc = Rpc(room.market.stack.rpc_url)
    yield Watch(room, rpc)
    rpc.close()


def test_nothing_is_due_in_a_young_batch(watch: Watch) -> None:
    market, worker = watch.market, watch.market.worker()
    key = market.open_batch(5)
    market.relayed_by_hand(key, market.claim(key, worker, 2), market.submit(key, worker, 1))

    assert watch.kinds() == []


def test_silence_is_paid_when_the_review_window_is_over_and_not_a_second_before(watch: Watch) -> None:
    market, worker = watch.market, watch.market.worker()
    key = market.open_batch(5)
    market.relayed_by_hand(key, market.claim_and_submit(key, worker, 2))
    end = watch.room.escrow.tally(market.batch_id(key), worker.address).old_review_end
    watch.index()

    with Session(write_engine(watch.room.engine)) as session, session.begin():
        watch.keeper.run_once(session, end)
    assert watch.queued() == []
    with Session(write_engine(watch.room.engine)) as session, session.begin():
        watch.keeper.run_once(session, end + 1)

    assert [(i.kind, i.payload["worker"]) for i in watch.queued()] == [("pay_overdue", worker.address)]


def test_what_is_due_is_queued_once_until_it_is_due_anew(watch: Watch) -> None:
    market, worker = watch.market, watch.market.worker()
    key = market.open_batch(5)
    market.relayed_by_hand(key, market.claim_and_submit(key, worker, 1))
    watch.travel(DAY + 1)
    first = watch.look()
    assert [intent.kind for intent in first] == ["pay_overdue"]
    assert [intent.intent_id for intent in watch.look()] == [first[0].intent_id]
    watch.room.settle_down()
    assert watch.look() == []

    market.relayed_by_hand(key, market.claim_and_submit(key, worker, 1))
    watch.travel(DAY + 1)
    again = watch.look()

    assert [intent.kind for intent in again] == ["pay_overdue"]
    watch.room.settle_down()
    assert watch.room.escrow.account(worker.address).owed == 2 * REWARD_UNITS
    assert watch.look() == []


def test_an_overdue_lot_is_paid_to_the_worker_and_the_fee_goes_back(watch: Watch) -> None:
    market, worker = watch.market, watch.market.worker()
    requester = market.stack.accounts["requester"].address
    key = market.open_batch(3)
    market.relayed_by_hand(key, market.claim_and_submit(key, worker, 3))
    before = watch.room.escrow.account(requester).owed
    watch.travel(DAY + 1)
    watch.look()

    watch.room.settle_down()

    assert watch.room.escrow.account(worker.address).owed == 3 * REWARD_UNITS
    assert watch.room.escrow.account(requester).owed - before == 3 * OPERATOR_FEE_UNITS


def test_leases_that_are_over_are_expired_together_for_each_batch(watch: Watch) -> None:
    market = watch.market
    keys = [market.open_batch(9), market.open_batch(9)]
    workers = [market.worker() for _ in range(3)]
    for key in keys:
        market.relayed_by_hand(key, *(market.claim(key, worker) for worker in workers))
    watch.travel(HOUR + 1)

    queued = watch.look()

    assert [intent.kind for intent in queued] == ["expire_claims"] * 2
    wanted = {worker.address for worker in workers}
    assert all(set(intent.payload["workers"]) == wanted for intent in queued)
    watch.room.settle_down()
    assert all(watch.room.escrow.batch(market.batch_id(key)).free == 9 for key in keys)
    assert watch.look() == []


def test_uncontested_rejections_are_released_and_then_refunded(watch: Watch) -> None:
    market, worker = watch.market, watch.market.worker()
    requester = market.stack.accounts["requester"].address
    key = market.open_batch(4, claimBy=market.now + DAY)
    market.relayed_by_hand(key, market.claim_and_submit(key, worker, 2))
    watch.settle(key, 1, Verdict(worker.address, 0, 0, 2))
    before = watch.room.escrow.account(requester).owed
    assert watch.kinds() == []
    watch.travel(DAY + 1)

    assert watch.kinds() == ["refund", "release_rejected"]
    watch.room.settle_down()
    while watch.look():
        watch.room.settle_down()

    batch = watch.room.escrow.batch(market.batch_id(key))
    assert (batch.free, batch.contestable, batch.refunded) == (0, 0, 4)
    assert watch.room.escrow.account(requester).owed - before == 4 * (REWARD_UNITS + OPERATOR_FEE_UNITS)


def test_free_money_of_a_closed_batch_that_comes_back_later_is_refunded(watch: Watch) -> None:
    market, worker = watch.market, watch.market.worker()
    key = market.open_batch(4)
    market.relayed_by_hand(key, market.claim(key, worker, 1))
    market.stack.send(market.stack.accounts["requester"], watch.room.escrow.close_batch(key))
    assert watch.kinds() == [], "closing returned the free money itself"
    watch.travel(HOUR + 1)

    assert watch.kinds() == ["expire_claims"]
    watch.room.settle_down()
    assert watch.kinds() == ["refund"]
    watch.room.settle_down()

    assert watch.room.escrow.batch(market.batch_id(key)).refunded == 4
    assert watch.look() == []


def test_a_direct_batch_keeps_its_money_for_one_review_window(watch: Watch) -> None:
    market = watch.market
    key = market.open_batch(4, flags=1)
    market.stack.send(market.stack.accounts["requester"], watch.room.escrow.close_batch(key))
    closed_at = watch.room.escrow.batch(market.batch_id(key)).closed_at
    watch.index()

    with Session(write_engine(watch.room.engine)) as session, session.begin():
        watch.keeper.run_once(session, closed_at + DAY)
    assert watch.queued() == []
    watch.travel(DAY + 1)
    assert watch.kinds() == ["refund"]
    watch.room.settle_down()

    assert watch.room.escrow.batch(market.batch_id(key)).refunded == 4


def test_earnings_are_swept_from_the_minimum_on_and_only_where_switched_on(watch: Watch) -> None:
    market = watch.market
    rich, poor, silent = (market.worker() for _ in range(3))
    key = market.open_batch(9)
    small = market.open_batch(9, reward=MINIMUM_UNITS - 1, operatorFee=0)
    market.relayed_by_hand(
        key,
        market.claim_and_submit(key, rich),
        market.packet(key, rich, PacketKind.SET_SWEEP, count=1),
        market.claim_and_submit(key, silent),
    )
    market.relayed_by_hand(
        small, market.claim_and_submit(small, poor), market.packet(small, poor, PacketKind.SET_SWEEP, count=1)
    )
    watch.settle(key, 1, Verdict(rich.address, 0, 1, 0), Verdict(silent.address, 0, 1, 0))
    watch.settle(small, 1, Verdict(poor.address, 0, 1, 0))

    queued = watch.look()

    assert [(i.kind, i.payload["accounts"]) for i in queued] == [("sweep", [rich.address])]
    watch.room.settle_down()
    assert market.stack.token.balance_of(rich.address) == REWARD_UNITS
    assert market.stack.token.balance_of(poor.address) == 0
    assert watch.look() == []


def test_an_account_is_swept_again_when_it_has_earned_the_same_again(watch: Watch) -> None:
    market, worker = watch.market, watch.market.worker()
    key = market.open_batch(9)
    market.relayed_by_hand(key, market.packet(key, worker, PacketKind.SET_SWEEP, count=1))
    for turn in range(3):
        market.relayed_by_hand(key, market.claim_and_submit(key, worker))
        watch.settle(key, turn + 1, Verdict(worker.address, turn, 1, 0))
        assert watch.kinds() == ["sweep"], f"turn {turn}"
        watch.room.settle_down()

    assert market.stack.token.balance_of(worker.address) == 3 * REWARD_UNITS


def test_an_account_is_swept_again_when_silence_paid_it_the_same_again(watch: Watch) -> None:
    market, worker = watch.market, watch.market.worker()
    key = market.open_batch(9)
    market.relayed_by_hand(key, market.packet(key, worker, PacketKind.SET_SWEEP, count=1))
    for turn in range(2):
        market.relayed_by_hand(key, market.claim_and_submit(key, worker))
        watch.travel(DAY + 1)
        assert watch.kinds() == ["pay_overdue"], f"turn {turn}"
        watch.room.settle_down()
        assert watch.kinds() == ["sweep"], f"turn {turn}"
        watch.room.settle_down()

    assert market.stack.token.balance_of(worker.address) == 2 * REWARD_UNITS


def test_a_reorg_that_takes_a_payment_back_leads_to_the_same_payment(watch: Watch) -> None:
    market, worker = watch.market, watch.market.worker()
    key = market.open_batch(3)
    market.relayed_by_hand(key, market.claim_and_submit(key, worker, 3))
    watch.travel(DAY + 1)
    watch.look()
    watch.room.settle_down()
    watch.index()
    market.stack.web3.provider.make_request("anvil_rollback", [1])
    assert watch.room.escrow.account(worker.address).owed == 0

    watch.room.sender.run_once()
    watch.room.settle_down()

    assert watch.room.escrow.account(worker.address).owed == 3 * REWARD_UNITS


@pytest.mark.parametrize("count", [120])
def test_more_than_one_call_can_list_is_worked_off_in_turns(watch: Watch, count: int) -> None:
    market = watch.market
    key = market.open_batch(count)
    workers = [market.worker() for _ in range(count)]
    for start in range(0, count, 40):
        market.relayed_by_hand(key, *(market.claim(key, worker) for worker in workers[start : start + 40]))
    watch.travel(HOUR + 1)
    sizes = []
    while queued := watch.look():
        sizes += [len(intent.payload["workers"]) for intent in queued]
        watch.room.settle_down()
        assert len(sizes) < 10, sizes

    assert max(sizes) <= 100
    assert watch.room.escrow.batch(market.batch_id(key)).free == count


def test_the_same_wishes_come_from_both_databases(
    make_room: Callable[..., Room], engine: Engine, market: Market
) -> None:
    room = make_room(engine=engine)
    rpc = Rpc(market.stack.rpc_url)
    watch = Watch(room, rpc)
    worker = market.worker()
    key = market.open_batch(3)
    market.relayed_by_hand(key, market.claim(key, worker, 2), market.submit(key, worker, 1))
    watch.travel(8 * DAY)

    assert watch.kinds() == ["expire_claims", "pay_overdue", "refund"]
    room.settle_down()
    while watch.look():
        room.settle_down()
    rpc.close()

    batch = room.escrow.batch(market.batch_id(key))
    assert (batch.free, batch.claimed, batch.submitted, batch.accepted, batch.refunded) == (0, 0, 0, 1, 2)
