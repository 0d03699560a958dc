"""Rows and checkpoint change together or not at all, wherever the database fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from indexer.errors import DatabaseFailed, HandlerFailed, TwoWriters
from indexer.handlers.task_escrow import HANDLERS
from tests.indexer.following import dump, everything, follow, fresh_dump, to_head
from tests.indexer.world import reorg

_WRITES = ("INSERT", "UPDATE", "DELETE")


@contextmanager
def failing_at(engine: Engine, number: int, *, after: bool = False) -> Iterator[list[str]]:
    """The `number`-th write (from 1) fails, or its effect is done and then it fails; the commit counts as the last one.

    Gives the writes that were seen.
    """
    seen: list[str] = []

    def count(what: str) -> None:
        seen.append(what)
        if len(seen) == number:
            raise OperationalError(what, {}, Exception("planned failure"))

    def on_statement(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(_WRITES):
            count(statement)

    def on_commit(_: Any) -> None:
        if seen:
            count("COMMIT")

    kind = "after_cursor_execute" if after else "before_cursor_execute"
    event.listen(engine, kind, on_statement)
    event.listen(engine, "commit", on_commit)
    try:
        yield seen
    finally:
        event.remove(engine, kind, on_statement)
        event.remove(engine, "commit", on_commit)


def fail_everywhere(engine: Engine, step: Callable[[], Any], *, after: bool) -> int:
    """Lets `step` fail at each of its writes in turn, asserts that each time nothing changed, then lets it through.

    Returns how often it failed.
    """
    before = everything(engine)
    for number in range(1, 200):
        with failing_at(engine, number, after=after) as seen:
            try:
                step()
            except DatabaseFailed as error:
                assert "planned failure" in str(error)
                assert everything(engine) == before, f"write {number} ({seen[-1][:60]}) left something behind"
                continue
        assert seen[-1] == "COMMIT"
        return number - 1
    raise AssertionError("the step never came through")


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@pytest.mark.parametrize("after", [False, True], ids=["before the write", "after the write"])
def test_a_failure_at_any_write_leaves_the_old_state_whole(
    world: Any, rpc: Any, new_engine: Any, kind: str, after: bool
) -> None:
    engine = new_engine(kind)
    follower = follow(world.stack, engine, rpc)
    to_head(follower)
    world.act(15)
    assert fail_everywhere(engine, follower.step, after=after) > 8
    assert dump(engine) == fresh_dump(world.stack, rpc, new_engine("sqlite"))
    reorg(world, 6, transactions=3)
    assert fail_everywhere(engine, follower.step, after=after) > 8
    to_head(follower)
    assert dump(engine) == fresh_dump(world.stack, rpc, new_engine("sqlite"))


def test_the_check_notices_writes_that_are_committed_one_by_one(world: Any, rpc: Any, new_engine: Any) -> None:
    """The planted bug: every statement is a transaction of its own."""
    from piecework.db.engine import open_engine

    url = new_engine("postgres").url
    engine = open_engine(url.set(drivername="postgresql").render_as_string(hide_password=False))
    follower = follow(world.stack, engine.execution_options(isolation_level="AUTOCOMMIT"), rpc)
    try:
        with pytest.raises(AssertionError, match="left something behind"):
            fail_everywhere(engine, follower.step, after=False)
    finally:
        engine.dispose()


def test_the_indexer_never_steps_over_an_event_that_failed(world: Any, rpc: Any, new_engine: Any) -> None:
    def refuse(*_: Any) -> None:
        raise RuntimeError("this handler is broken")

    world.act(6)
    world.deposit()
    engine = new_engine("sqlite")
    broken = follow(world.stack, engine, rpc, span=1, handlers={**HANDLERS, "Deposited": refuse})
    with pytest.raises(HandlerFailed, match=r"Deposited in block .*this handler is broken") as failure:
        to_head(broken)
    before = everything(engine)
    for _ in range(2):
        with pytest.raises(HandlerFailed):
            broken.step()
    assert everything(engine) == before
    assert f'"block_number": {failure.value.event.block_number},' not in before
    to_head(follow(world.stack, engine, rpc))
    assert dump(engine) == fresh_dump(world.stack, rpc, new_engine("sqlite"))


def test_an_event_that_no_handler_knows_stops_the_indexer(world: Any, rpc: Any, new_engine: Any) -> None:
    world.deposit()
    known = {name: handler for name, handler in HANDLERS.items() if name != "Deposited"}
    with pytest.raises(HandlerFailed, match="Deposited"):
        to_head(follow(world.stack, new_engine("sqlite"), rpc, handlers=known))


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_of_two_indexers_on_one_database_one_stops_and_nothing_counts_twice(
    world: Any, rpc: Any, new_engine: Any, kind: str
) -> None:
    engine = new_engine(kind)
    slow, quick = (follow(world.stack, engine, rpc) for _ in range(2))
    fetch = slow._source.events

    def overtaken(first: int, last: int) -> Any:
        found = fetch(first, last)
        to_head(quick)
        return found

    slow._source.events = overtaken  # type: ignore[method-assign]
    world.act(5)
    with pytest.raises(TwoWriters, match="another indexer"):
        slow.step()
    assert dump(engine) == fresh_dump(world.stack, rpc, new_engine("sqlite"))


def test_a_full_database_is_a_named_error_that_loses_nothing(world: Any, rpc: Any, new_engine: Any) -> None:
    """SQLite's page limit stands in for a full disk."""
    engine = new_engine("sqlite")
    follower = follow(world.stack, engine, rpc, span=20)
    follower.step()
    world.act(60)
    with engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    limit = f"PRAGMA max_page_count={pages + 4}"

    def small(connection: Any, _: Any) -> None:
        connection.execute(limit)

    event.listen(engine, "connect", small)
    engine.dispose()
    with pytest.raises(DatabaseFailed, match=r"database or disk is full.*room on its disk"):
        to_head(follower)
    before = everything(engine)
    with pytest.raises(DatabaseFailed):
        to_head(follower)
    assert everything(engine) == before
    event.remove(engine, "connect", small)
    engine.dispose()
    to_head(follower)
    assert dump(engine) == fresh_dump(world.stack, rpc, new_engine("sqlite"))
