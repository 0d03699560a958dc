"""All SQL of the matching feature; the mirror is only read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, and_, delete, func, or_, select, tuple_
from sqlalchemy.orm import Session

from piecework.db.gateway import Draft
from piecework.db.mirror import MirrorAccount, MirrorBatch, MirrorCredential
from piecework.db.people import BatchNeeds, NamedWorker, WorkerList, WorkerListMember, WorkerProfile

Candidate = Row[MirrorBatch, Draft, BatchNeeds]


def profile(session: Session, address: str) -> WorkerProfile | None:
    return session.get(WorkerProfile, address)


def forget_profile(session: Session, address: str) -> None:
    session.execute(delete(WorkerProfile).where(WorkerProfile.address == address))


def record(session: Session, address: str) -> MirrorAccount | None:
    return session.get(MirrorAccount, address)


def credentials(session: Session, holder: str, now: int) -> Sequence[MirrorCredential]:
    """Those that count: granted, not refused, not expired."""
    lasts = or_(MirrorCredential.expiry == 0, MirrorCredential.expiry >= now)
    own = (MirrorCredential.holder == holder, MirrorCredential.granted_at > 0, MirrorCredential.refused.is_(False))
    return session.execute(select(MirrorCredential).where(*own, lasts)).scalars().all()


def lists_naming(session: Session, worker: str) -> Sequence[WorkerList]:
    query = select(WorkerList).join(WorkerListMember, WorkerListMember.list_id == WorkerList.list_id)
    return session.execute(query.where(WorkerListMember.worker == worker)).scalars().all()


def needs(session: Session, batch_id: str) -> BatchNeeds | None:
    return session.get(BatchNeeds, batch_id)


def add_needs(session: Session, row: BatchNeeds, *, allow: Sequence[str], block: Sequence[str]) -> None:
    """Who stands on both lists is blocked."""
    session.add(row)
    named = dict.fromkeys(allow, True) | dict.fromkeys(block, False)
    session.add_all(NamedWorker(batch_id=row.batch_id, worker=worker, allowed=yes) for worker, yes in named.items())


def naming(session: Session, worker: str) -> Sequence[NamedWorker]:
    """Batches that name the worker on a list of their own."""
    return session.execute(select(NamedWorker).where(NamedWorker.worker == worker)).scalars().all()


def candidates(
    session: Session, *, now: int, assigners: Sequence[str], after: tuple[int, str] | None, limit: int
) -> Sequence[Candidate]:
    """Open batches whose tasks this gateway hands out, the best paid first, from below the key (pay, batch)."""
    is_open = and_(MirrorBatch.closed_at.is_(None), MirrorBatch.claim_by >= now, MirrorBatch.free > 0)
    place = (BatchNeeds.units_per_hour, BatchNeeds.batch_id)
    query = (
        select(MirrorBatch, Draft, BatchNeeds)
        .join(BatchNeeds, BatchNeeds.batch_id == MirrorBatch.batch_id)
        .join(Draft, Draft.batch_id == MirrorBatch.batch_id)
        .where(is_open, MirrorBatch.assigner.in_(assigners), Draft.is_revealed.is_(False))
    )
    if after is not None:
        query = query.where(tuple_(*place) < after)
    return session.execute(query.order_by(*(column.desc() for column in place)).limit(limit)).all()


# ----------------------------------------------------------------------- lists


def lists(session: Session, requester: str) -> Sequence[Row[WorkerList, int]]:
    """With how many workers are on each, by name."""
    query = (
        select(WorkerList, func.count(WorkerListMember.worker))
        .outerjoin(WorkerListMember, WorkerListMember.list_id == WorkerList.list_id)
        .where(WorkerList.requester == requester)
        .group_by(WorkerList.list_id)
        .order_by(WorkerList.name)
    )
    return session.execute(query).all()


def worker_list(session: Session, list_id: str) -> WorkerList | None:
    return session.get(WorkerList, list_id)


def list_named(session: Session, requester: str, name: str) -> WorkerList | None:
    query = select(WorkerList).where(WorkerList.requester == requester, WorkerList.name == name)
    return session.execute(query).scalar_one_or_none()


def owned_pools(session: Session, requester: str, list_ids: Sequence[str]) -> set[str]:
    own = (WorkerList.requester == requester, WorkerList.kind == "pool", WorkerList.list_id.in_(list_ids))
    return set(session.execute(select(WorkerList.list_id).where(*own)).scalars())


def members(session: Session, list_id: str, after: str | None, limit: int) -> Sequence[str]:
    query = select(WorkerListMember.worker).where(WorkerListMember.list_id == list_id)
    if after is not None:
        query = query.where(WorkerListMember.worker > after)
    return session.execute(query.order_by(WorkerListMember.worker).limit(limit)).scalars().all()


def members_among(session: Session, list_id: str, workers: Sequence[str]) -> set[str]:
    query = select(WorkerListMember.worker).where(
        WorkerListMember.list_id == list_id, WorkerListMember.worker.in_(workers)
    )
    return set(session.execute(query).scalars())


def member_count(session: Session, list_id: str) -> int:
    query = select(func.count()).select_from(WorkerListMember).where(WorkerListMember.list_id == list_id)
    return int(session.execute(query).scalar_one())


def add_members(session: Session, list_id: str, workers: Sequence[str]) -> None:
    session.add_all(WorkerListMember(list_id=list_id, worker=worker) for worker in workers)


def drop_members(session: Session, list_id: str, workers: Sequence[str] | None) -> None:
    """Every one if `workers` is None."""
    query = delete(WorkerListMember).where(WorkerListMember.list_id == list_id)
    session.execute(query if workers is None else query.where(WorkerListMember.worker.in_(workers)))
