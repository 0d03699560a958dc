"""What requester and worker say to each other about a batch, and of each other after paid work."""

from __future__ import annotations

from sqlalchemy import BigInteger, Float, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from piecework.db.base import Address, Base, Digest


class Message(Base):
    """One message in the thread of a batch and a worker."""

    __tablename__ = "messages"

    position: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    batch_id: Mapped[str] = mapped_column(Digest)
    worker: Mapped[str] = mapped_column(Address)
    requester: Mapped[str] = mapped_column(Address)
    sender: Mapped[str] = mapped_column(Address)
    """One of the two."""
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(Float)

    __table_args__ = (
        Index("ix_messages_thread", "batch_id", "worker", "position"),
        Index("ix_messages_requester", "requester", "position"),
        Index("ix_messages_worker", "worker", "position"),
        Index("ix_messages_sender", "sender", "created_at"),
    )


class ThreadRead(Base):
    """How far one of the two has read a thread."""

    __tablename__ = "thread_reads"

    batch_id: Mapped[str] = mapped_column(Digest, primary_key=True)
    worker: Mapped[str] = mapped_column(Address, primary_key=True)
    reader: Mapped[str] = mapped_column(Address, primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)


class Rating(Base):
    """What one says of the other about a batch; counts as long as the chain shows paid work between them."""

    __tablename__ = "ratings"

    batch_id: Mapped[str] = mapped_column(Digest, primary_key=True)
    rater: Mapped[str] = mapped_column(Address, primary_key=True)
    rated: Mapped[str] = mapped_column(Address, primary_key=True)
    worker: Mapped[str] = mapped_column(Address)
    """Which of the two worked."""
    stars: Mapped[int] = mapped_column(Integer)
    """1 to 5."""
    text: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[float] = mapped_column(Float)
    updated_at: Mapped[float] = mapped_column(Float)

    __table_args__ = (Index("ix_ratings_rated", "rated", "updated_at"),)
