"""What people are told beside the chain's events: a revision is asked for, a window runs out, a message came."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Float, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from piecework.db.base import Address, Base, Digest


class Notice(Base):
    """One thing told to one address, in the order of telling."""

    __tablename__ = "notices"

    position: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    notice_id: Mapped[str] = mapped_column(String(32), unique=True)
    """Follows from what it is about, so that nothing is told twice."""
    recipient: Mapped[str] = mapped_column(Address)
    name: Mapped[str] = mapped_column(String(40))
    batch_id: Mapped[str] = mapped_column(Digest)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[float] = mapped_column(Float)

    __table_args__ = (Index("ix_notices_recipient", "recipient", "position"),)
