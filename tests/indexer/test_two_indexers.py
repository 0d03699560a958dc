"""Two indexers on one database: one writes, the other waits and goes on when the first is gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from indexer import run as running
from indexer.errors import IndexedElsewhere, IndexerError
from indexer.follower import Step
from indexer.run import IndexerSettings, run_indexer
from piecework.db.engine import open_engine
from tests.indexer.following import dump, fresh_dump

BOTH = pytest.mark.parametrize("kind", ["sqlite", "postgres"])


class Process:
    """An indexer of a thread; `steps` are what it did."""

    def __init__(self, settings: IndexerSettings) -> None:
        self.steps: list[Step] = []
        self.failure: IndexerError | None = None
        self._stop = threading.Event()
        self._settings = settings
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            run_indexer(self._settings, stop=self._stop, progress=self.steps.append)
        except IndexerError as error:
            self.failure = error

    def end(self) -> None:
        self._stop.set()
        self._thread.join(timeout=20)
        assert not self._thread.is_alive()


def until(done: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline, "not within 30 s"
        time.sleep(0.02)


@contextmanager
def two(world: Any, url: str) -> Iterator[tuple[Process, Process]]:
    """The first is at the head before the second starts."""
    settings = IndexerSettings(world.stack.rpc_url, url, world.stack.escrow.address, poll_seconds=0.02)
    first = Process(settings)
    until(lambda: first.steps and first.steps[-1].done)
    second = Process(settings)
    try:
        yield first, second
    finally:
        first.end()
        second.end()


def dump_at(url: str) -> str:
    engine = open_engine(url)
    try:
        return dump(engine)
    finally:
        engine.dispose()


@BOTH
def test_the_second_writes_nothing_until_the_first_ends_and_then_goes_on(
    world: Any, rpc: Any, new_engine: Any, new_database: Callable[[str], str], kind: str
) -> None:
    url = new_database(kind)
    with capture_logs() as logs, two(world, url) as (first, second):
        until(lambda: "another_process_indexes" in [entry["event"] for entry in logs])
        world.act(10)
        until(lambda: first.steps[-1].block_number == world.stack.web3.eth.block_number)
        assert second.steps == []

        first.end()
        world.act(10)
        until(lambda: second.steps and second.steps[-1].block_number == world.stack.web3.eth.block_number)

        assert first.failure is None
        assert second.failure is None
        assert dump_at(url) == fresh_dump(world.stack, rpc, new_engine("sqlite"))


@BOTH
def test_one_that_runs_once_does_not_write_beside_another(
    world: Any, new_database: Callable[[str], str], kind: str
) -> None:
    url = new_database(kind)
    settings = IndexerSettings(world.stack.rpc_url, url, world.stack.escrow.address)
    with two(world, url) as (first, _):
        with pytest.raises(IndexedElsewhere, match="another indexer follows"):
            run_indexer(settings, once=True)
        assert first.failure is None


def test_one_whose_lock_broke_waits_for_its_turn_again(world: Any, new_database: Callable[[str], str]) -> None:
    from sqlalchemy import text

    url = new_database("postgres")
    engine = open_engine(url)
    with two(world, url) as (first, second):
        with engine.begin() as connection:
            holders = (
                "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
                " WHERE locktype = 'advisory' AND granted AND datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert connection.execute(text(holders)).scalar_one()
        seen = len(first.steps) + len(second.steps)
        world.act(5)
        head = world.stack.web3.eth.block_number
        until(lambda: head in [step.block_number for step in [*first.steps, *second.steps]])

        assert len(first.steps) + len(second.steps) > seen
        assert (first.failure, second.failure) == (None, None)
    engine.dispose()


def test_without_the_lock_both_write(
    world: Any, new_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: everybody may write. The checkpoint's own guard then ends one of them, or both step."""
    monkeypatch.setattr(running, "_owns", lambda _: True)
    with two(world, new_database("postgres")) as (_, second):
        world.act(5)
        until(lambda: second.steps or second.failure)
