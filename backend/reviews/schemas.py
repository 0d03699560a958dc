"""Shapes of the reviews feature."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from backend.batches.schemas import TASK_ID
from backend.prechecks.schemas import PreCheckView
from backend.revisions.schemas import RevisionView
from backend.schemas import AddressText, RequestModel, SignatureText

ProposalStatus = Literal["open", "queued", "settled", "superseded"]


class VerdictIn(RequestModel):
    task: str = Field(pattern=TASK_ID)
    worker: AddressText
    decision: Literal["accepted", "rejected"]
    reason: str = Field(default="", max_length=2_000)


class ProposalIn(RequestModel):
    verdicts: list[VerdictIn] | None = Field(default=None, min_length=1, max_length=100_000)
    """The reviewer's own; without them the batch's policy decides."""


class SignatureIn(RequestModel):
    signature: SignatureText


class ProposalView(BaseModel):
    proposal_id: str
    batch_id: str
    nonce: int
    results_digest: str
    results_cid: str
    verdicts: list[dict[str, Any]]
    status: ProposalStatus
    signatures: list[str]
    threshold: int
    typed_data: dict[str, Any]
    intent_id: str | None


class ProposalSummary(BaseModel):
    proposal_id: str
    nonce: int
    status: ProposalStatus
    signatures: list[str]
    threshold: int


class QueueItem(BaseModel):
    batch_id: str
    title: str | None
    submitted: int
    review_ends_at: int | None
    """The end of the window that ends first; after it silence pays those answers."""
    ends_soon: bool
    """That window is in its last quarter."""
    proposals: list[ProposalSummary]


class Queue(BaseModel):
    items: list[QueueItem]
    next_cursor: str | None = None


class SubmittedTask(BaseModel):
    task: str
    content: dict[str, Any]
    answer: Any
    decision: Literal["accepted", "rejected"] | None
    """As settled on chain. What silence paid has none, and waits for none: `waiting` of the submission tells."""
    is_known: bool
    """Whether the task's answer is known; told to the requester, and to reviewers once it was revealed."""
    known_answer: Any
    revision: RevisionView | None = None
    """The newest request for a better answer, and what became of it."""
    pre_check: PreCheckView | None = None
    """A model's opinion, in batches that asked for one; no verdict."""


class SubmissionView(BaseModel):
    worker: str
    assignment_id: str
    submission: str
    submitted_at: int
    review_ends_at: int
    waiting: int
    """Answers of this worker in the batch that wait for a decision, this submission's and others."""
    tasks: list[SubmittedTask]


class SubmissionPage(BaseModel):
    items: list[SubmissionView]
    next_cursor: str | None
