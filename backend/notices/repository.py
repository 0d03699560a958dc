"""All SQL of notices."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from piecework.db.notices import Notice

_LOCK = 0x6E6F746963
"""Names the advisory lock on a PostgreSQL server."""


def lock(session: Session) -> None:
    """Until the end of the transaction nobody else adds a notice: so a later one never shows before an earlier one."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def exists(session: Session, notice_id: str) -> bool:
    query = select(Notice.position).where(Notice.notice_id == notice_id)
    return session.execute(query).first() is not None


def after(session: Session, recipient: str, position: int, limit: int) -> Sequence[Notice]:
    """Oldest first."""
    query = select(Notice).where(Notice.recipient == recipient, Notice.position > position)
    return session.execute(query.order_by(Notice.position).limit(limit)).scalars().all()


def before(session: Session, recipient: str, position: int | None, limit: int) -> Sequence[Notice]:
    """Newest first."""
    query = select(Notice).where(Notice.recipient == recipient)
    if position is not None:
        query = query.where(Notice.position < position)
    return session.execute(query.order_by(Notice.position.desc()).limit(limit)).scalars().all()


def last(session: Session) -> int:
    """Position of the newest, zero before the first."""
    return session.execute(select(func.max(Notice.position))).scalar_one() or 0


def recipients_after(session: Session, position: int) -> set[str]:
    return set(session.execute(select(Notice.recipient).where(Notice.position > position).distinct()).scalars())
