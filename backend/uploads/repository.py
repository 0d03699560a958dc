"""Queries of the uploads feature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, func, select
from sqlalchemy.orm import Session

from piecework.db.gateway import TaskUploadPart


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


def remove(session: Session, requester: str, upload_id: str) -> None:
    session.execute(delete(TaskUploadPart).where(*_own(requester, upload_id)))


def remove_expired(session: Session, now: float) -> None:
    session.execute(delete(TaskUploadPart).where(TaskUploadPart.expires_at < now))


def _own(requester: str, upload_id: str) -> tuple[Any, ...]:
    return TaskUploadPart.requester == requester, TaskUploadPart.upload_id == upload_id
