"""Shapes of the reviewers feature; counts are answers."""

from __future__ import annotations

from pydantic import BaseModel

from backend.schemas import UnitsText


class Signed(BaseModel):
    """Decisions that one signed and that stand on chain, in batches of this gateway."""

    batches: int
    accepted: int
    rejected: int


class Rejections(BaseModel):
    """What became of rejections that one signed."""

    upheld: int
    """By the arbitrator, on appeal."""
    granted: int
    """The arbitrator found the answers right."""
    taken_back: int
    """Overturned by reviewer or requester, without an arbitrator."""


class DrawnVerdicts(BaseModel):
    """Verdicts on answers that one was drawn for."""

    given: int
    decided: int
    """Of them on answers that so many reviewers agreed on that they are decided."""
    agreed: int
    """Of those the same as what was decided."""


class Accuracy(BaseModel):
    """Verdicts that were put to a test: by an arbitrator, by being taken back, or by other drawn reviewers."""

    held: int
    tested: int
    share: float | None
    """None before anything was tested."""


class ReviewPay(BaseModel):
    """For reviews as tasks of review batches; signing decisions is paid by nobody here."""

    reviews: int
    paid_units: UnitsText
    waiting: int
    waiting_units: UnitsText


class ReviewerRecord(BaseModel):
    reviewer: str
    signed: Signed
    rejections: Rejections
    drawn: DrawnVerdicts
    accuracy: Accuracy
    pay: ReviewPay
