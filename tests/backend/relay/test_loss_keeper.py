"""The keeper spends no more than the bound, and first on what gas money was put by for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from backend.relay import keeper as keeper_module
from backend.relay.keeper import Keeper
from backend.relay.losses import Losses
from piecework.chain.rpc import Rpc
from piecework.db.engine import write_engine
from piecework.db.gateway import RelayLoss
from tests.backend.relay.market import DAY
from tests.backend.relay.room import Room
from tests.backend.relay.test_keeper import Watch
from tests.backend.relay.test_loss_booking import NOW, WEI, FewSettings, packet, queue


@pytest.fixture
def watch(market: Any, sqlite_engine: Engine, relayer: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """A keeper that looks at two workers at a time, and counts what it costs."""
    monkeypatch.setattr(keeper_module, "_WORKERS_A_CALL", 2)
    losses = Losses(FewSettings(), market.stack.escrow, now=lambda: NOW)  # type: ignore[arg-type]
    rpc = Rpc(market.stack.rpc_url)
    found = Watch(Room(market, sqlite_engine, market.stack.escrow, relayer, losses=losses), rpc)
    found.keeper = Keeper(found.room.outbox, sweep_minimum_units=10**12, losses=losses)
    yield found
    rpc.close()


def crowd_and_one(watch: Watch) -> Any:
    """Four workers who claimed with gas of their own, one whom the relay brought; all are overdue, and nothing of the
    bound is left. Returns the one."""
    market, room = watch.market, watch.room
    key, one = market.open_batch(5), market.worker()
    crowd = [market.worker() for _ in range(4)]
    market.relayed_by_hand(key, *(market.claim_and_submit(key, worker) for worker in crowd))
    queue(room, "packet", packet(key, market.claim_and_submit(key, one)), "the one")
    room.settle_down()
    drawn_to(watch, WEI)
    watch.travel(DAY + 1)
    return one


def drawn_to(watch: Watch, wei: int) -> None:
    with Session(write_engine(watch.room.engine)) as session, session.begin():
        session.execute(update(RelayLoss).values(drawn_wei=wei))


def the_one_is_paid(watch: Watch) -> None:
    one = crowd_and_one(watch)
    paid = [intent.payload["worker"] for intent in watch.look()]
    assert paid == [one.address], "who is put by for waits behind the others"


def test_who_is_put_by_for_is_paid_first_and_the_others_wait(watch: Watch) -> None:
    the_one_is_paid(watch)


def test_with_the_order_planted_away_the_crowd_is_always_before_it(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = keeper_module._due

    def by_age(session: Session, due: Any) -> Any:
        with monkeypatch.context() as all_of_them:
            all_of_them.setattr(keeper_module, "_WORKERS_A_CALL", 100)
            return sorted(honest(session, due), key=lambda row: row[2])[:2]

    monkeypatch.setattr(keeper_module, "_due", by_age)
    with pytest.raises(AssertionError, match="waits behind"):
        the_one_is_paid(watch)


def test_what_waits_is_brought_when_there_is_room_again(watch: Watch) -> None:
    crowd_and_one(watch)
    watch.look()
    watch.room.settle_down()
    assert watch.look() == []

    drawn_to(watch, 0)

    for left in (2, 0):
        assert len(watch.look()) == 2
        watch.room.settle_down()
        watch.index()
        assert len(watch.look()) == left
