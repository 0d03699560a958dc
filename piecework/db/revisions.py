"""Requests for a better answer, and review windows that were announced.

They change no count and stop no window: the chain knows nothing of them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Float, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from piecework.db.base import Address, Base, Digest


class Revision(Base):
    """One request about one submitted answer, and what its worker made of it."""

    __tablename__ = "revisions"

    revision_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    batch_id: Mapped[str] = mapped_column(Digest, index=True)
    assignment_id: Mapped[str] = mapped_column(String(32))
    task_id: Mapped[str] = mapped_column(String(64))
    worker: Mapped[str] = mapped_column(Address)
    submission: Mapped[str] = mapped_column(Digest)
    """Digest of the answer file on chain; it stays what was submitted."""
    asked_by: Mapped[str] = mapped_column(Address)
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    """open, answered or declined."""
    document: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """The revision document; pinned with the results that decide the answer."""
    digest: Mapped[str | None] = mapped_column(Digest)
    asked_at: Mapped[float] = mapped_column(Float)
    ended_at: Mapped[float | None] = mapped_column(Float)

    __table_args__ = (Index("ix_revisions_worker", "worker", "asked_at"),)


class ReviewWarning(Base):
    """Windows of one batch whose end was announced, up to a second. Times are the chain's."""

    __tablename__ = "review_warnings"

    batch_id: Mapped[str] = mapped_column(Digest, primary_key=True)
    covers_until: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    review_ends_at: Mapped[int] = mapped_column(BigInteger)
    """The first of them."""
    answers: Mapped[int] = mapped_column(Integer)
    workers: Mapped[int] = mapped_column(Integer)
    announced_at: Mapped[int] = mapped_column(BigInteger)
