"""Queries of the exports feature: tasks and their published answers, some at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from piecework.db.gateway import Assignment, BatchTask, Decision, Draft
from piecework.db.mirror import MirrorBatch, MirrorSettlement

Task = Row[str, int, dict[str, Any]]
"""`task_id`, `position`, `content`."""


def draft(session: Session, batch_id: str) -> Draft | None:
    return session.get(Draft, batch_id)


def is_funded(session: Session, batch_id: str) -> bool:
    return session.get(MirrorBatch, batch_id) is not None


def settlements(session: Session, batch_id: str) -> Sequence[str]:
    """Digests of the results files, oldest first."""
    query = select(MirrorSettlement.results_digest).where(MirrorSettlement.batch_id == batch_id)
    return session.execute(query.order_by(MirrorSettlement.nonce)).scalars().all()


def position(session: Session, batch_id: str, task_id: str) -> int | None:
    found = session.get(BatchTask, (batch_id, task_id))
    return found.position if found else None


def tasks(session: Session, batch_id: str, after: int, limit: int) -> Sequence[Task]:
    """In the batch's order, from behind a position."""
    query = select(BatchTask.task_id, BatchTask.position, BatchTask.content)
    query = query.where(BatchTask.batch_id == batch_id, BatchTask.position > after)
    return session.execute(query.order_by(BatchTask.position).limit(limit)).all()


def contents(session: Session, batch_id: str, at_a_time: int) -> Iterator[dict[str, Any]]:
    query = select(BatchTask.content).where(BatchTask.batch_id == batch_id).order_by(BatchTask.position)
    yield from session.execute(query.execution_options(yield_per=at_a_time)).scalars()


def decisions(session: Session, batch_id: str, task_ids: Sequence[str]) -> Sequence[Decision]:
    """Those that stand in results files on chain, and so are public."""
    own = (Decision.batch_id == batch_id, Decision.task_id.in_(task_ids), Decision.settled)
    return session.execute(select(Decision).where(*own).order_by(Decision.task_id, Decision.worker)).scalars().all()


def answers(session: Session, assignment_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """By assignment, the answers by task."""
    query = select(Assignment.assignment_id, Assignment.answers).where(Assignment.assignment_id.in_(assignment_ids))
    return {
        assignment_id: {item["task"]: item["answer"] for item in document["answers"]}
        for assignment_id, document in session.execute(query)
        if document is not None
    }
