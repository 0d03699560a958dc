"""All SQL of pre-checks."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from piecework.db.gateway import BatchTask, Draft
from piecework.db.mirror import MirrorBatch
from piecework.db.prechecks import PreCheck


def waiting_batches(session: Session) -> Sequence[Draft]:
    """Drafts of batches with answers that wait."""
    query = select(Draft).join(MirrorBatch, MirrorBatch.batch_id == Draft.batch_id)
    return session.execute(query.where(MirrorBatch.submitted > 0)).scalars().all()


def check(session: Session, batch_id: str, submission: str, task_id: str) -> PreCheck | None:
    return session.get(PreCheck, (batch_id, submission, task_id))


def of_batch(session: Session, batch_id: str) -> dict[tuple[str, str], PreCheck]:
    """By (submission, task)."""
    rows = session.execute(select(PreCheck).where(PreCheck.batch_id == batch_id)).scalars()
    return {(row.submission, row.task_id): row for row in rows}


def task(session: Session, batch_id: str, task_id: str) -> BatchTask | None:
    return session.get(BatchTask, (batch_id, task_id))
