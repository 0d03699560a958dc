"""Queries of the waiting room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row, delete, exists, func, insert, literal_column, or_, select, text, update
from sqlalchemy.orm import Session

from piecework.db.draws import DrawCandidate, ReviewLink
from piecework.db.gateway import BatchTask, Draft, ModelAnswers
from piecework.db.mirror import ChainEvent, MirrorAccount, MirrorBatch, MirrorClaim
from piecework.db.people import BatchNeeds, NamedWorker
from piecework.db.waiting import WaitingFile
from piecework.domain.ids import Cid

_LOCK = 0x77616974696E67
"""Names the advisory lock on a PostgreSQL server."""
_AT_A_TIME = 16
_COUNTED = WaitingFile.counted_bytes > literal_column("0")
_NAMED = WaitingFile.counted_bytes == literal_column("0")
"""Whose rows lie in which index: said with a number, as SQLite needs it to use an index of some rows."""


def lock(session: Session) -> None:
    """Until the end of the transaction nobody else takes room: so the bound on all of them holds."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def has_paid_work(session: Session, address: str) -> bool:
    """Whether work that the address asked for or did was accepted and paid."""
    asked = select(MirrorBatch.batch_id).where(MirrorBatch.requester == address, MirrorBatch.accepted > 0)
    did = select(MirrorAccount.address).where(MirrorAccount.address == address, MirrorAccount.accepted > 0)
    return any(session.execute(query.limit(1)).first() is not None for query in (asked, did))


def held_by_share(session: Session, is_known: bool) -> dict[str, int]:
    """Bytes that are counted."""
    own = _COUNTED, WaitingFile.is_known.is_(is_known)
    query = select(WaitingFile.share, func.sum(WaitingFile.counted_bytes)).where(*own)
    return {share: int(total) for share, total in session.execute(query.group_by(WaitingFile.share))}


def counted_bytes(session: Session, holder: str) -> int:
    query = select(func.sum(WaitingFile.counted_bytes)).where(WaitingFile.holder == holder)
    return int(session.execute(query).scalar_one() or 0)


def oldest_holder(session: Session, is_known: bool, share: str, but: str) -> str | None:
    """Of a share, the one that would be forgotten first. What the chain knows already stays."""
    own = _COUNTED, WaitingFile.is_known.is_(is_known), WaitingFile.share == share, WaitingFile.holder != but
    query = select(WaitingFile.holder).where(*own, WaitingFile.holder.not_in(select(MirrorBatch.batch_id)))
    query = query.group_by(WaitingFile.holder).order_by(func.min(WaitingFile.expires_at), WaitingFile.holder)
    return session.execute(query.limit(1)).scalar_one_or_none()


def first_expiry(session: Session, is_known: bool) -> float | None:
    query = select(func.min(WaitingFile.expires_at)).where(_COUNTED, WaitingFile.is_known.is_(is_known))
    return session.execute(query).scalar_one_or_none()


def add(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), _AT_A_TIME):
        session.execute(insert(WaitingFile), rows[start : start + _AT_A_TIME])


def one_of(session: Session, holder: str) -> Row[str, bool, str, int] | None:
    """`cid`, `is_known`, `share` and `counted_bytes` of a holder's first file."""
    columns = WaitingFile.cid, WaitingFile.is_known, WaitingFile.share, WaitingFile.counted_bytes
    query = select(*columns).where(WaitingFile.holder == holder).order_by(WaitingFile.position, WaitingFile.cid)
    return session.execute(query.limit(1)).first()


def count_more(session: Session, holder: str, cid: str, more: int) -> None:
    own = WaitingFile.holder == holder, WaitingFile.cid == cid
    session.execute(update(WaitingFile).where(*own).values(counted_bytes=WaitingFile.counted_bytes + more))


def keep_until(session: Session, holder: str, expires_at: float) -> None:
    session.execute(update(WaitingFile).where(WaitingFile.holder == holder).values(expires_at=expires_at))


def data_of(session: Session, cid: str) -> bytes | None:
    return session.execute(select(WaitingFile.data).where(WaitingFile.cid == cid).limit(1)).scalar_one_or_none()


def is_waiting(session: Session, cid: str) -> bool:
    return session.execute(select(WaitingFile.cid).where(WaitingFile.cid == cid).limit(1)).first() is not None


def uploaded(session: Session, cids: Sequence[str]) -> list[str]:
    """Those of them that wait as somebody's upload."""
    query = select(WaitingFile.cid).where(WaitingFile.cid.in_(cids), WaitingFile.holder.like("%:%"))
    return list(session.execute(query.distinct()).scalars())


def funded(session: Session, from_block: int) -> list[str]:
    """Drafts that wait though the chain has their batch, opened in that block or later."""
    waits = exists().where(WaitingFile.holder == MirrorBatch.batch_id)
    query = select(MirrorBatch.batch_id).where(MirrorBatch.opened_block >= from_block, waits)
    return list(session.execute(query).scalars())


def is_mirrored(session: Session, batch_id: str) -> bool:
    return session.get(MirrorBatch, batch_id) is not None


def expired(session: Session, now: float, limit: int) -> list[str]:
    """Holders of the `limit` files whose time was over first."""
    # Ordered, or SQLite would read all that wait to give each holder once.
    query = select(WaitingFile.holder).where(WaitingFile.expires_at < now).order_by(WaitingFile.expires_at)
    return list(dict.fromkeys(session.execute(query.limit(limit)).scalars()))


def blocks(session: Session, holder: str) -> Iterator[tuple[Cid, bytes]]:
    """In the order in which they are stored, a few at a time."""
    query = select(WaitingFile.cid, WaitingFile.data).where(WaitingFile.holder == holder)
    query = query.order_by(WaitingFile.position).execution_options(yield_per=_AT_A_TIME)
    for cid, data in session.execute(query):
        yield Cid(cid), data


def newest_holders(session: Session, share: str, prefix: str) -> list[str]:
    """Of a share of what waits for a name, those whose own name begins so, newest first."""
    own = _NAMED, WaitingFile.share == share
    query = select(WaitingFile.holder).where(*own, WaitingFile.holder.startswith(prefix, autoescape=True))
    query = query.group_by(WaitingFile.holder).order_by(func.max(WaitingFile.expires_at).desc(), WaitingFile.holder)
    return list(session.execute(query).scalars())


def named_after(session: Session, share: str, holder: str, limit: int) -> list[str]:
    """Of a share of what waits for a name, the first holders after that one in the database's order."""
    query = select(WaitingFile.holder).where(_NAMED, WaitingFile.share == share, WaitingFile.holder > holder)
    return list(session.execute(query.distinct().order_by(WaitingFile.holder).limit(limit)).scalars())


def holders_of(session: Session, share: str, cids: Sequence[str]) -> list[str]:
    """Of a share, who has one of the files."""
    query = select(WaitingFile.holder).where(WaitingFile.cid.in_(cids), WaitingFile.share == share)
    return list(session.execute(query.distinct()).scalars())


def events(session: Session, name: str, from_block: int) -> Sequence[dict[str, Any]]:
    """Their arguments."""
    query = select(ChainEvent.args).where(ChainEvent.block_number >= from_block, ChainEvent.name == name)
    return session.execute(query).scalars().all()


def last_block(session: Session) -> int:
    """Of the newest event."""
    return session.execute(select(func.max(ChainEvent.block_number))).scalar_one() or 0


def claimed(session: Session, digests: Sequence[str]) -> set[str]:
    """Those of the task lists' digests that a claim on chain names."""
    query = select(MirrorClaim.tasks_digest).where(MirrorClaim.tasks_digest.in_(digests))
    return set(session.execute(query.distinct()).scalars())


def leave(session: Session, holder: str) -> None:
    """The files are stored, and wait no more."""
    session.execute(delete(WaitingFile).where(WaitingFile.holder == holder))


def forget(session: Session, holder: str) -> None:
    """The files, and the draft that they were of. Nothing on chain may know it."""
    leave(session, holder)
    for table in (ModelAnswers, NamedWorker, BatchNeeds, BatchTask, Draft):
        session.execute(delete(table).where(table.batch_id == holder))
    session.execute(delete(DrawCandidate).where(DrawCandidate.review_batch_id == holder))
    session.execute(delete(ReviewLink).where(or_(ReviewLink.review_batch_id == holder, ReviewLink.batch_id == holder)))
