"""Shapes of the draws feature."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from backend.matching.schemas import Needs
from backend.schemas import RequestModel, UnitsText

ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "verdict": {"enum": ["accept", "reject"]},
        "reason": {"type": "string", "minLength": 3, "maxLength": 1_500},
        "of": {"type": "string", "minLength": 67, "maxLength": 140},
    },
    "required": ["verdict", "reason", "of"],
    "additionalProperties": False,
}
"""Of one review. `of` is copied from the task, so that the answer on chain names what it judged."""


class ReviewBatchIn(RequestModel):
    """How the reviewers of a batch are paid, and who may be one."""

    reward_units: UnitsText
    """For one review."""
    needs: Needs = Needs()
    estimated_seconds_per_task: int = Field(default=60, ge=1, le=86_400)
    lease_seconds: int = Field(default=3_600, ge=60, le=2_592_000)


class CandidacyView(BaseModel):
    """`enrolled_at`, chain time: one can be drawn for what is submitted after it; None for who is not enrolled."""

    review_batch_id: str
    reviewer: str
    enrolled_at: int | None


class DrawnReview(BaseModel):
    """A review that one was drawn for: ask for `task` of `review_batch_id` at POST /v1/work/assignments."""

    review_batch_id: str
    task: str
    batch_id: str
    title: str
    review_ends_at: int
    drawn_at: int


class DrawnReviews(BaseModel):
    items: list[DrawnReview]
    """Whose window ends first stands first."""


class VerdictView(BaseModel):
    reviewer: str
    submission: str
    verdict: Literal["accept", "reject"]
    reason: str


class DrawView(BaseModel):
    """One answer's draw, as an auditor computes it again."""

    task: str
    worker: str
    submission: str
    block_hash: str
    slot: str
    candidates: list[str]
    excluded: dict[str, str]
    drawn: list[str]
    verdicts: list[VerdictView]
    decided: Literal["accept", "reject"] | None


class DrawList(BaseModel):
    review_batch_id: str | None
    """None until the requester drafted one; nothing is handed out before it is funded."""
    is_funded: bool
    candidates: int
    items: list[DrawView]
