"""Writers to SQLite take their turns: none is kept out by luck, and none keeps a turn that is over."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from piecework.db import engine as engines
from piecework.db.engine import open_engine, write_engine
from piecework.db.turns import InTurn, Turns


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Engine]:
    """An engine whose SQLite has no patience at all, so that whoever asks for a lock that is taken is refused."""
    engine = open_engine(f"sqlite:///{tmp_path / 'written.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE written (number INTEGER)"))
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 0"))
    engine.dispose()
    yield engine
    engine.dispose()


def write_at_once(engine: Engine, *, threads: int, rounds: int) -> list[OperationalError]:
    """Many threads that write as often as they can; what they were refused with."""
    writer, refused, together = write_engine(engine), [], threading.Barrier(threads)

    def write() -> None:
        together.wait()
        for number in range(rounds):
            try:
                with writer.begin() as connection:
                    connection.execute(text("INSERT INTO written VALUES (:number)"), {"number": number})
                    time.sleep(0.001)  # the others come meanwhile
            except OperationalError as error:
                refused.append(error)

    running = [threading.Thread(target=write) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return refused


def count(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM written")).scalar_one())


def test_a_programs_own_writers_never_find_the_database_locked(file: Engine) -> None:
    assert write_at_once(file, threads=8, rounds=20) == []
    assert count(file) == 160


def test_without_turns_they_do(file: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(InTurn, "taking_turn", lambda *_: contextlib.nullcontext())  # the planted bug

    refused = write_at_once(file, threads=8, rounds=20)

    assert refused
    assert all("database is locked" in str(error) for error in refused)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_who_asked_first_is_called_first() -> None:
    turns, called = Turns(), []
    assert turns.take(0)

    def wait(number: int) -> None:
        assert turns.take(20)
        called.append(number)
        turns.give_back()

    threads = []
    for number in range(6):
        threads.append(threading.Thread(target=wait, args=(number,)))
        threads[-1].start()
        wait_until(lambda number=number: len(turns._waiting) == number + 1)  # type: ignore[misc]
    turns.give_back()
    for thread in threads:
        thread.join()

    assert called == [0, 1, 2, 3, 4, 5]
    assert turns.take(0), "nobody kept it"


def test_who_gives_up_is_not_called() -> None:
    turns = Turns()
    assert turns.take(0)
    assert not turns.take(0.01)

    turns.give_back()

    assert turns.take(0)


def test_a_turn_that_does_not_come_is_a_locked_database(file: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_WAIT_SECONDS", 0.01)
    with write_engine(file).begin(), pytest.raises(OperationalError, match="database is locked"):
        write_engine(file).connect().begin()
    assert write_at_once(file, threads=1, rounds=1) == []


def commits(engine: Engine) -> None:
    with write_engine(engine).begin():
        pass


def fails(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError), write_engine(engine).begin():
        _ = 1 / 0


def is_closed(engine: Engine) -> None:
    connection = write_engine(engine).connect()
    connection.begin()
    connection.close()


def is_lost(engine: Engine) -> None:
    """Its connection is thrown away in the middle, as after a commit of which nobody knows how far it came."""
    connection = write_engine(engine).connect()
    connection.begin()
    connection.invalidate()
    connection.close()


def is_refused(engine: Engine) -> None:
    """Another program holds the lock."""
    other = sqlite3.connect(str(engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(OperationalError, match="database is locked"), write_engine(engine).begin():
            pass
    finally:
        other.close()


ENDS = [commits, fails, is_closed, is_lost, is_refused]


@pytest.mark.parametrize("ends", ENDS)
def test_a_turn_ends_with_its_transaction(
    file: Engine, monkeypatch: pytest.MonkeyPatch, ends: Callable[[Engine], None]
) -> None:
    monkeypatch.setattr(engines, "_WAIT_SECONDS", 0.05)

    ends(file)

    assert write_at_once(file, threads=1, rounds=1) == []


@pytest.mark.parametrize("ends", ENDS)
def test_a_turn_that_is_kept_is_found(
    file: Engine, monkeypatch: pytest.MonkeyPatch, ends: Callable[[Engine], None]
) -> None:
    monkeypatch.setattr(engines, "_WAIT_SECONDS", 0.05)
    monkeypatch.setattr(InTurn, "_leave", lambda _: None)  # the planted bug

    ends(file)

    assert len(write_at_once(file, threads=1, rounds=1)) == 1


def test_readers_wait_for_nobody(file: Engine) -> None:
    """However many wait to write, each with a connection in its hands."""
    holder = write_engine(file).connect()
    holder.begin()
    waiting = [threading.Thread(target=commits, args=(file,)) for _ in range(60)]
    for thread in waiting:
        thread.start()
    turns: Any = holder.connection.dbapi_connection.turns  # type: ignore[union-attr]
    wait_until(lambda: len(turns._waiting) == 60)

    assert count(file) == 0

    holder.close()
    for thread in waiting:
        thread.join()
