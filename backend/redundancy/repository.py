"""All SQL of the redundancy feature; it only reads."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from piecework.db.gateway import AssignedTask, Assignment, BatchTask, Draft, ModelAnswers
from piecework.db.mirror import ChainEvent, Checkpoint, MirrorSubmission

Place = tuple[int, int]
"""Block number and log index."""


def draft(session: Session, batch_id: str) -> Draft | None:
    return session.get(Draft, batch_id)


def tasks(session: Session, batch_id: str) -> list[tuple[str, bool]]:
    """Ids, and whether the answer is known."""
    query = select(BatchTask.task_id, BatchTask.is_known).where(BatchTask.batch_id == batch_id)
    return [(task, known) for task, known in session.execute(query)]


def model_brought(session: Session, batch_id: str) -> tuple[str, float] | None:
    """Digest of a model's answers and when they came, unix seconds; None without any."""
    query = select(ModelAnswers.digest, ModelAnswers.created_at).where(ModelAnswers.batch_id == batch_id)
    found = session.execute(query).first()
    return None if found is None else (found.digest, found.created_at)


def model_answers(session: Session, batch_id: str) -> ModelAnswers | None:
    return session.get(ModelAnswers, batch_id)


def assigned(session: Session, batch_id: str) -> dict[str, int]:
    """Answers given or under way, of the tasks that have any."""
    query = select(BatchTask.task_id, BatchTask.assigned).where(BatchTask.batch_id == batch_id, BatchTask.assigned > 0)
    return {row.task_id: row.assigned for row in session.execute(query)}


def held(session: Session, batch_id: str, workers: Sequence[str]) -> list[tuple[str, str]]:
    """(worker, task) of what these workers hold or did."""
    own = (AssignedTask.batch_id == batch_id, AssignedTask.worker.in_(workers))
    query = select(AssignedTask.worker, AssignedTask.task_id).where(*own)
    return [(worker, task) for worker, task in session.execute(query)]


def at_work(session: Session, batch_id: str, since: float, *, busy_since: float) -> list[str]:
    """Workers who were given tasks at `since` or later, or at `busy_since` and have not handed in; unix seconds by the
    gateway's clock."""
    on_chain = select(MirrorSubmission.work_digest).where(MirrorSubmission.batch_id == batch_id)
    unanswered = or_(Assignment.work_digest.is_(None), Assignment.work_digest.not_in(on_chain))
    is_busy = and_(Assignment.state == "open", Assignment.created_at >= busy_since, unanswered)
    own = (Assignment.batch_id == batch_id, or_(Assignment.created_at >= since, is_busy))
    return sorted(session.execute(select(Assignment.worker).where(*own).distinct()).scalars())


def submitted_after(session: Session, batch_id: str, after: Place | None) -> Sequence[Row[int, int, str, dict]]:  # type: ignore[type-arg]
    """(block, log index, worker, answers document) of submissions above `after`, in the chain's order."""
    place = tuple_(MirrorSubmission.block_number, MirrorSubmission.log_index)
    query = (
        select(MirrorSubmission.block_number, MirrorSubmission.log_index, Assignment.worker, Assignment.answers)
        .join(
            Assignment,
            (MirrorSubmission.work_digest == Assignment.work_digest)
            & (MirrorSubmission.worker == Assignment.worker)
            & (MirrorSubmission.batch_id == Assignment.batch_id),
        )
        .where(MirrorSubmission.batch_id == batch_id)
        .order_by(MirrorSubmission.block_number, MirrorSubmission.log_index)
    )
    if after is not None:
        query = query.where(place > after)
    return session.execute(query).all()


def indexed_block(session: Session) -> int:
    """The highest block of the mirror; -1 before the first."""
    found = session.execute(select(func.max(Checkpoint.block_number))).scalar_one()
    return -1 if found is None else int(found)


def block_hash(session: Session, place: Place) -> str | None:
    """Of the block in which that event stands now; None if the chain took it back."""
    found = session.get(ChainEvent, place)
    return found.block_hash if found else None
