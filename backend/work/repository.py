"""All SQL of the work feature. Allocation runs in one write transaction, so no slot is given twice."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from piecework.db.gateway import AssignedTask, Assignment, BatchTask, Draft, RelayIntent
from piecework.db.mirror import ChainEvent, MirrorBatch, MirrorClaim, MirrorSubmission, MirrorTally


def batch(session: Session, batch_id: str) -> MirrorBatch | None:
    return session.get(MirrorBatch, batch_id)


def locked_draft(session: Session, batch_id: str) -> Draft | None:
    """The draft, locked on engines that lock rows, so that one allocation of a batch runs at a time."""
    return session.execute(select(Draft).where(Draft.batch_id == batch_id).with_for_update()).scalar_one_or_none()


def draft(session: Session, batch_id: str) -> Draft | None:
    return session.get(Draft, batch_id)


def assignment(session: Session, assignment_id: str) -> Assignment | None:
    return session.get(Assignment, assignment_id)


def own_assignments(session: Session, worker: str, batch_id: str | None) -> Sequence[Assignment]:
    query = select(Assignment).where(Assignment.worker == worker).order_by(Assignment.created_at.desc())
    if batch_id is not None:
        query = query.where(Assignment.batch_id == batch_id)
    return session.execute(query.limit(100)).scalars().all()


def open_assignments(session: Session, batch_id: str, worker: str) -> Sequence[Assignment]:
    own = (Assignment.batch_id == batch_id, Assignment.worker == worker, Assignment.state == "open")
    return session.execute(select(Assignment).where(*own)).scalars().all()


def due_assignments(session: Session, batch_id: str, now: int) -> Sequence[Assignment]:
    """Open ones whose ticket or lease is over, or that were given back."""
    over = or_(Assignment.deadline < now, Assignment.lease_end < now, _given_back())
    query = select(Assignment).where(Assignment.batch_id == batch_id, Assignment.state == "open", over)
    return session.execute(query).scalars().all()


def with_ended(session: Session, now: int) -> Sequence[str]:
    """Batches with open assignments that ended: unused tickets, leases that are over, claims that were given back."""
    on_chain = exists().where(_claim_of_assignment())
    under_way = exists().where(
        RelayIntent.intent_id == Assignment.claim_intent, RelayIntent.status.in_(("queued", "sent", "confirmed"))
    )
    unused = and_(Assignment.deadline < now, ~on_chain, ~under_way)
    ended = or_(unused, Assignment.lease_end < now, _given_back())
    query = select(Assignment.batch_id).where(Assignment.state == "open", ended).distinct()
    return session.execute(query).scalars().all()


def _claim_of_assignment() -> ColumnElement[bool]:
    return and_(
        MirrorClaim.batch_id == Assignment.batch_id,
        MirrorClaim.worker == Assignment.worker,
        MirrorClaim.sequence == Assignment.sequence,
        MirrorClaim.tasks_digest == Assignment.tasks_digest,
    )


def _given_back() -> ColumnElement[bool]:
    """Through this gateway, or by the worker's own means: then nothing is left of its claims."""
    by_relay = exists().where(RelayIntent.intent_id == Assignment.return_intent, RelayIntent.status == "confirmed")
    by_itself = exists().where(
        _claim_of_assignment(),
        MirrorTally.batch_id == Assignment.batch_id,
        MirrorTally.worker == Assignment.worker,
        MirrorTally.claimed == 0,
        ChainEvent.account == Assignment.worker,
        ChainEvent.batch_id == Assignment.batch_id,
        ChainEvent.name == "ClaimReturned",
        ChainEvent.block_number >= MirrorClaim.block_number,
    )
    return or_(by_relay, by_itself)


def is_given_back(session: Session, row: Assignment) -> bool:
    query = select(Assignment.assignment_id).where(Assignment.assignment_id == row.assignment_id, _given_back())
    return session.execute(query).first() is not None


def waited_for(session: Session, batch_id: str) -> Sequence[Assignment]:
    """Those not known to have ended, without answers on chain."""
    on_chain = select(MirrorSubmission.work_digest).where(MirrorSubmission.batch_id == batch_id)
    unanswered = or_(Assignment.work_digest.is_(None), Assignment.work_digest.not_in(on_chain))
    query = select(Assignment).where(Assignment.batch_id == batch_id, Assignment.state == "open", unanswered)
    return session.execute(query).scalars().all()


def claim_of(session: Session, row: Assignment) -> MirrorClaim | None:
    """The claim on chain that used this assignment's ticket."""
    claim = session.get(MirrorClaim, (row.batch_id, row.worker, row.sequence))
    return claim if claim is not None and claim.tasks_digest == row.tasks_digest else None


def is_submitted(session: Session, row: Assignment) -> bool:
    query = select(MirrorSubmission.block_number).where(
        MirrorSubmission.work_digest == row.work_digest,
        MirrorSubmission.batch_id == row.batch_id,
        MirrorSubmission.worker == row.worker,
    )
    return session.execute(query.limit(1)).first() is not None


def intent(session: Session, intent_id: str) -> RelayIntent | None:
    return session.execute(select(RelayIntent).where(RelayIntent.intent_id == intent_id)).scalar_one_or_none()


def open_tasks(session: Session, batch_id: str, worker: str, answers_per_task: int, count: int) -> list[str]:
    """Tasks that need answers and that `worker` never held, those with the fewest answers first."""
    query = _open(batch_id, worker, answers_per_task).order_by(BatchTask.assigned, BatchTask.position).limit(count)
    return list(session.execute(query).scalars())


def _open(batch_id: str, worker: str, answers_per_task: int) -> Select[str]:
    held = select(AssignedTask.task_id).where(AssignedTask.batch_id == batch_id, AssignedTask.worker == worker)
    is_open = (BatchTask.batch_id == batch_id, BatchTask.assigned < answers_per_task, BatchTask.task_id.not_in(held))
    return select(BatchTask.task_id).where(*is_open)


def drawn_tasks(
    session: Session, batch_id: str, worker: str, answers_per_task: int, count: int, *, known: bool | None = None
) -> list[str]:
    """As `open_tasks`, in random order among those with as few answers; with `known` only those, or only others."""
    query = _open(batch_id, worker, answers_per_task).order_by(BatchTask.assigned, func.random()).limit(count)
    if known is not None:
        query = query.where(BatchTask.is_known.is_(known))
    return list(session.execute(query).scalars())


def claimed_tasks(session: Session, batch_id: str, worker: str) -> list[str]:
    """Every task that `worker` claimed on chain, whatever became of the claim."""
    query = (
        select(Assignment.tasks)
        .join(
            MirrorClaim,
            (MirrorClaim.batch_id == Assignment.batch_id)
            & (MirrorClaim.worker == Assignment.worker)
            & (MirrorClaim.sequence == Assignment.sequence)
            & (MirrorClaim.tasks_digest == Assignment.tasks_digest),
        )
        .where(Assignment.batch_id == batch_id, Assignment.worker == worker)
    )
    return [task for tasks in session.execute(query).scalars() for task in tasks]


def tasks(session: Session, batch_id: str, task_ids: Sequence[str]) -> dict[str, BatchTask]:
    query = select(BatchTask).where(BatchTask.batch_id == batch_id, BatchTask.task_id.in_(task_ids))
    return {row.task_id: row for row in session.execute(query).scalars()}


def held_tasks(session: Session, batch_id: str, worker: str, task_ids: Sequence[str]) -> set[str]:
    own = (AssignedTask.batch_id == batch_id, AssignedTask.worker == worker, AssignedTask.task_id.in_(task_ids))
    return set(session.execute(select(AssignedTask.task_id).where(*own)).scalars())


def hold(session: Session, row: Assignment) -> None:
    """Stores the assignment and takes its tasks."""
    session.add(row)
    for task_id in row.tasks:
        session.add(
            AssignedTask(batch_id=row.batch_id, task_id=task_id, worker=row.worker, assignment_id=row.assignment_id)
        )
    _count(session, row, 1)


def release(session: Session, row: Assignment) -> None:
    """Frees the tasks of an assignment that ended without answers."""
    session.execute(delete(AssignedTask).where(AssignedTask.assignment_id == row.assignment_id))
    _count(session, row, -1)


def _count(session: Session, row: Assignment, change: int) -> None:
    own = (BatchTask.batch_id == row.batch_id, BatchTask.task_id.in_(row.tasks))
    session.execute(update(BatchTask).where(*own).values(assigned=BatchTask.assigned + change))
