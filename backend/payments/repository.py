"""Queries of the payments feature; the mirror is only read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from piecework.db.mirror import ChainEvent, MirrorAccount, MirrorBatch, MirrorPayment, MirrorTally


def account(session: Session, address: str) -> MirrorAccount | None:
    return session.get(MirrorAccount, address)


def pending(session: Session, address: str) -> tuple[int, int | None]:
    """Token units of submitted and undecided assignments, and when the last of their reviews ends."""
    waiting = MirrorTally.old_lot + MirrorTally.young_lot
    query = (
        select(MirrorTally, MirrorBatch.reward_units)
        .join(MirrorBatch, MirrorBatch.batch_id == MirrorTally.batch_id)
        .where(MirrorTally.worker == address, waiting > 0)
    )
    units, until = 0, None
    for tally, reward_units in session.execute(query):
        units += (tally.old_lot + tally.young_lot) * reward_units
        last = tally.young_review_end if tally.young_lot else tally.old_review_end
        until = max(until or 0, last)
    return units, until


def withdrawn_units(session: Session, address: str) -> int:
    """Token units that left the escrow for this account; summed here, since SQLite's sums turn into floats."""
    query = select(ChainEvent.args).where(ChainEvent.account == address, ChainEvent.name == "Withdrawn")
    return sum(int(args["amount"]) for args in session.execute(query).scalars())


def requester_totals(session: Session, address: str) -> tuple[int, ...]:
    """Batches, funded, accepted and refunded assignments of a requester."""
    columns = (func.count(), *(func.coalesce(func.sum(c), 0) for c in _SUMMED))
    row = session.execute(select(*columns).where(MirrorBatch.requester == address)).one()
    return tuple(int(value) for value in row)


_SUMMED = (MirrorBatch.funded, MirrorBatch.accepted, MirrorBatch.refunded)


def requester_events(session: Session, address: str, name: str) -> int:
    """Assignments in `Rejected` or `Overturned` events of a requester's batches."""
    own = select(MirrorBatch.batch_id).where(MirrorBatch.requester == address)
    rows = session.execute(select(ChainEvent.args).where(ChainEvent.name == name, ChainEvent.batch_id.in_(own)))
    return sum(int(args["count"]) for args in rows.scalars())


def payments(session: Session, address: str, before: Sequence[int | str] | None, limit: int) -> Sequence[MirrorPayment]:
    """Newest first, from below the key (block, log index)."""
    place = tuple_(MirrorPayment.block_number, MirrorPayment.log_index)
    query = select(MirrorPayment).where(MirrorPayment.worker == address)
    if before is not None:
        query = query.where(place < (before[0], before[1]))
    newest_first = MirrorPayment.block_number.desc(), MirrorPayment.log_index.desc()
    return session.execute(query.order_by(*newest_first).limit(limit)).scalars().all()


def withdrawals(session: Session, address: str, limit: int) -> Sequence[ChainEvent]:
    query = select(ChainEvent).where(ChainEvent.account == address, ChainEvent.name == "Withdrawn")
    newest_first = ChainEvent.block_number.desc(), ChainEvent.log_index.desc()
    return session.execute(query.order_by(*newest_first).limit(limit)).scalars().all()
