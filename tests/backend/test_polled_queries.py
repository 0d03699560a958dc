"""What is asked several times a second begins in an index at its place, however much came before."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, and_, event, or_, text
from sqlalchemy.orm import Session

from backend import events
from backend.search import repository, rows
from piecework.db.mirror import ChainEvent, MirrorBatch
from tests.backend.search.shelf import mirror_row


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


def opened(engine: Engine, count: int) -> None:
    """Batches in as many blocks, with statistics."""
    with Session(engine) as session:
        session.add_all(mirror_row(block, opened_log_index=0) for block in range(1, count + 1))
        session.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def prepared_plan(engine: Engine, statement: str, block: int) -> str:
    """PostgreSQL's plan for any values, which it keeps for what is asked again and again, and what came of it."""
    asked = statement.replace(":block", "$1").replace(":log", "$2")
    with engine.connect() as connection:
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
        connection.exec_driver_sql(f"PREPARE polled (bigint, integer) AS {asked}")
        how = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)"
        plan = connection.exec_driver_sql(f"{how} EXECUTE polled ({block}, 0)").scalars().all()
        connection.exec_driver_sql("DEALLOCATE polled")
    return "\n".join(plan)


def in_vain(plan: str) -> int:
    """Rows that were read and are not what was asked for."""
    return sum(map(int, re.findall(r"Rows Removed by Filter: (\d+)", plan)))


def test_whether_there_are_later_batches_is_found_in_the_index_of_a_full_table(postgres_engine: Engine) -> None:
    opened(postgres_engine, 3_000)
    plan = prepared_plan(postgres_engine, repository.LATER, 3_000)
    assert begins_at_its_place(plan), plan
    assert in_vain(plan) < 10, plan

    unordered, _, _ = repository.LATER.partition(" ORDER BY")  # the planted twin
    plan = prepared_plan(postgres_engine, f"{unordered} LIMIT 1", 3_000)
    assert not begins_at_its_place(plan), plan
    assert in_vain(plan) == 3_000, plan


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
