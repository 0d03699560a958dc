"""All SQL of the signals feature that the reviews feature does not have."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from piecework.db.gateway import Assignment, BatchTask, Draft, RelayIntent
from piecework.db.mirror import MirrorSubmission


def draft(session: Session, batch_id: str) -> Draft | None:
    return session.get(Draft, batch_id)


def submissions(session: Session, batch_id: str, worker: str | None = None) -> int:
    """How many submissions of a batch are on chain; with `worker` its own."""
    query = select(func.count()).where(MirrorSubmission.batch_id == batch_id)
    if worker is not None:
        query = query.where(MirrorSubmission.worker == worker)
    return int(session.execute(query).scalar_one())


def handed_in_at(session: Session, batch_id: str) -> dict[str, float]:
    """By assignment, unix seconds by the gateway's clock; not of those that came by the worker's own transaction."""
    query = (
        select(Assignment.assignment_id, RelayIntent.created_at)
        .join(RelayIntent, RelayIntent.intent_id == Assignment.submit_intent)
        .where(Assignment.batch_id == batch_id)
    )
    return {row.assignment_id: row.created_at for row in session.execute(query)}


def contents(session: Session, batch_id: str) -> dict[str, dict[str, Any]]:
    query = select(BatchTask.task_id, BatchTask.content).where(BatchTask.batch_id == batch_id)
    return {row.task_id: row.content for row in session.execute(query)}
