"""Queries of the search feature."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, TextualSelect, select, text
from sqlalchemy.orm import Session

from backend.search.schemas import Filters
from backend.search.wanted import Hits
from piecework.db.base import UNITS_WIDTH
from piecework.db.gateway import SkillName
from piecework.db.mirror import MirrorBatch, MirrorCredential
from piecework.db.search import SearchBatch

LOG_BITS = 20
"""A block has fewer logs than two to this."""

_OF_MIRROR = ["batch_id", "requester", "reward_units", "funded", "free", "claimed", "submitted", "contestable",
              "disputed", "accepted", "refunded", "claim_by", "closed_at", "opened_at", "opened_block",
              "opened_log_index", "opened_transaction"]  # fmt: skip
_OF_CATALOG = ["title", "task_type", "skills", "languages"]  # fmt: skip
_COLUMNS = ", ".join([*(f"b.{name}" for name in _OF_MIRROR), *(f"s.{name}" for name in _OF_CATALOG)])
_TYPED = [
    MirrorBatch.__table__.c[name] if name in _OF_MIRROR else SearchBatch.__table__.c[name]
    for name in [*_OF_MIRROR, *_OF_CATALOG]
]
"""In the order of the statement: matched by place, they are matched once and not at each search."""
_OPEN = "b.closed_at IS NULL AND b.claim_by >= :now AND b.free > 0"
_SAME_OPENING = "b.batch_id = s.batch_id AND b.opened_block * 1048576 + b.opened_log_index = s.seq"

_JOINED = "JOIN batches b ON {}"
_LOOKED_UP = "CROSS JOIN LATERAL (SELECT * FROM batches b WHERE {} OFFSET 0) b"
"""For PostgreSQL, which takes two equal things for a rare chance and would join and sort whole tables; OFFSET 0 makes
it look each batch up, newest first, until the page is full."""


def page(connection: Connection, hits: Hits, filters: Filters, before: int, limit: int) -> Sequence[Row[Any]]:
    """Found batches that the mirror shows, newest first."""
    return connection.execute(*statement(connection.dialect.name, hits, filters, before, limit)).all()


def statement(
    dialect: str, hits: Hits, filters: Filters, before: int, limit: int
) -> tuple[TextualSelect, dict[str, Any]]:
    """What `page` asks a database, and the values it asks with."""
    conditions, values = _conditions(filters)
    mirror = (_LOOKED_UP if dialect == "postgresql" else _JOINED).format(_SAME_OPENING)
    made = _statement(f"{hits.source} {mirror}", hits.place, " AND ".join([hits.where, *conditions]))
    return made, {**hits.values, **values, "before": before, "limit": limit}


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


@lru_cache(maxsize=2_000)
def _statement(source: str, place: str, where: str) -> TextualSelect:
    made = text(
        f"SELECT {_COLUMNS} FROM {source} "  # noqa: S608 - of our own constants
        f"WHERE {where} ORDER BY {place} DESC LIMIT :limit"
    )
    return made.columns(*_TYPED)


def held_skills(session: Session, holder: str, now: int) -> list[str]:
    """Names of the skills that the address holds a valid credential of."""
    granted = MirrorCredential.granted_at > 0
    not_over = (MirrorCredential.expiry == 0) | (MirrorCredential.expiry >= now)
    named = select(SkillName.name).join(MirrorCredential, MirrorCredential.skill == SkillName.skill)
    query = named.where(MirrorCredential.holder == holder, granted, not_over).distinct().order_by(SkillName.name)
    return list(session.execute(query.limit(50)).scalars())
