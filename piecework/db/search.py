"""What the gateway found out about batches on chain so that people can search for them.

Only the gateway writes here, from manifests that it pinned or fetched; everything can be thrown away and built again.
The words themselves stand in an index of the database's own kind (`backend/search/`).
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Float, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from piecework.db.base import Address, Base, Digest, Units


class SearchBatch(Base):
    """One batch whose opening the mirror shows, with what filters compare."""

    __tablename__ = "search_batches"

    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    """Block and log index of the opening in one number: later is larger."""
    batch_id: Mapped[str] = mapped_column(Digest, unique=True)
    requester: Mapped[str] = mapped_column(Address, index=True)
    manifest: Mapped[str] = mapped_column(Digest)
    source: Mapped[str] = mapped_column(String(12))
    """Where the words are from: manifest or draft; none while it is not found, unreadable if it is no manifest."""
    retry_at: Mapped[float | None] = mapped_column(Float)
    """Unix seconds when the manifest is looked for again; None if that is done."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    title: Mapped[str | None] = mapped_column(String(200))
    instructions: Mapped[str | None] = mapped_column(String(20_000))
    task_type: Mapped[str | None] = mapped_column(String(20))
    skills: Mapped[list[str]] = mapped_column(JSON)
    languages: Mapped[list[str]] = mapped_column(JSON)
    countries: Mapped[list[str]] = mapped_column(JSON)
    pay_units_per_hour: Mapped[int | None] = mapped_column(Units)
    """By the manifest's estimate until times were measured."""
    pay_is_measured: Mapped[bool] = mapped_column(Boolean, default=False)
    requester_paid: Mapped[int] = mapped_column(BigInteger, default=0)
    """Assignments that its requester has paid in all of its batches."""
    requester_approval_percent: Mapped[int | None] = mapped_column(Integer)
    """Of assignments that were paid or rejected; None before the first."""
    is_live: Mapped[bool] = mapped_column(Boolean)
    """Neither closed nor past its last day for claims, when this row was written."""
    claim_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_search_batches_live", "is_live", "claim_by"),
        Index("ix_search_batches_retry", "retry_at"),
    )
