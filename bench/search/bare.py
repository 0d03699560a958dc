"""The same searches as bare SQL: the statements that the search sends, through the database's driver alone."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Engine

from backend.paging import decode_cursor
from backend.search import repository, service
from backend.search.catalog import Catalog
from backend.search.query import parse
from backend.search.repository import LOG_BITS
from backend.search.schemas import Filters
from bench.search.load import percentile
from bench.search.market import NOW

LIMIT = 20


def statements(engine: Engine, queries: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """Each search as the driver takes it."""
    catalog = Catalog(engine)
    made = []
    with engine.connect() as connection:
        for query in queries:
            filters, terms, before = asked(query)
            hits = catalog.index.hits(connection, service.wanted(connection, terms, filters))
            made.append(repository.statement(engine.dialect, hits, filters, before, LIMIT))
    return made


def asked(query: dict[str, Any]) -> tuple[Filters, Any, int]:
    """Filters, terms and place of a query's parameters."""
    given = {name: value for name, value in query.items() if name not in ("q", "cursor")}
    key = decode_cursor(query.get("cursor"), (int, int))
    before = service.END if key is None else (int(key[0]) << LOG_BITS) + int(key[1])
    return Filters(now=NOW, **given), parse(query.get("q", "")), before


def measure(engine: Engine, queries: list[dict[str, Any]], seconds: float) -> dict[str, float]:
    """One connection, one after the other, for so long."""
    made = statements(engine, queries)
    took: list[float] = []
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        end = time.perf_counter() + seconds
        place = 0
        while time.perf_counter() < end:
            sql, values = made[place % len(made)]
            began = time.perf_counter()
            raw.execute(sql, values).fetchall()
            took.append(time.perf_counter() - began)
            place += 1
    total = sum(took)
    took.sort()
    return {
        "requests": len(took),
        "per_second": round(len(took) / total, 1),
        "p50_ms": round(percentile(took, 50) * 1_000, 3),
        "p99_ms": round(percentile(took, 99) * 1_000, 3),
        "max_ms": round(took[-1] * 1_000, 3),
    }
