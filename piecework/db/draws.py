"""Reviewers by draw: the review batch of a batch, who enrolled, and who was drawn for which answer."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from piecework.db.base import Address, Base, Digest


class ReviewLink(Base):
    """A batch, and the batch whose tasks are to judge its answers."""

    __tablename__ = "review_links"

    batch_id: Mapped[str] = mapped_column(Digest, primary_key=True)
    review_batch_id: Mapped[str] = mapped_column(Digest, unique=True)


class DrawCandidate(Base):
    """A reviewer who can be drawn for what is handed out after `enrolled_at` (the chain's time)."""

    __tablename__ = "draw_candidates"

    review_batch_id: Mapped[str] = mapped_column(Digest, primary_key=True)
    reviewer: Mapped[str] = mapped_column(Address, primary_key=True)
    enrolled_at: Mapped[int] = mapped_column(BigInteger)
    left_at: Mapped[int | None] = mapped_column(BigInteger)


class ReviewSlot(Base):
    """A task of a review batch, bound to one answer: its draw, with all that it was made from."""

    __tablename__ = "review_slots"

    review_batch_id: Mapped[str] = mapped_column(Digest, primary_key=True)
    slot_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    batch_id: Mapped[str] = mapped_column(Digest, index=True)
    task_id: Mapped[str] = mapped_column(String(64))
    worker: Mapped[str] = mapped_column(Address)
    submission: Mapped[str] = mapped_column(Digest)
    block_hash: Mapped[str] = mapped_column(Digest)
    """Of the block that holds the submission."""
    candidates: Mapped[list[str]] = mapped_column(JSON)
    weights: Mapped[dict[str, str]] = mapped_column(JSON, server_default="{}")
    """Token units by candidate, as decimal text; empty if all weigh alike."""
    excluded: Mapped[dict[str, str]] = mapped_column(JSON)
    """Candidates who were passed over, with the reason."""
    drawn: Mapped[list[str]] = mapped_column(JSON)
    """In the order of the draw."""
    drawn_at: Mapped[int] = mapped_column(BigInteger)
    """When the last of them was, by the chain's time."""

    __table_args__ = (UniqueConstraint("batch_id", "submission", "task_id", name="uq_review_slots_answer"),)
