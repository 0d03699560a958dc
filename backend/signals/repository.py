"""All SQL of the signals feature that the reviews feature does not have."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from piecework.db.gateway import Assignment, BatchTask, ClosedSignal, Draft, RelayIntent, SignalLook
from piecework.db.mirror import ChainEvent, Checkpoint, MirrorBatch, MirrorSubmission, MirrorTally


def draft(session: Session, batch_id: str) -> Draft | None:
    return session.get(Draft, batch_id)


def submissions(session: Session, batch_id: str, worker: str | None = None) -> int:
    """How many submissions of a batch are on chain; with `worker` its own."""
    query = select(func.count()).where(MirrorSubmission.batch_id == batch_id)
    if worker is not None:
        query = query.where(MirrorSubmission.worker == worker)
    return int(session.execute(query).scalar_one())


def giving_out(session: Session, now: int, assigners: Sequence[str]) -> list[str]:
    """Batches that this gateway may still hand out work of, and that have submissions."""
    is_open = (MirrorBatch.closed_at.is_(None), MirrorBatch.claim_by >= now, MirrorBatch.free > 0)
    answered = select(MirrorSubmission.batch_id).distinct()
    query = select(MirrorBatch.batch_id).where(
        *is_open, MirrorBatch.assigner.in_(assigners), MirrorBatch.batch_id.in_(answered)
    )
    return list(session.execute(query).scalars())


def undecided(session: Session, batch_id: str, worker: str) -> int:
    """Answers of a worker that wait for a decision."""
    tally = session.get(MirrorTally, (batch_id, worker))
    return tally.old_lot + tally.young_lot if tally else 0


def in_hand(session: Session, batch_id: str, worker: str) -> int:
    """Tasks of claims and tickets that have not ended and are not handed in."""
    own = (Assignment.batch_id == batch_id, Assignment.worker == worker, Assignment.state == "open")
    on_chain = select(MirrorSubmission.work_digest).where(MirrorSubmission.batch_id == batch_id)
    unanswered = or_(Assignment.work_digest.is_(None), Assignment.work_digest.not_in(on_chain))
    return sum(len(tasks) for tasks in session.execute(select(Assignment.tasks).where(*own, unanswered)).scalars())


def handed_in_at(session: Session, batch_id: str) -> dict[str, float]:
    """By assignment, unix seconds by the gateway's clock; not of those that came by the worker's own transaction."""
    query = (
        select(Assignment.assignment_id, RelayIntent.created_at)
        .join(RelayIntent, RelayIntent.intent_id == Assignment.submit_intent)
        .where(Assignment.batch_id == batch_id)
    )
    return {row.assignment_id: row.created_at for row in session.execute(query)}


def places(session: Session, batch_id: str) -> tuple[int, int] | None:
    """The block in which the batch opened, and the mirror's own; None if the mirror has no such batch."""
    opened = session.execute(select(MirrorBatch.opened_block).where(MirrorBatch.batch_id == batch_id)).scalar()
    last = session.execute(select(Checkpoint.block_number)).scalar()
    return None if opened is None or last is None else (opened, last)


def withdrawn_to(session: Session, workers: Collection[str]) -> dict[tuple[str, str], int]:
    """Workers with the other addresses that they had their pay sent to, and the block in which they first did."""
    query = select(ChainEvent.account, ChainEvent.args, ChainEvent.block_number).where(
        ChainEvent.name == "Withdrawn", ChainEvent.account.in_(sorted(workers))
    )
    found: dict[tuple[str, str], int] = {}
    for row in session.execute(query.order_by(ChainEvent.block_number.desc())):
        if row.account != row.args["to"]:
            found[str(row.account), str(row.args["to"])] = row.block_number
    return found


def contents(session: Session, batch_id: str) -> dict[str, dict[str, Any]]:
    query = select(BatchTask.task_id, BatchTask.content).where(BatchTask.batch_id == batch_id)
    return {row.task_id: row.content for row in session.execute(query)}


def kept_look(session: Session, batch_id: str) -> SignalLook | None:
    return session.get(SignalLook, batch_id)


def kept_looks(session: Session, batch_id: str | None) -> Sequence[SignalLook]:
    """Of one batch or of all, the newest look first."""
    query = select(SignalLook).order_by(SignalLook.looked_at.desc(), SignalLook.batch_id)
    return session.execute(query if batch_id is None else query.where(SignalLook.batch_id == batch_id)).scalars().all()


def keep_look(session: Session, row: SignalLook) -> None:
    """In place of the one before."""
    session.merge(row)


def closed(session: Session, batch_id: str, worker: str | None = None) -> Sequence[ClosedSignal]:
    """Oldest first; with `worker` about that one alone."""
    query = select(ClosedSignal).where(ClosedSignal.batch_id == batch_id).order_by(ClosedSignal.position)
    if worker is not None:
        query = query.where(ClosedSignal.worker == worker)
    return session.execute(query).scalars().all()


def digests(session: Session, batch_id: str, worker: str, *, within: int | None = None) -> list[str]:
    """Of a worker's submissions on chain, in their order; those among the batch's first `within`, if given."""
    query = (
        select(MirrorSubmission.worker, MirrorSubmission.work_digest)
        .where(MirrorSubmission.batch_id == batch_id)
        .order_by(MirrorSubmission.block_number, MirrorSubmission.log_index)
        .limit(within)
    )
    return [row.work_digest for row in session.execute(query) if row.worker == worker]
