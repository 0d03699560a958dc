"""From what somebody asks to the page that answers it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, Engine

from backend.batches.reading import fields
from backend.paging import decode_cursor, encode_cursor
from backend.search import repository
from backend.search.catalog import Catalog
from backend.search.entry import LIVE, at_least_fact, fact
from backend.search.query import Term, parse
from backend.search.repository import LOG_BITS, Found
from backend.search.schemas import Asked, Filters
from backend.search.wanted import Wanted
from backend.services import Services
from piecework.db.engine import read_once

_LAST_BLOCK = 2**42
_LAST_LOG: int = 2**LOG_BITS - 1
END: int = _LAST_BLOCK << LOG_BITS
"""Above every batch."""


def page(services: Services, asked: Asked) -> bytes:
    """Batches that hold every term and pass every filter, newest first: a `BatchPage` as JSON.

    The rows are ours, so no model checks them again: that took longer than finding them.
    """
    filters = asked.filters(services.clock.now())
    terms, before = parse(asked.q or ""), _before(asked.cursor)
    rows = fresh(services.reader, services.catalog, terms, filters, before, asked.limit)
    last = rows[-1] if len(rows) == asked.limit else None
    next_cursor = encode_cursor((last.opened_block, last.opened_log_index)) if last else None
    return to_json({"items": list(_items(services, rows, filters.now)), "next_cursor": next_cursor})


def fresh(
    reader: Engine, catalog: Catalog, terms: tuple[Term, ...], filters: Filters, before: int, limit: int
) -> list[Found]:
    """As `found`, once the catalog has what the mirror has; asked once more where the connection was lost."""

    def ask(connection: Connection) -> list[Found]:
        catalog.catch_up(connection, filters.now)
        return found(connection, catalog, terms, filters, before, limit)

    return read_once(reader, ask)


def _items(services: Services, rows: Sequence[Found], now: int) -> Iterator[dict[str, Any]]:
    """As `BatchItem` writes them."""
    lists = iter(json.loads(f"[{','.join([f'{row.skills},{row.languages}' for row in rows])}]"))
    for row in rows:
        item = fields(services, row, row, now)
        item["reward_units"] = str(int(row.reward_units))
        hourly = row.pay_units_per_hour
        item["pay_per_hour_units"] = None if hourly is None else str(int(hourly))
        item["skills"], item["languages"] = next(lists), next(lists)
        yield item


def found(
    connection: Connection, catalog: Catalog, terms: tuple[Term, ...], filters: Filters, before: int, limit: int
) -> list[Found]:
    """Rows of the mirror and the catalog below the place `before`."""
    asked = wanted(connection, terms, filters)
    if not all(asked.groups):
        return []
    return repository.page(connection, catalog.index.hits(connection, asked), filters, before, limit)


def wanted(connection: Connection, terms: tuple[Term, ...], filters: Filters) -> Wanted:
    """The search as indexes take it."""
    return Wanted(terms, _facts(filters), _groups(connection, filters))


def _before(cursor: str | None) -> int:
    key = decode_cursor(cursor, (int, int))
    if key is None:
        return END
    block, log_index = min(int(key[0]), _LAST_BLOCK - 1), min(int(key[1]), _LAST_LOG)
    return (block << LOG_BITS) + log_index


def _facts(filters: Filters) -> tuple[str, ...]:
    """Facts that must hold, all of them."""
    found = [LIVE] if filters.status == "open" else []
    named = {
        "requester": filters.requester,
        "type": filters.task_type,
        "language": filters.language,
        "skill": filters.skill,
    }
    found += [fact(kind, value) for kind, value in named.items() if value]
    least = {
        "reward": filters.min_reward_units,
        "pay": filters.min_pay_units_per_hour,
        "paid": filters.min_requester_paid,
    }
    return (*found, *(name for kind, amount in least.items() if (name := at_least_fact(kind, amount))))


def _groups(connection: Connection, filters: Filters) -> tuple[tuple[str, ...], ...]:
    """Facts of which one must hold; an empty group holds for nothing."""
    groups: list[tuple[str, ...]] = []
    if filters.country:
        groups.append((fact("country", filters.country), fact("country", "anywhere")))
    if filters.held_by:
        names = repository.held_skills(connection, filters.held_by, filters.now)
        groups.append(tuple(fact("skill", name) for name in names))
    return tuple(groups)
