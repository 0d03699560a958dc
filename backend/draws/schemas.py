"""Shapes of the draws feature."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from backend.batches.schemas import DraftView, ReviewIn
from backend.matching.schemas import Needs, Reason
from backend.schemas import AddressText, RequestModel, UnitsText

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
    reserve_units: UnitsText = 0
    """Left in the requester's account, such as what lies there to back rejections with the dispute fee."""
    needs: Needs = Needs()
    candidates: Literal["paid", "fit"] | None = None
    """`paid`: whoever was paid for accepted work by this requester before the batch was opened, drawn in proportion to
    it. `fit`: whoever fits `needs`, all alike; if anybody can meet those, whoever makes up the most addresses decides.
    By default `paid`, or `fit` where `needs` asks for credentials, pools or names."""
    also_paid_by: list[AddressText] = Field(default=[], max_length=20)
    """Other requesters whose accepted work counts like one's own; with `paid` alone."""
    estimated_seconds_per_task: int = Field(default=60, ge=1, le=86_400)
    lease_seconds: int = Field(default=3_600, ge=60, le=2_592_000)


class CandidatesIn(RequestModel):
    """What a review batch's manifest says of its candidates."""

    kind: Literal["paid", "fit"]
    paid_by: list[str]


class PaidReviewIn(ReviewIn):
    """The policy of a review batch."""

    candidates: CandidatesIn


class ReviewBatchView(DraftView):
    candidates: CandidatesIn
    known_reviewers: int | None
    """Addresses that can be drawn now, if they enrol; None where all who fit can be."""
    risk: str | None
    """What can go wrong with these candidates, in words for the requester."""


class EnrolmentReceipt(BaseModel):
    """The assigner's word that the reviewer is enrolled without a break from `enrolledAt` to `signedAt`."""

    typed_data: dict[str, Any]
    """EIP-712, of type `Enrolment`."""
    signature: str


class CandidacyView(BaseModel):
    """`enrolled_at`, chain time: one can be drawn for what is handed out after it; None for who is not enrolled."""

    review_batch_id: str
    reviewer: str
    enrolled_at: int | None
    weight_units: UnitsText | None
    """One is drawn in proportion to it; None where all weigh alike."""
    receipt: EnrolmentReceipt | None
    """Keep it: it shows later that a list left one out. None where the batch's assigner is not this gateway's."""


class OpenReviews(BaseModel):
    """A batch whose answers drawn reviewers judge, and how the reader stands to it."""

    batch_id: str
    review_batch_id: str
    title: str
    task_type: str
    reward_units: UnitsText
    """For one review."""
    claim_by: int
    candidates: int
    enrolled_at: int | None
    """Of the reader; chain time."""
    against: list[Reason]
    """Why the reader cannot enrol; empty if it can."""


class OpenReviewPage(BaseModel):
    items: list[OpenReviews]
    """Newest first."""
    next_cursor: str | None


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
    weights: dict[str, str]
    """Token units by candidate; empty if all weigh alike."""
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
