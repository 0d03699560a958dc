"""Queries of the receipts feature; the mirror is only read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from sqlalchemy import Row, and_, or_, select
from sqlalchemy.orm import Session

from piecework.db.mirror import ChainEvent, MirrorBatch, MirrorDispute
from piecework.domain.receipts import MONEY_EVENTS

Found = Row[ChainEvent, MirrorBatch | None]
_OF_BATCHES = ("Paid", "FeePaid", "FeeLocked", "FeeReleased", "Ruled", "RejectionReleased", "BonusPaid")
"""Events of a requester's batch that are about somebody else in the first place."""


def money_events(session: Session, address: str, at_a_time: int) -> Iterator[Found]:
    """Every event that may stand in the books of an address with its batch, oldest first, read by and by.

    Beside its own these are the rulings on disputes that it arbitrates or put up the bond for.
    """
    own_batches = select(MirrorBatch.batch_id).where(MirrorBatch.requester == address)
    is_near = or_(MirrorDispute.arbitrator == address, MirrorDispute.poster == address)
    near = select(MirrorDispute.batch_id).where(is_near)
    query = (
        select(ChainEvent, MirrorBatch)
        .outerjoin(MirrorBatch, MirrorBatch.batch_id == ChainEvent.batch_id)
        .where(
            ChainEvent.name.in_(MONEY_EVENTS),
            or_(
                ChainEvent.account == address,
                and_(ChainEvent.batch_id.in_(own_batches), ChainEvent.name.in_(_OF_BATCHES)),
                and_(ChainEvent.batch_id.in_(near), ChainEvent.name == "Ruled"),
            ),
        )
        .order_by(ChainEvent.block_number, ChainEvent.log_index)
        .execution_options(yield_per=at_a_time)
    )
    with closing(session.execute(query)) as rows:
        yield from rows


def dispute(session: Session, dispute_id: str) -> MirrorDispute | None:
    return session.get(MirrorDispute, dispute_id)
