"""Queries of the uploads feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, select, text, update
from sqlalchemy.orm import Session

from piecework.db.gateway import TaskUploadPart

_LOCK = 0x75706C6F6164
"""Names the advisory lock on a PostgreSQL server."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which upload, and whose."""

    requester: str
    upload_id: str


def lock(session: Session) -> None:
    """Until the end of the transaction nobody else adds a part: so the bound on all of them holds."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def parts(session: Session, requester: str, upload_id: str) -> Sequence[Row[int, int, int, float]]:
    """`number`, `tasks`, `size`, `expires_at` of each, in order."""
    columns = TaskUploadPart.number, TaskUploadPart.tasks, TaskUploadPart.size, TaskUploadPart.expires_at
    query = select(*columns).where(*_own(requester, upload_id)).order_by(TaskUploadPart.number)
    return session.execute(query).all()


def part(session: Session, requester: str, upload_id: str, number: int) -> TaskUploadPart | None:
    return session.get(TaskUploadPart, (requester, upload_id, number))


def contents(session: Session, requester: str, upload_id: str) -> Sequence[Row[dict[str, Any]]]:
    """What each part holds, in order."""
    query = select(TaskUploadPart.content).where(*_own(requester, upload_id)).order_by(TaskUploadPart.number)
    return session.execute(query).all()


def held_bytes(session: Session, requester: str) -> int:
    """By all uploads of a requester."""
    query = select(func.coalesce(func.sum(TaskUploadPart.size), 0)).where(TaskUploadPart.requester == requester)
    return int(session.execute(query).scalar_one())


def held_by_network(session: Session) -> dict[str, int]:
    """Bytes that are counted, by network."""
    query = select(TaskUploadPart.network, func.sum(TaskUploadPart.counted_bytes)).group_by(TaskUploadPart.network)
    return {network: int(total) for network, total in session.execute(query)}


def counted_bytes(session: Session, place: Place) -> int:
    query = select(func.sum(TaskUploadPart.counted_bytes)).where(*_own(place.requester, place.upload_id))
    return int(session.execute(query).scalar_one() or 0)


def used_uploads(session: Session, but: Place) -> list[Place]:
    """Those that a batch was drafted from, the oldest first."""
    return _oldest(session, but, TaskUploadPart.is_used.is_(True))


def oldest_upload(session: Session, network: str, but: Place) -> Place | None:
    """Of a network: the one whose last part is the oldest."""
    return next(iter(_oldest(session, but, TaskUploadPart.network == network)), None)


def note_used(session: Session, requester: str, upload_id: str) -> None:
    session.execute(update(TaskUploadPart).where(*_own(requester, upload_id)).values(is_used=True))


def remove(session: Session, requester: str, upload_id: str) -> None:
    session.execute(delete(TaskUploadPart).where(*_own(requester, upload_id)))


def remove_expired(session: Session, now: float) -> None:
    session.execute(delete(TaskUploadPart).where(TaskUploadPart.expires_at < now))


def _oldest(session: Session, but: Place, wanted: ColumnElement[bool]) -> list[Place]:
    place = TaskUploadPart.requester, TaskUploadPart.upload_id
    query = select(*place).where(wanted, ~and_(*_own(but.requester, but.upload_id)))
    rows = session.execute(query.group_by(*place).order_by(func.max(TaskUploadPart.expires_at), *place))
    return [Place(*row) for row in rows]


def _own(requester: str, upload_id: str) -> tuple[Any, ...]:
    return TaskUploadPart.requester == requester, TaskUploadPart.upload_id == upload_id
