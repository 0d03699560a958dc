"""What the gateway knows of people: profiles, requesters' lists of workers, and whom a batch asks for.

Workers wrote their profiles themselves, so nothing here is proved. Record and credentials are, and stand in the mirror.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Float, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from piecework.db.base import Address, Base, Digest


class WorkerProfile(Base):
    """What a worker says of itself; deleted when it wishes."""

    __tablename__ = "worker_profiles"

    address: Mapped[str] = mapped_column(Address, primary_key=True)
    profile: Mapped[dict[str, Any]] = mapped_column(JSON)
    updated_at: Mapped[float] = mapped_column(Float)


class WorkerList(Base):
    """A requester's own list of workers: a pool that batches can be kept for, or those that it does not work with."""

    __tablename__ = "worker_lists"

    list_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    requester: Mapped[str] = mapped_column(Address)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(10))
    """pool or block; a block list holds for every batch of its requester."""
    created_at: Mapped[float] = mapped_column(Float)

    __table_args__ = (UniqueConstraint("requester", "name", name="uq_worker_lists_name"),)


class WorkerListMember(Base):
    """One worker on a list."""

    __tablename__ = "worker_list_members"

    list_id: Mapped[str] = mapped_column(String(32), ForeignKey("worker_lists.list_id"), primary_key=True)
    worker: Mapped[str] = mapped_column(Address, primary_key=True, index=True)


class BatchNeeds(Base):
    """Whom a draft asks for, and how long its requester says that a task takes. Every draft has a row."""

    __tablename__ = "batch_needs"

    batch_id: Mapped[str] = mapped_column(Digest, ForeignKey("drafts.batch_id"), primary_key=True)
    needs: Mapped[dict[str, Any]] = mapped_column(JSON)
    stated_seconds: Mapped[int] = mapped_column(Integer)
    """For one task, as its requester stated."""
    expected_seconds: Mapped[int] = mapped_column(Integer)
    """The same, corrected by what that requester's earlier batches took."""
    units_per_hour: Mapped[int] = mapped_column(BigInteger)
    """Reward at that pace, capped at 2^63 - 1: an order to look through open batches in."""

    __table_args__ = (Index("ix_batch_needs_pay", "units_per_hour", "batch_id"),)


class NamedWorker(Base):
    """A worker on the allow or block list of one batch."""

    __tablename__ = "named_workers"

    batch_id: Mapped[str] = mapped_column(Digest, ForeignKey("drafts.batch_id"), primary_key=True)
    worker: Mapped[str] = mapped_column(Address, primary_key=True, index=True)
    allowed: Mapped[bool] = mapped_column(Boolean)
