"""Puts a drawn market into a database in bulk: the rows that indexer and catalog would write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Engine, Table, insert, text
from sqlalchemy.orm import Session

from backend.search.catalog import Catalog
from backend.search.entry import Entry, Facts, entry_of
from backend.search.postgres import vector
from backend.search.repository import LOG_BITS
from bench.search.market import NOW, TASKS_A_BATCH, Drawn, Market
from piecework.db.gateway import BatchTask, Draft
from piecework.db.mirror import MirrorBatch
from piecework.db.search import SearchBatch

CHUNK = 5_000


def fill(engine: Engine, market: Market, progress: Callable[[int], None] = lambda _: None) -> None:
    """Writes every batch with its tasks, draft, catalog row and index entry; calls `progress` with batches done."""
    Catalog(engine).prepare()
    done = 0
    for chunk in _chunks(market.rows(), CHUNK):
        with Session(engine) as session, session.begin():
            connection = session.connection()
            _insert(connection, MirrorBatch.__table__, [mirror_row(drawn) for drawn in chunk])
            _insert(connection, Draft.__table__, [draft_row(drawn) for drawn in chunk])
            _insert(connection, BatchTask.__table__, [row for drawn in chunk for row in task_rows(drawn)])
            _insert(connection, SearchBatch.__table__, [catalog_row(drawn) for drawn in chunk])
            _index(connection, {seq(drawn): entry_of(facts(drawn)) for drawn in chunk})
        done += len(chunk)
        progress(done)
    _finish(engine)


def _chunks(rows: Iterable[Drawn], size: int) -> Iterator[list[Drawn]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _insert(connection: Any, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    """By COPY on PostgreSQL, in the types that the tables have."""
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table), rows)
        return
    names = list(rows[0])
    bound = [_binder(table, name, connection.dialect) for name in names]
    copy = f"COPY {table.name} ({', '.join(names)}) FROM STDIN"
    with connection.connection.cursor() as cursor, cursor.copy(copy) as out:
        for row in rows:
            out.write_row([bind(row[name]) for name, bind in zip(names, bound, strict=True)])


def _binder(table: Table, name: str, dialect: Any) -> Callable[[Any], Any]:
    from sqlalchemy import JSON

    kind = table.c[name].type
    if isinstance(kind, JSON):
        return json.dumps
    bind = kind.dialect_impl(dialect).bind_processor(dialect)
    return bind or (lambda value: value)


def _index(connection: Any, entries: dict[int, Entry]) -> None:
    """On PostgreSQL the lists of words are made of the places at the end, sorted, which builds them in one go."""
    if connection.dialect.name != "postgresql":
        Catalog(connection.engine).index.write(connection, entries)
        return
    with connection.connection.cursor() as cursor, cursor.copy("COPY search_places_1 (seq, words) FROM STDIN") as out:
        for place, entry in entries.items():
            out.write_row((place, vector(entry)))


def _finish(engine: Engine) -> None:
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL work_mem = '512MB'"))
            connection.execute(text(_LISTS))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    else:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO search_words_1 (search_words_1) VALUES ('optimize')"))
            connection.execute(text("ANALYZE"))


_LISTS = """
    INSERT INTO search_lists_1 SELECT word COLLATE "C", seq
    FROM (SELECT unnest(tsvector_to_array(words)) AS word, seq FROM search_places_1) w ORDER BY 1, 2"""


def seq(drawn: Drawn) -> int:
    return (drawn.block << LOG_BITS) + drawn.log_index


def facts(drawn: Drawn) -> Facts:
    """As the catalog takes them from a row."""
    return Facts(
        texts=(drawn.title, drawn.instructions, *drawn.skills),
        requester=drawn.requester,
        reward_units=drawn.reward_units,
        task_type=drawn.task_type,
        skills=tuple(drawn.skills),
        languages=tuple(drawn.languages),
        countries=tuple(drawn.countries),
        pay_units_per_hour=drawn.pay_units_per_hour,
        requester_paid=drawn.requester_paid,
        is_live=drawn.is_live,
    )


def mirror_row(drawn: Drawn) -> dict[str, Any]:
    zero = "0x" + "00" * 20
    counts = dict.fromkeys(
        ("claimed", "submitted", "contestable", "disputed", "accepted", "refunded", "settlements"), 0
    )
    return {
        "batch_id": drawn.batch_id,
        "requester": drawn.requester,
        "operator": zero,
        "reviewer": zero,
        "assigner": zero,
        "salt": drawn.batch_id,
        "terms": {"manifest": drawn.batch_id},
        "reward_units": drawn.reward_units,
        "operator_fee_units": 0,
        "claim_by": drawn.claim_by,
        "funded": TASKS_A_BATCH,
        "free": TASKS_A_BATCH,
        "locked_units": 0,
        "manifest_versions": 1,
        "closed_at": drawn.closed_at,
        "opened_block": drawn.block,
        "opened_log_index": drawn.log_index,
        "opened_at": NOW - 10**6,
        "opened_transaction": drawn.batch_id,
        **counts,
    }


def draft_row(drawn: Drawn) -> dict[str, Any]:
    return {
        "batch_id": drawn.batch_id,
        "requester": drawn.requester,
        "salt": drawn.batch_id,
        "terms": {"manifest": drawn.batch_id},
        "manifest_digest": drawn.batch_id,
        "title": drawn.title,
        "instructions": drawn.instructions,
        "task_type": drawn.task_type,
        "answer_schema": {},
        "answers_per_task": 1,
        "tasks": TASKS_A_BATCH,
        "review": {},
        "skills": drawn.skills,
        "languages": drawn.languages,
        "created_at": float(NOW),
    }


def task_rows(drawn: Drawn) -> list[dict[str, Any]]:
    return [
        {"batch_id": drawn.batch_id, "task_id": f"t{n}", "position": n, "content": {"picture": n}, "assigned": 0}
        for n in range(TASKS_A_BATCH)
    ]


def catalog_row(drawn: Drawn) -> dict[str, Any]:
    return {
        "seq": seq(drawn),
        "batch_id": drawn.batch_id,
        "requester": drawn.requester,
        "manifest": drawn.batch_id,
        "source": "manifest",
        "retry_at": None,
        "attempts": 0,
        "title": drawn.title,
        "instructions": drawn.instructions,
        "task_type": drawn.task_type,
        "skills": drawn.skills,
        "languages": drawn.languages,
        "countries": drawn.countries,
        "pay_units_per_hour": drawn.pay_units_per_hour,
        "pay_is_measured": True,
        "requester_paid": drawn.requester_paid,
        "requester_approval_percent": drawn.requester_approval_percent,
        "is_live": drawn.is_live,
        "claim_by": drawn.claim_by,
    }
