"""All SQL of the reports feature; it only reads."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from piecework.db.gateway import Assignment, Decision, Draft
from piecework.db.mirror import (
    MirrorAccount,
    MirrorBatch,
    MirrorPayment,
    MirrorSettlement,
    MirrorSubmission,
    MirrorTally,
)

Work = Row[MirrorTally, MirrorBatch, Draft | None]


def batch(session: Session, batch_id: str) -> Row[MirrorBatch, Draft | None] | None:
    query = select(MirrorBatch, Draft).outerjoin(Draft, Draft.batch_id == MirrorBatch.batch_id)
    return session.execute(query.where(MirrorBatch.batch_id == batch_id)).first()


def submitted(session: Session, batch_id: str) -> Sequence[Assignment]:
    """Assignments whose answers are committed on chain, in the order of the chain."""
    query = (
        select(Assignment)
        .join(
            MirrorSubmission,
            (MirrorSubmission.work_digest == Assignment.work_digest)
            & (MirrorSubmission.worker == Assignment.worker)
            & (MirrorSubmission.batch_id == Assignment.batch_id),
        )
        .where(Assignment.batch_id == batch_id)
        .order_by(MirrorSubmission.block_number, MirrorSubmission.log_index)
    )
    return session.execute(query).scalars().all()


def paid_units(session: Session, batch_id: str) -> int:
    """To workers, bonuses included; summed here, since sums of SQLite end at 2^63."""
    query = select(MirrorPayment.amount_units).where(MirrorPayment.batch_id == batch_id)
    return sum(session.execute(query).scalars())


def verdicts(session: Session, batch_id: str) -> dict[tuple[str, str], int]:
    """Answers decided on chain by (worker, decision)."""
    query = (
        select(Decision.worker, Decision.decision, func.count())
        .where(Decision.batch_id == batch_id, Decision.settled)
        .group_by(Decision.worker, Decision.decision)
    )
    return {(worker, decision): count for worker, decision, count in session.execute(query)}


def account(session: Session, address: str) -> MirrorAccount | None:
    return session.get(MirrorAccount, address)


def work(session: Session, worker: str, limit: int) -> Sequence[Work]:
    """Batches that the worker had a hand in, newest first."""
    query = (
        select(MirrorTally, MirrorBatch, Draft)
        .join(MirrorBatch, MirrorBatch.batch_id == MirrorTally.batch_id)
        .outerjoin(Draft, Draft.batch_id == MirrorTally.batch_id)
        .where(MirrorTally.worker == worker)
        .order_by(MirrorBatch.opened_block.desc(), MirrorBatch.opened_log_index.desc())
    )
    return session.execute(query.limit(limit)).all()


def earned(session: Session, worker: str) -> dict[str, tuple[int, int]]:
    """Assignments paid and units earned, by batch."""
    found: dict[str, tuple[int, int]] = {}
    query = select(MirrorPayment.batch_id, MirrorPayment.assignments, MirrorPayment.amount_units)
    for batch_id, assignments, units in session.execute(query.where(MirrorPayment.worker == worker)):
        before = found.get(batch_id, (0, 0))
        found[batch_id] = (before[0] + assignments, before[1] + units)
    return found


def settlements(session: Session, batch_id: str) -> Sequence[MirrorSettlement]:
    query = select(MirrorSettlement).where(MirrorSettlement.batch_id == batch_id).order_by(MirrorSettlement.nonce)
    return session.execute(query).scalars().all()


def own_answers(session: Session, batch_id: str, worker: str) -> Sequence[Assignment]:
    query = select(Assignment).where(Assignment.batch_id == batch_id, Assignment.worker == worker)
    return session.execute(query.where(Assignment.work_digest.is_not(None))).scalars().all()
