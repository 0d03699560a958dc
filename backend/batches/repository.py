"""Queries of the batches feature."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, tuple_
from sqlalchemy.orm import Session

from backend.batches.schemas import TaskIn
from piecework.db.gateway import AssignedTask, Assignment, BatchTask, Draft
from piecework.db.mirror import ChainEvent, MirrorBatch, MirrorSettlement, MirrorSubmission

Listed = Row[MirrorBatch, Draft | None]


def task_rows(batch_id: str, tasks: Sequence[TaskIn], known: Set[str]) -> list[dict[str, Any]]:
    """Of a draft, for `add_draft`. `known`: ids of the tasks whose answer the requester knows."""
    return [
        {
            "batch_id": batch_id,
            "task_id": task.id,
            "position": place,
            "content": task.content,
            "assigned": 0,
            "is_known": task.id in known,
        }
        for place, task in enumerate(tasks)
    ]


def add_draft(session: Session, draft: Draft, tasks: Sequence[dict[str, Any]]) -> None:
    """`tasks`: as `task_rows` has them."""
    session.add(draft)
    session.flush()
    for start in range(0, len(tasks), 1_000):
        session.execute(insert(BatchTask), tasks[start : start + 1_000])


def draft(session: Session, batch_id: str) -> Draft | None:
    return session.get(Draft, batch_id)


def one(session: Session, batch_id: str) -> Listed | None:
    query = select(MirrorBatch, Draft).outerjoin(Draft, Draft.batch_id == MirrorBatch.batch_id)
    return session.execute(query.where(MirrorBatch.batch_id == batch_id)).first()


def complete_tasks(session: Session, batch_id: str, answers_per_task: int) -> int:
    """Tasks whose every answer stands on chain as submitted."""
    return _count(session, _answered(batch_id, answers_per_task))


def answered_tasks(session: Session, batch_id: str, answers_per_task: int) -> tuple[int, int]:
    """Tasks whose answer nobody knows, and how many of them have all their answers on chain.

    All tasks if every answer is known.
    """
    unknown = select(BatchTask.task_id).where(BatchTask.batch_id == batch_id, BatchTask.is_known.is_(False))
    wanted, answered = _count(session, unknown), _answered(batch_id, answers_per_task)
    if wanted == 0:
        everything = select(BatchTask.task_id).where(BatchTask.batch_id == batch_id)
        return _count(session, everything), _count(session, answered)
    return wanted, _count(session, answered.where(AssignedTask.task_id.in_(unknown)))


def _answered(batch_id: str, answers_per_task: int) -> Select[str]:
    on_chain = select(MirrorSubmission.work_digest).where(MirrorSubmission.batch_id == batch_id)
    return (
        select(AssignedTask.task_id)
        .join(Assignment, Assignment.assignment_id == AssignedTask.assignment_id)
        .where(AssignedTask.batch_id == batch_id, Assignment.work_digest.in_(on_chain))
        .group_by(AssignedTask.task_id)
        .having(func.count() >= answers_per_task)
    )


def _count(session: Session, query: Select[str]) -> int:
    return int(session.execute(select(func.count()).select_from(query.subquery())).scalar_one())


def events(session: Session, batch_id: str, after: Sequence[int | str] | None, limit: int) -> Sequence[ChainEvent]:
    """Oldest first, from above the key (block, log index)."""
    query = select(ChainEvent).where(ChainEvent.batch_id == batch_id)
    if after is not None:
        query = query.where(tuple_(ChainEvent.block_number, ChainEvent.log_index) > (after[0], after[1]))
    oldest_first = ChainEvent.block_number, ChainEvent.log_index
    return session.execute(query.order_by(*oldest_first).limit(limit)).scalars().all()


def settlements(session: Session, batch_id: str) -> Sequence[MirrorSettlement]:
    query = select(MirrorSettlement).where(MirrorSettlement.batch_id == batch_id).order_by(MirrorSettlement.nonce)
    return session.execute(query).scalars().all()
