"""A backup of the outbox, taken while the relay worked and put back later: nothing happens twice or is lost."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from piecework.db.engine import open_engine
from tests.backend.relay.room import Room

STATES = {"confirmed", "skipped", "failed"}


def back_up(engine: Engine, target: Path) -> None:
    """As docs/operations.md says for SQLite."""
    with sqlite3.connect(engine.url.database or "") as source, sqlite3.connect(target) as copy:
        source.backup(copy)
    source.close()
    copy.close()


def restored(make_room: Callable[..., Room], room: Room, backup: Path) -> tuple[Room, Engine]:
    engine = open_engine(f"sqlite:///{backup}")
    return make_room(engine=engine, relayer=room.relayer), engine


def claims_of(room: Room, market: Any, count: int, key: Any) -> list[Any]:
    workers = [market.worker() for _ in range(count)]
    for worker in workers:
        room.queue_packet(key, market.claim(key, worker))
    return workers


def check_once(room: Room, market: Any, key: Any, workers: list[Any]) -> None:
    tallies = [market.stack.escrow.tally(market.batch_id(key), worker.address) for worker in workers]
    assert [(tally.claimed, tally.sequence) for tally in tallies] == [(1, 1)] * len(workers)
    assert room.transactions()[-1].nonce == room.mined_nonce() - 1


def test_what_was_sent_after_the_backup_is_not_done_twice(
    room: Room, make_room: Callable[..., Room], market: Any, tmp_path: Path
) -> None:
    key = market.open_batch(40)
    before = claims_of(room, market, 3, key)
    room.settle_down()
    queued = claims_of(room, market, 3, key)
    back_up(room.engine, tmp_path / "backup.db")
    room.settle_down()
    after = claims_of(room, market, 3, key)
    room.settle_down()

    again, engine = restored(make_room, room, tmp_path / "backup.db")
    newcomers = claims_of(again, market, 3, key)
    again.settle_down()

    check_once(again, market, key, [*before, *queued, *after, *newcomers])
    engine.dispose()


@pytest.mark.parametrize("moment", [0.02, 0.1, 0.3])
def test_a_backup_taken_at_work_is_whole_and_loses_nothing_that_was_asked(
    room: Room, make_room: Callable[..., Room], market: Any, tmp_path: Path, moment: float
) -> None:
    key = market.open_batch(60)
    workers = claims_of(room, market, 20, key)
    room.gas_limit = 300_000
    room.restart()
    timer = threading.Timer(moment, back_up, (room.engine, tmp_path / "backup.db"))
    timer.start()
    room.settle_down()
    timer.join()

    again, engine = restored(make_room, room, tmp_path / "backup.db")
    again.settle_down()

    check_once(again, market, key, workers)
    with engine.connect() as connection:
        kinds = {row[0] for row in connection.exec_driver_sql("SELECT DISTINCT status FROM relay_intents")}
    assert kinds <= STATES
    engine.dispose()


def test_a_backup_of_a_relay_that_counts_nonces_itself_would_leave_a_gap(
    room: Room, make_room: Callable[..., Room], market: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: the next nonce is read off the database alone."""
    from backend.relay.sender import Sender

    key = market.open_batch(20)
    claims_of(room, market, 1, key)
    room.settle_down()
    back_up(room.engine, tmp_path / "backup.db")
    claims_of(room, market, 1, key)
    room.settle_down()
    again, engine = restored(make_room, room, tmp_path / "backup.db")
    newcomers = claims_of(again, market, 1, key)
    ask = Sender._next_nonce
    monkeypatch.setattr(Sender, "_next_nonce", lambda self, _: ask(self, 0))

    with pytest.raises(AssertionError):
        again.settle_down(seconds=3)
        check_once(again, market, key, newcomers)
    engine.dispose()
