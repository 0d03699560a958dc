"""Queries of the receipts feature; the mirror is only read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, and_, or_, select, tuple_
from sqlalchemy.orm import Session

from backend.events import Place
from piecework.db.mirror import ChainEvent, MirrorBatch, MirrorDispute
from piecework.domain.receipts import MONEY_EVENTS

Found = Row[ChainEvent, MirrorBatch | None]
_OF_BATCHES = ("Paid", "FeePaid", "FeeLocked", "FeeReleased", "Ruled", "RejectionReleased", "BonusPaid")
"""Events of a requester's batch that are about somebody else in the first place."""


def money_events(session: Session, address: str, after: Place, limit: int) -> Sequence[Found]:
    """The next events that may stand in the books of an address with their batches, oldest first.

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
        .where(tuple_(ChainEvent.block_number, ChainEvent.log_index) > (after.block_number, after.log_index))
        .order_by(ChainEvent.block_number, ChainEvent.log_index)
        .limit(limit)
    )
    return session.execute(query).all()


def dispute(session: Session, dispute_id: str) -> MirrorDispute | None:
    return session.get(MirrorDispute, dispute_id)
