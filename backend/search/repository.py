"""Queries of the search feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, select, text
from sqlalchemy.exc import OperationalError

from backend.search.schemas import Filters
from backend.search.wanted import Hits
from piecework.db.base import UNITS_WIDTH
from piecework.db.gateway import SkillName
from piecework.db.mirror import MirrorCredential

LOG_BITS = 20
"""A block has fewer logs than two to this."""


class Found(NamedTuple):
    """A row of the mirror beside its words, as the driver gives it: amounts and lists are text."""

    batch_id: str
    requester: str
    reward_units: str
    funded: int
    free: int
    claimed: int
    submitted: int
    contestable: int
    disputed: int
    accepted: int
    refunded: int
    claim_by: int
    closed_at: int | None
    opened_at: int
    opened_block: int
    opened_log_index: int
    opened_transaction: str
    title: str | None
    task_type: str | None
    skills: str
    languages: str
    pay_units_per_hour: str | None


_OF_CATALOG = {name: f"s.{name}" for name in ("title", "task_type", "pay_units_per_hour")} | {
    name: f"CAST(s.{name} AS text)" for name in ("skills", "languages")
}
_COLUMNS = ", ".join(_OF_CATALOG.get(name, f"b.{name}") for name in Found._fields)
_OPEN = "b.closed_at IS NULL AND b.claim_by >= :now AND b.free > 0"
_SAME_OPENING = "b.batch_id = s.batch_id AND b.opened_block * 1048576 + b.opened_log_index = s.seq"

_PLACED = "opened_block, opened_log_index"
LATER = f"SELECT 1 FROM batches WHERE ({_PLACED}) > (:block, :log) ORDER BY {_PLACED} LIMIT 1"  # noqa: S608
"""Without an order PostgreSQL would read the whole table to find that nothing is later."""

_JOINED = "JOIN batches b ON {}"
_LOOKED_UP = "CROSS JOIN LATERAL (SELECT * FROM batches b WHERE {} OFFSET 0) b"
"""For PostgreSQL, which takes two equal things for a rare chance and would join and sort whole tables; OFFSET 0 makes
it look each batch up, newest first, until the page is full."""


def page(connection: Connection, hits: Hits, filters: Filters, before: int, limit: int) -> list[Found]:
    """Found batches that the mirror shows, newest first."""
    return [Found(*row) for row in rows(connection, *statement(connection.dialect, hits, filters, before, limit))]


def rows(connection: Connection, sql: str, values: Any) -> list[tuple[Any, ...]]:
    """Straight from the driver, which is all that a search needs. Raises OperationalError as others do."""
    raw: Any = connection.connection.driver_connection
    try:
        return raw.execute(sql, values).fetchall()  # type: ignore[no-any-return]
    except connection.dialect.loaded_dbapi.OperationalError as error:
        raise OperationalError(sql, None, error) from error


def statement(dialect: Dialect, hits: Hits, filters: Filters, before: int, limit: int) -> tuple[str, Any]:
    """What `page` asks a database's driver, and the values it asks with."""
    conditions, values = _conditions(filters)
    mirror = (_LOOKED_UP if dialect.name == "postgresql" else _JOINED).format(_SAME_OPENING)
    made = _statement(dialect, f"{hits.source} {mirror}", hits.place, " AND ".join([hits.where, *conditions]))
    return made.sql, made.given({**hits.values, **values, "before": before, "limit": limit})


def _conditions(filters: Filters) -> tuple[list[str], dict[str, Any]]:
    """The exact comparisons, where facts only say "about"."""
    conditions: list[str] = []
    values: dict[str, Any] = {}
    if filters.status != "all":
        conditions.append(_OPEN if filters.status == "open" else f"NOT ({_OPEN})")
        values["now"] = filters.now
    for name, column in _AT_LEAST.items():
        least = getattr(filters, f"min_{name}")
        if least:
            conditions.append(f"{column} >= :{name}")
            values[name] = str(least).rjust(UNITS_WIDTH, "0") if "_units" in name else least
    return conditions, values


_AT_LEAST = {
    "reward_units": "b.reward_units",
    "pay_units_per_hour": "s.pay_units_per_hour",
    "requester_paid": "s.requester_paid",
    "requester_approval_percent": "s.requester_approval_percent",
}


class _Written(NamedTuple):
    """A statement as a driver takes it; `places` names its values where the driver counts them."""

    sql: str
    places: Sequence[str] | None

    def given(self, values: Mapping[str, Any]) -> Any:
        return values if self.places is None else tuple([values[name] for name in self.places])


def _statement(dialect: Dialect, source: str, place: str, where: str) -> _Written:
    return _written(
        dialect,
        f"SELECT {_COLUMNS} FROM {source} "  # noqa: S608 - of our own constants
        f"WHERE {where} ORDER BY {place} DESC LIMIT :limit",
    )


@lru_cache(maxsize=2_000)
def _written(dialect: Dialect, sql: str) -> _Written:
    """Kept, because putting a statement together takes longer than most searches."""
    made = text(sql).compile(dialect=dialect)
    return _Written(str(made), made.positiontup if made.positional else None)


def is_behind(connection: Connection, seq: int) -> bool:
    """Whether the mirror has a batch that was opened after the place `seq`."""
    asked = _written(connection.dialect, LATER)
    place = {"block": seq >> LOG_BITS, "log": seq & (2**LOG_BITS - 1)}
    return bool(rows(connection, asked.sql, asked.given(place)))


def held_skills(connection: Connection, holder: str, now: int) -> list[str]:
    """Names of the skills that the address holds a valid credential of."""
    granted = MirrorCredential.granted_at > 0
    not_over = (MirrorCredential.expiry == 0) | (MirrorCredential.expiry >= now)
    named = select(SkillName.name).join(MirrorCredential, MirrorCredential.skill == SkillName.skill)
    query = named.where(MirrorCredential.holder == holder, granted, not_over).distinct().order_by(SkillName.name)
    return list(connection.execute(query.limit(50)).scalars())
