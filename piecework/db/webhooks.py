"""Where requesters want to be told what happens, and what is on its way to them."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Float, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from piecework.db.base import Address, Base


class WebhookEndpoint(Base):
    """One URL of one requester."""

    __tablename__ = "webhook_endpoints"

    endpoint_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(Address, index=True)
    url: Mapped[str] = mapped_column(Text)
    names: Mapped[list[str] | None] = mapped_column(JSON)
    """Events that are wanted; None for all."""
    sealed_secret: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), index=True)
    """pending until it proved itself; active; disabled after days of failing, or when it says that it is gone."""
    place: Mapped[str] = mapped_column(String(60))
    """Among the mirror's events, up to which deliveries were made."""
    is_behind: Mapped[bool] = mapped_column(Boolean, default=True)
    """Something may have happened after that place."""
    failures: Mapped[int] = mapped_column(Integer, default=0)
    """In a row."""
    failing_since: Mapped[float | None] = mapped_column(Float)
    next_at: Mapped[float] = mapped_column(Float, default=0.0)
    """Not asked before."""
    leased_until: Mapped[float] = mapped_column(Float, default=0.0)
    """One gateway at a time delivers; after that time another may."""
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(Float)


class WebhookDelivery(Base):
    """One message to one endpoint: stored before it is sent, and kept for a while afterwards."""

    __tablename__ = "webhook_deliveries"

    position: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    message_id: Mapped[str] = mapped_column(String(40), unique=True)
    """The same however often it is sent."""
    endpoint_id: Mapped[str] = mapped_column(String(32), ForeignKey("webhook_endpoints.endpoint_id"))
    place: Mapped[str] = mapped_column(String(60))
    type: Mapped[str] = mapped_column(String(60))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    """queued, delivered or failed."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    status: Mapped[int | None] = mapped_column(Integer)
    """Of the last answer."""
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(Float)
    ended_at: Mapped[float | None] = mapped_column(Float)

    __table_args__ = (Index("ix_webhook_deliveries_queue", "endpoint_id", "state", "position"),)
