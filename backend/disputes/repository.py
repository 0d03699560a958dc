"""Queries of the disputes feature; the mirror is only read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, or_, select, tuple_
from sqlalchemy.orm import Session

from piecework.db.gateway import Draft
from piecework.db.mirror import MirrorAccount, MirrorBatch, MirrorDispute, MirrorRejection, MirrorTally

Rejected = Row[MirrorTally, MirrorBatch, Draft | None]


def batch(session: Session, batch_id: str) -> MirrorBatch | None:
    return session.get(MirrorBatch, batch_id)


def rejected_work(session: Session, worker: str, batch_id: str | None, limit: int) -> Sequence[Rejected]:
    """The worker's tallies with rejections that are contestable or disputed, newest batch first."""
    query = (
        select(MirrorTally, MirrorBatch, Draft)
        .join(MirrorBatch, MirrorBatch.batch_id == MirrorTally.batch_id)
        .outerjoin(Draft, Draft.batch_id == MirrorTally.batch_id)
        .where(MirrorTally.worker == worker, or_(MirrorTally.contestable > 0, MirrorTally.disputed > 0))
        .order_by(MirrorBatch.opened_block.desc(), MirrorBatch.opened_log_index.desc())
    )
    if batch_id is not None:
        query = query.where(MirrorTally.batch_id == batch_id)
    return session.execute(query.limit(limit)).all()


def rejections(
    session: Session, batch_id: str, worker: str, until_block: int | None = None
) -> Sequence[MirrorRejection]:
    """Newest first."""
    query = select(MirrorRejection).where(MirrorRejection.batch_id == batch_id, MirrorRejection.worker == worker)
    if until_block is not None:
        query = query.where(MirrorRejection.block_number <= until_block)
    newest_first = MirrorRejection.block_number.desc(), MirrorRejection.log_index.desc()
    return session.execute(query.order_by(*newest_first)).scalars().all()


def owed_units(session: Session, address: str) -> int:
    row = session.get(MirrorAccount, address)
    return row.owed_units if row else 0


def dispute(session: Session, dispute_id: str) -> MirrorDispute | None:
    return session.get(MirrorDispute, dispute_id)


def open_dispute(session: Session, batch_id: str, worker: str) -> MirrorDispute | None:
    own = (MirrorDispute.batch_id == batch_id, MirrorDispute.worker == worker, MirrorDispute.state == "open")
    return session.execute(select(MirrorDispute).where(*own)).scalar_one_or_none()


def listed(
    session: Session,
    *,
    batch_id: str | None,
    worker: str | None,
    arbitrator: str | None,
    state: str | None,
    before: Sequence[int | str] | None,
    limit: int,
) -> Sequence[MirrorDispute]:
    """Newest first, from below the key (block, log index)."""
    query = select(MirrorDispute)
    wanted = {
        MirrorDispute.batch_id: batch_id,
        MirrorDispute.worker: worker,
        MirrorDispute.arbitrator: arbitrator,
        MirrorDispute.state: state,
    }
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        place = tuple_(MirrorDispute.opened_block, MirrorDispute.opened_log_index)
        query = query.where(place < (before[0], before[1]))
    newest_first = MirrorDispute.opened_block.desc(), MirrorDispute.opened_log_index.desc()
    return session.execute(query.order_by(*newest_first).limit(limit)).scalars().all()


def open_cases(session: Session, arbitrator: str, limit: int) -> Sequence[MirrorDispute]:
    """Open disputes before an arbitrator, the one that ends first first."""
    own = (MirrorDispute.state == "open", MirrorDispute.arbitrator == arbitrator)
    query = select(MirrorDispute).where(*own).order_by(MirrorDispute.ruling_end, MirrorDispute.dispute_id)
    return session.execute(query.limit(limit)).scalars().all()
