"""Rows of the search table: read with what they follow from, and written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from backend.search.repository import LOG_BITS
from piecework.db.gateway import Draft
from piecework.db.mirror import MirrorBatch, MirrorRejection
from piecework.db.search import SearchBatch

PLACE = MirrorBatch.opened_block * 2**LOG_BITS + MirrorBatch.opened_log_index
"""`seq` of a batch of the mirror."""


def place_of(batch: MirrorBatch) -> int:
    """`seq` of a batch."""
    return (batch.opened_block << LOG_BITS) + batch.opened_log_index


@dataclass(frozen=True, slots=True)
class Record:
    """What a requester did so far, of the mirror."""

    paid: int = 0
    rejected: int = 0

    @property
    def approval_percent(self) -> int | None:
        decided = self.paid + self.rejected
        return self.paid * 100 // decided if decided else None


def batches(session: Session, batch_ids: Sequence[str]) -> list[tuple[MirrorBatch, Draft | None]]:
    """Of the mirror, with their drafts where they were drafted here."""
    query = select(MirrorBatch, Draft).outerjoin(Draft, Draft.batch_id == MirrorBatch.batch_id)
    return [(row[0], row[1]) for row in session.execute(query.where(MirrorBatch.batch_id.in_(batch_ids)))]


def known(session: Session, batch_ids: Sequence[str]) -> list[SearchBatch]:
    return list(session.execute(select(SearchBatch).where(SearchBatch.batch_id.in_(batch_ids))).scalars())


def records(session: Session, requesters: Iterable[str]) -> dict[str, Record]:
    """Assignments that they paid, and that were rejected, in all of their batches."""
    names = sorted(set(requesters))
    paid = (
        select(MirrorBatch.requester, func.sum(MirrorBatch.accepted))
        .where(MirrorBatch.requester.in_(names))
        .group_by(MirrorBatch.requester)
    )
    rejected = (
        select(MirrorBatch.requester, func.sum(MirrorRejection.count))
        .join(MirrorRejection, MirrorRejection.batch_id == MirrorBatch.batch_id)
        .where(MirrorBatch.requester.in_(names))
        .group_by(MirrorBatch.requester)
    )
    refused = {row[0]: int(row[1]) for row in session.execute(rejected)}
    return {row[0]: Record(int(row[1]), refused.get(row[0], 0)) for row in session.execute(paid)}


def with_older_record(session: Session, requester: str, record: Record, limit: int) -> list[str]:
    """The requester's batches whose rows still tell another record."""
    percent = record.approval_percent
    differs = or_(
        SearchBatch.requester_paid != record.paid, SearchBatch.requester_approval_percent.is_distinct_from(percent)
    )
    query = select(SearchBatch.batch_id).where(SearchBatch.requester == requester, differs).limit(limit)
    return list(session.execute(query).scalars())


def opened_after(session: Session, seq: int, limit: int) -> Sequence[Row[tuple[str, int]]]:
    """Batches of the mirror that were opened later, oldest first, with their `seq`."""
    block, log = seq >> LOG_BITS, seq & (2**LOG_BITS - 1)
    order = MirrorBatch.opened_block, MirrorBatch.opened_log_index
    # Compared as a pair, which begins in the index; with OR both databases would read all earlier batches as well.
    later = tuple_(*order) > (block, log)
    return session.execute(select(MirrorBatch.batch_id, PLACE).where(later).order_by(*order).limit(limit)).all()


def newest(session: Session) -> int:
    """`seq` of the last row, or -1."""
    found = session.execute(select(func.max(SearchBatch.seq))).scalar_one()
    return -1 if found is None else int(found)


def overdue(session: Session, now: int, limit: int) -> list[str]:
    """Rows that call a batch live whose last day for claims is over."""
    over = and_(SearchBatch.is_live.is_(True), SearchBatch.claim_by < now)
    return list(session.execute(select(SearchBatch.batch_id).where(over).limit(limit)).scalars())


def worked_on(session: Session, now: int) -> list[str]:
    """Batches that take claims and have work to measure."""
    live = and_(MirrorBatch.closed_at.is_(None), MirrorBatch.claim_by >= now)
    some = MirrorBatch.submitted + MirrorBatch.contestable + MirrorBatch.accepted > 0
    return list(session.execute(select(MirrorBatch.batch_id).where(live, some)).scalars())


def awaited(session: Session, now: float, limit: int) -> list[SearchBatch]:
    """Rows whose manifest is to be looked for now."""
    query = select(SearchBatch).where(SearchBatch.retry_at <= now).order_by(SearchBatch.retry_at).limit(limit)
    return list(session.execute(query).scalars())


def differing(session: Session, now: int) -> list[str]:
    """Every batch whose row is missing, too much, or of another opening, or wrong about being live."""
    live = and_(MirrorBatch.closed_at.is_(None), MirrorBatch.claim_by >= now)
    row = SearchBatch.batch_id == MirrorBatch.batch_id
    wrong = or_(SearchBatch.batch_id.is_(None), SearchBatch.seq != PLACE, SearchBatch.is_live != live)
    without = select(MirrorBatch.batch_id).outerjoin(SearchBatch, row).where(wrong)
    gone = select(SearchBatch.batch_id).outerjoin(MirrorBatch, row).where(MirrorBatch.batch_id.is_(None))
    return [*session.execute(without).scalars(), *session.execute(gone).scalars()]


def requesters(session: Session) -> list[str]:
    return list(session.execute(select(SearchBatch.requester).distinct()).scalars())
