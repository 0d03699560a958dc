"""All SQL of the revisions feature."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from piecework.db.gateway import Assignment, BatchTask, Decision, Draft, Proposal
from piecework.db.mirror import MirrorBatch
from piecework.db.revisions import Revision

Key = Sequence[int | str]


def revision(session: Session, revision_id: str) -> Revision | None:
    return session.get(Revision, revision_id)


def draft(session: Session, batch_id: str) -> Draft | None:
    return session.get(Draft, batch_id)


def batch(session: Session, batch_id: str) -> MirrorBatch | None:
    return session.get(MirrorBatch, batch_id)


def assignment(session: Session, assignment_id: str) -> Assignment | None:
    return session.get(Assignment, assignment_id)


def task(session: Session, batch_id: str, task_id: str) -> BatchTask | None:
    return session.get(BatchTask, (batch_id, task_id))


def of_answer(session: Session, batch_id: str, task_id: str, worker: str) -> Sequence[Revision]:
    """Oldest first."""
    own = (Revision.batch_id == batch_id, Revision.task_id == task_id, Revision.worker == worker)
    return session.execute(select(Revision).where(*own).order_by(Revision.asked_at)).scalars().all()


def count_of_batch(session: Session, batch_id: str) -> int:
    return session.execute(select(func.count()).where(Revision.batch_id == batch_id)).scalar_one()


def page(
    session: Session, after: Key | None, limit: int, *, batch_id: str | None = None, worker: str | None = None
) -> Sequence[Revision]:
    """Newest first, from below the key (milliseconds, id)."""
    query = select(Revision)
    if batch_id is not None:
        query = query.where(Revision.batch_id == batch_id)
    if worker is not None:
        query = query.where(Revision.worker == worker)
    if after is not None:
        query = query.where(tuple_(Revision.asked_at, Revision.revision_id) < (int(after[0]) / 1_000, after[1]))
    return (
        session.execute(query.order_by(Revision.asked_at.desc(), Revision.revision_id.desc()).limit(limit))
        .scalars()
        .all()
    )


def newest_by_answer(session: Session, batch_id: str, assignment_ids: Sequence[str]) -> dict[tuple[str, str], Revision]:
    """The newest request about each answer of these assignments, by (task, worker)."""
    query = select(Revision).where(Revision.batch_id == batch_id, Revision.assignment_id.in_(assignment_ids))
    return {(row.task_id, row.worker): row for row in session.execute(query.order_by(Revision.asked_at)).scalars()}


def answered(session: Session, batch_id: str) -> dict[tuple[str, str], Revision]:
    """The newest better answer to each task, by (task, worker)."""
    query = select(Revision).where(Revision.batch_id == batch_id, Revision.state == "answered")
    return {(row.task_id, row.worker): row for row in session.execute(query.order_by(Revision.asked_at)).scalars()}


def is_being_decided(session: Session, batch_id: str, task_id: str, worker: str) -> bool:
    """Whether a proposal that nobody has settled or superseded yet decides the answer."""
    query = (
        select(Decision.task_id)
        .join(Proposal, Proposal.proposal_id == Decision.proposal_id)
        .where(
            Decision.batch_id == batch_id,
            Decision.task_id == task_id,
            Decision.worker == worker,
            Proposal.status.in_(("open", "queued")),
        )
    )
    return session.execute(query.limit(1)).first() is not None
