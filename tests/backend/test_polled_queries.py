"""What is asked several times a second begins in an index at its place, however much came before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, and_, event, or_, text
from sqlalchemy.orm import Session

from backend import events
from backend.search import repository, rows
from piecework.db.mirror import ChainEvent, MirrorBatch


def asked(engine: Engine, poll: Callable[[Session], Any]) -> str:
    """The database's plan for the one statement of `poll`."""
    sent: list[tuple[str, Any]] = []

    def keep(*given: Any) -> None:
        sent.append((given[2], given[3]))

    with Session(engine) as session:
        if engine.dialect.name == "postgresql":  # the tables are empty, where reading all of them would be best
            session.execute(text("SET LOCAL enable_seqscan = off"))
            session.execute(text("SET LOCAL enable_bitmapscan = off"))
        event.listen(engine, "before_cursor_execute", keep)
        poll(session)
        event.remove(engine, "before_cursor_execute", keep)
        ((statement, values),) = [one for one in sent if one[0].startswith("SELECT")]
        how = "EXPLAIN " if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
        plan = session.connection().exec_driver_sql(how + statement, values).all()
    return "\n".join(" ".join(map(str, line)) for line in plan)


def begins_at_its_place(plan: str) -> bool:
    return "SEARCH" in plan or "Index Cond: (" in plan


POLLS: dict[str, Callable[[Session], Any]] = {
    "later events": lambda session: events.after(session, events.Place(7, 3, "ab"), 100),
    "later batches": lambda session: rows.opened_after(session, 7 << 20, 100),
    "whether there are later batches": lambda session: session.execute(
        text(repository.LATER), {"block": 7, "log": 3}
    ).all(),
}


@pytest.mark.parametrize("name", POLLS)
def test_polls_begin_in_an_index(engine: Engine, name: str) -> None:
    plan = asked(engine, POLLS[name])
    assert begins_at_its_place(plan), plan


def test_two_comparisons_with_or_would_read_everything_before(engine: Engine) -> None:
    """The planted twin: the same order, said in the other way."""
    for block, log in (
        (ChainEvent.block_number, ChainEvent.log_index),
        (MirrorBatch.opened_block, MirrorBatch.opened_log_index),
    ):
        later = or_(block > 7, and_(block == 7, log > 3))
        plan = asked(
            engine,
            lambda session, later=later, order=(block, log): session.execute(  # type: ignore[misc]
                session.query(*order).where(later).order_by(*order).limit(100).statement
            ).all(),
        )
        assert not begins_at_its_place(plan), plan
