"""Shapes of the revisions feature."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from backend.batches.schemas import TASK_ID
from backend.schemas import AddressText, RequestModel

MAX_REASON = 2_000

RevisionState = Literal["open", "answered", "declined", "over"]
"""`over`: it was open when the answer was decided, or when its review window ended."""


class RevisionIn(RequestModel):
    task: str = Field(pattern=TASK_ID)
    worker: AddressText
    reason: str = Field(min_length=1, max_length=MAX_REASON)
    """What would make the answer better; the worker reads it."""


class RevisedAnswerIn(RequestModel):
    answer: Any


class RevisionView(BaseModel):
    """The submission on chain stays what it was, and so does the end of its review window."""

    revision_id: str
    batch_id: str
    assignment_id: str
    task: str
    worker: str
    submission: str
    asked_by: str
    reason: str
    state: RevisionState
    asked_at: float
    ended_at: float | None
    review_ends_at: int | None
    """Until then it can be answered, and the answer on chain be decided; None once that is decided."""
    answer: Any
    """The better one; None as long as there is none."""
    document_digest: str | None
    """Of the better answer's file, which is pinned with the results that decide the answer on chain."""


class OwnRevisionView(RevisionView):
    """With what the worker needs to answer."""

    title: str
    instructions: str
    answer_schema: dict[str, Any]
    content: dict[str, Any]
    submitted_answer: Any


class RevisionList(BaseModel):
    items: list[RevisionView]
    next_cursor: str | None


class OwnRevisionList(BaseModel):
    items: list[OwnRevisionView]
    next_cursor: str | None
