"""Queries of the bonuses feature; the mirror is only read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from piecework.db.gateway import Draft
from piecework.db.mirror import ChainEvent, MirrorPayment, MirrorTally

Key = Sequence[int | str] | None


def works_in(session: Session, batch_id: str, worker: str) -> bool:
    """Whether the worker ever took, or was paid for, work of the batch."""
    if session.get(MirrorTally, (batch_id, worker)) is not None:
        return True
    query = select(MirrorPayment.log_index).where(MirrorPayment.batch_id == batch_id, MirrorPayment.worker == worker)
    return session.execute(query.where(MirrorPayment.assignments > 0).limit(1)).first() is not None


def workers(session: Session, batch_id: str, after: Key, limit: int) -> Sequence[MirrorTally]:
    """Who took work of the batch, by address."""
    query = select(MirrorTally).where(MirrorTally.batch_id == batch_id)
    if after is not None:
        query = query.where(MirrorTally.worker > after[0])
    return session.execute(query.order_by(MirrorTally.worker).limit(limit)).scalars().all()


def payments(session: Session, batch_id: str, workers: Sequence[str]) -> Sequence[MirrorPayment]:
    """Every credit of these workers in the batch."""
    query = select(MirrorPayment).where(MirrorPayment.batch_id == batch_id, MirrorPayment.worker.in_(workers))
    return session.execute(query).scalars().all()


def bonuses(
    session: Session, before: Key, limit: int, *, batch_id: str | None = None, worker: str | None = None
) -> Sequence[ChainEvent]:
    """`BonusPaid` of a batch or to a worker, newest first, from below the key (block, log index)."""
    place = tuple_(MirrorPayment.block_number, MirrorPayment.log_index)
    same = (ChainEvent.block_number == MirrorPayment.block_number, ChainEvent.log_index == MirrorPayment.log_index)
    query = select(ChainEvent).join(MirrorPayment, same[0] & same[1]).where(MirrorPayment.reason == "bonus")
    if batch_id is not None:
        query = query.where(MirrorPayment.batch_id == batch_id)
    if worker is not None:
        query = query.where(MirrorPayment.worker == worker)
    if before is not None:
        query = query.where(place < (before[0], before[1]))
    newest_first = MirrorPayment.block_number.desc(), MirrorPayment.log_index.desc()
    return session.execute(query.order_by(*newest_first).limit(limit)).scalars().all()


def titles(session: Session, batch_ids: set[str]) -> dict[str, str]:
    """Of batches that were drafted here."""
    found = session.execute(select(Draft.batch_id, Draft.title).where(Draft.batch_id.in_(batch_ids)))
    return {row.batch_id: row.title for row in found}
