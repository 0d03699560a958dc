"""What a model of the operator's says of answers that wait: for reviewers' eyes, beside the answer."""

from __future__ import annotations

from sqlalchemy import Float, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from piecework.db.base import Base, Digest


class PreCheck(Base):
    """One answer's note, or how often it was asked for in vain."""

    __tablename__ = "pre_checks"

    batch_id: Mapped[str] = mapped_column(Digest, primary_key=True)
    submission: Mapped[str] = mapped_column(Digest, primary_key=True)
    task_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    likely: Mapped[str | None] = mapped_column(String(10))
    """right, wrong or unsure; None as long as there is no note."""
    note: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str] = mapped_column(String(200))
    attempts: Mapped[int] = mapped_column(Integer)
    asked_at: Mapped[float] = mapped_column(Float)
