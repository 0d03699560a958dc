"""All SQL of webhooks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from piecework.db.mirror import ChainEvent, MirrorBatch
from piecework.db.webhooks import WebhookDelivery, WebhookEndpoint


def of_owner(owner: str) -> ColumnElement[bool]:
    """Events of every batch of that requester."""
    return ChainEvent.batch_id.in_(select(MirrorBatch.batch_id).where(MirrorBatch.requester == owner))


def endpoints(session: Session, owner: str) -> Sequence[WebhookEndpoint]:
    query = select(WebhookEndpoint).where(WebhookEndpoint.owner == owner)
    return session.execute(query.order_by(WebhookEndpoint.created_at, WebhookEndpoint.endpoint_id)).scalars().all()


def endpoint(session: Session, endpoint_id: str) -> WebhookEndpoint | None:
    return session.get(WebhookEndpoint, endpoint_id)


def locked(session: Session, endpoint_id: str) -> WebhookEndpoint | None:
    """For a change that must not meet another."""
    query = select(WebhookEndpoint).where(WebhookEndpoint.endpoint_id == endpoint_id).with_for_update()
    return session.execute(query).scalar_one_or_none()


def drop(session: Session, endpoint_id: str) -> None:
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id))
    session.execute(delete(WebhookEndpoint).where(WebhookEndpoint.endpoint_id == endpoint_id))


def mark_behind(session: Session, owners: Collection[str] | None = None) -> None:
    """Something happened: for these owners, or perhaps for all."""
    # Marked ones too: whoever makes messages just now and read before this may be about to take the mark away.
    told = WebhookEndpoint.state == "active"
    if owners is not None:
        told = and_(told, WebhookEndpoint.owner.in_(owners))
    session.execute(update(WebhookEndpoint).where(told).values(is_behind=True))


def owners_of(session: Session, batch_ids: Iterable[str]) -> set[str]:
    """Requesters of these batches who have an endpoint that is told."""
    query = (
        select(MirrorBatch.requester)
        .join(WebhookEndpoint, WebhookEndpoint.owner == MirrorBatch.requester)
        .where(MirrorBatch.batch_id.in_(set(batch_ids)), WebhookEndpoint.state == "active")
    )
    return set(session.execute(query.distinct()).scalars())


def due(session: Session, now: float, limit: int) -> set[str]:
    """Active endpoints with something to make or to send, whose time has come, and that nobody works on."""
    queued = select(WebhookDelivery.position).where(
        WebhookDelivery.endpoint_id == WebhookEndpoint.endpoint_id, WebhookDelivery.state == "queued"
    )
    query = (
        select(WebhookEndpoint.endpoint_id)
        .where(
            WebhookEndpoint.state == "active",
            WebhookEndpoint.next_at <= now,
            WebhookEndpoint.leased_until <= now,
            or_(WebhookEndpoint.is_behind, queued.exists()),
        )
        .order_by(WebhookEndpoint.next_at)
        .limit(limit)
    )
    return set(session.execute(query).scalars())


def lease(session: Session, endpoint_id: str, now: float, until: float) -> bool:
    """Takes an endpoint; False if somebody else has it, or it is not told anything now."""
    free = and_(
        WebhookEndpoint.endpoint_id == endpoint_id,
        WebhookEndpoint.state == "active",
        WebhookEndpoint.leased_until <= now,
        WebhookEndpoint.next_at <= now,
    )
    return _changed(session, update(WebhookEndpoint).where(free).values(leased_until=until))


def keep_lease(session: Session, endpoint_id: str, held: float, until: float, **changes: Any) -> bool:
    """Moves a lease that is still ours, and writes down `changes`; False if it was lost meanwhile."""
    own = and_(WebhookEndpoint.endpoint_id == endpoint_id, WebhookEndpoint.leased_until == held)
    return _changed(session, update(WebhookEndpoint).where(own).values(leased_until=until, **changes))


def _changed(session: Session, statement: Any) -> bool:
    return bool(session.execute(statement.execution_options(synchronize_session=False)).rowcount == 1)  # type: ignore[attr-defined]


def postpone(session: Session, endpoint_id: str, until: float, error: str) -> None:
    own = WebhookEndpoint.endpoint_id == endpoint_id
    session.execute(update(WebhookEndpoint).where(own).values(next_at=until, last_error=error))


def queued(session: Session, endpoint_id: str) -> WebhookDelivery | None:
    """The oldest message that waits."""
    query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == "queued")
    return session.execute(query.order_by(WebhookDelivery.position).limit(1)).scalar_one_or_none()


def count_queued(session: Session, endpoint_id: str) -> int:
    own = and_(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == "queued")
    return session.execute(select(func.count()).select_from(WebhookDelivery).where(own)).scalar_one()


def deliveries(session: Session, endpoint_id: str, before: int | None, limit: int) -> Sequence[WebhookDelivery]:
    """Newest first."""
    query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    if before is not None:
        query = query.where(WebhookDelivery.position < before)
    return session.execute(query.order_by(WebhookDelivery.position.desc()).limit(limit)).scalars().all()


def newest_places(session: Session, endpoint_id: str, limit: int) -> Sequence[str]:
    """Of what was told, newest first."""
    query = select(WebhookDelivery.place).where(WebhookDelivery.endpoint_id == endpoint_id)
    return session.execute(query.order_by(WebhookDelivery.position.desc()).limit(limit)).scalars().all()


def forget(session: Session, endpoint_id: str) -> None:
    """Every message to an endpoint that the chain's events make, so that they can be made again."""
    made = (WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.type.startswith("chain.", autoescape=True))
    session.execute(delete(WebhookDelivery).where(*made))


def forget_ended(session: Session, before: float) -> None:
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.ended_at < before))
