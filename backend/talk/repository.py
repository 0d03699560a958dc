"""All SQL of messages and ratings; the mirror is only read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from piecework.db.gateway import Assignment, Draft
from piecework.db.mirror import MirrorAccount, MirrorBatch, MirrorPayment, MirrorTally
from piecework.db.people import WorkerList, WorkerListMember
from piecework.db.talk import Message, Rating, ThreadRead

NO_WORK = ("bonus", "direct")
"""Reasons of payments that a requester can make to anybody who never worked for it, for the least unit there is."""


def batch(session: Session, batch_id: str) -> MirrorBatch | None:
    return session.get(MirrorBatch, batch_id)


def title(session: Session, batch_id: str) -> str | None:
    return session.execute(select(Draft.title).where(Draft.batch_id == batch_id)).scalar_one_or_none()


def has_worked(session: Session, batch_id: str, worker: str) -> bool:
    """Whether it was ever given tasks of the batch, here or on chain."""
    given = select(Assignment.assignment_id).where(Assignment.batch_id == batch_id, Assignment.worker == worker)
    if session.execute(given.limit(1)).first() is not None:
        return True
    return session.get(MirrorTally, (batch_id, worker)) is not None


def blocks(session: Session, owner: str, other: str) -> bool:
    """Whether `owner` has a block list that names `other`."""
    query = (
        select(WorkerListMember.worker)
        .join(WorkerList, WorkerList.list_id == WorkerListMember.list_id)
        .where(WorkerList.requester == owner, WorkerList.kind == "block", WorkerListMember.worker == other)
    )
    return session.execute(query.limit(1)).first() is not None


def sent_since(session: Session, sender: str, since: float) -> list[float]:
    """When the sender's messages were sent, oldest first."""
    query = select(Message.created_at).where(Message.sender == sender, Message.created_at > since)
    return list(session.execute(query.order_by(Message.created_at)).scalars())


def messages(
    session: Session, batch_id: str, worker: str, reader: str, before: int | None, limit: int
) -> Sequence[Message]:
    """Of one thread, newest first; none for who is neither of the two."""
    party = or_(Message.worker == reader, Message.requester == reader)
    query = select(Message).where(Message.batch_id == batch_id, Message.worker == worker, party)
    if before is not None:
        query = query.where(Message.position < before)
    return session.execute(query.order_by(Message.position.desc()).limit(limit)).scalars().all()


def threads(session: Session, reader: str, before: int | None, limit: int) -> Sequence[Row[Message, int]]:
    """The last message of each of the reader's threads with how many it has not read, newest first."""
    last = (
        select(func.max(Message.position).label("position"))
        .where(or_(Message.worker == reader, Message.requester == reader))
        .group_by(Message.batch_id, Message.worker)
        .subquery()
    )
    query = select(Message, _unread(reader)).join(last, last.c.position == Message.position)
    if before is not None:
        query = query.where(Message.position < before)
    return session.execute(query.order_by(Message.position.desc()).limit(limit)).all()


def unread(session: Session, reader: str, batch_id: str | None = None, worker: str | None = None) -> int:
    """Messages to the reader that it has not read; of one thread, or of all."""
    other = Message.__table__.alias("other")
    query = (
        select(func.count()).select_from(other).where(_to(other.c, reader), other.c.position > _read(other.c, reader))
    )
    if batch_id is not None:
        query = query.where(other.c.batch_id == batch_id, other.c.worker == worker)
    return int(session.execute(query).scalar_one())


def _unread(reader: str) -> ColumnElement[int]:
    other = Message.__table__.alias("other")
    thread = and_(other.c.batch_id == Message.batch_id, other.c.worker == Message.worker)
    counted = _to(other.c, reader), other.c.position > _read(other.c, reader)
    return select(func.count()).select_from(other).where(thread, *counted).correlate(Message).scalar_subquery()


def _to(columns: object, reader: str) -> ColumnElement[bool]:
    c = columns
    return and_(or_(c.worker == reader, c.requester == reader), c.sender != reader)  # type: ignore[attr-defined]


def _read(columns: object, reader: str) -> ColumnElement[int]:
    c = columns
    own = (
        ThreadRead.batch_id == c.batch_id,  # type: ignore[attr-defined]
        ThreadRead.worker == c.worker,  # type: ignore[attr-defined]
        ThreadRead.reader == reader,
    )
    return func.coalesce(select(ThreadRead.position).where(*own).scalar_subquery(), 0)


def read_to(session: Session, batch_id: str, worker: str, reader: str) -> ThreadRead | None:
    return session.get(ThreadRead, (batch_id, worker, reader))


# --------------------------------------------------------------------- ratings


def paid_assignments(session: Session, batch_id: str, worker: str) -> int:
    """That the chain shows as paid for work; gifts, and pay that nobody had to claim for, are no work."""
    own = (MirrorPayment.batch_id == batch_id, MirrorPayment.worker == worker, _is_work())
    return int(session.execute(select(func.coalesce(func.sum(MirrorPayment.assignments), 0)).where(*own)).scalar_one())


def rating(session: Session, batch_id: str, rater: str, rated: str) -> Rating | None:
    return session.get(Rating, (batch_id, rater, rated))


def ratings(
    session: Session,
    rated: str,
    batch_id: str | None,
    rater: str | None,
    after: Sequence[int | str] | None,
    limit: int,
) -> Sequence[Rating]:
    """Newest first, from below the key (milliseconds, batch, rater); only those whose work the chain still shows."""
    place = tuple_(Rating.updated_at, Rating.batch_id, Rating.rater)
    query = select(Rating).where(Rating.rated == rated, _is_paid())
    if batch_id is not None:
        query = query.where(Rating.batch_id == batch_id)
    if rater is not None:
        query = query.where(Rating.rater == rater)
    if after is not None:
        query = query.where(place < (int(after[0]) / 1_000, after[1], after[2]))
    order = Rating.updated_at.desc(), Rating.batch_id.desc(), Rating.rater.desc()
    return session.execute(query.order_by(*order).limit(limit)).scalars().all()


def summary(session: Session, rated: str) -> tuple[int, int]:
    """How many ratings count, and the sum of their stars."""
    query = select(func.count(), func.coalesce(func.sum(Rating.stars), 0)).where(Rating.rated == rated, _is_paid())
    row = session.execute(query).one()
    return int(row[0]), int(row[1])


def account(session: Session, address: str) -> MirrorAccount | None:
    return session.get(MirrorAccount, address)


def _is_paid() -> ColumnElement[bool]:
    own = (MirrorPayment.batch_id == Rating.batch_id, MirrorPayment.worker == Rating.worker)
    return exists().where(*own, _is_work(), MirrorPayment.assignments > 0)


def _is_work() -> ColumnElement[bool]:
    return MirrorPayment.reason.not_in(NO_WORK)
