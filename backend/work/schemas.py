"""Shapes of the work feature."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from backend.batches.schemas import TASK_ID
from backend.matching.schemas import Reason
from backend.schemas import DigestText, RequestModel, SignatureText

AssignmentStatus = Literal[
    "ticketed", "queued", "claimed", "submission_queued", "submitted", "expired", "returned", "skipped"
]

MAX_TASKS = 50


class AssignmentIn(RequestModel):
    batch_id: DigestText
    count: int = Field(default=10, ge=1, le=MAX_TASKS)
    tasks: list[str] | None = Field(default=None, min_length=1, max_length=MAX_TASKS)
    """Tasks that the worker picked; without them the gateway picks `count`. In a batch with a target confidence the
    gateway picks at most `count` of these."""
    own_gas: bool = False
    """The worker brings the claim on chain itself, so the gateway's relay budget does not matter."""


class TicketView(BaseModel):
    lease_end: int
    deadline: int
    signature: str


class AssignmentOffer(BaseModel):
    """What to sign to claim these tasks; the tasks themselves come once the claim is on chain."""

    assignment_id: str
    batch_id: str
    manifest_version: int
    tasks: list[str]
    tasks_digest: str
    task_list_cid: str
    ticket: TicketView
    typed_data: dict[str, Any]
    sequence: int
    deadline: int
    notices: list[Reason] = []
    """Why this worker gets fewer tasks than it asked for, and what it can do; empty for nearly everybody."""


class TaskView(BaseModel):
    id: str
    content: dict[str, Any]


class AssignmentView(BaseModel):
    assignment_id: str
    batch_id: str
    status: AssignmentStatus
    reason: str | None
    lease_end: int
    task_ids: list[str]
    tasks: list[TaskView] | None
    work_digest: str | None


class AssignmentPage(BaseModel):
    items: list[AssignmentView]
    next_cursor: str | None = None


class AnswerIn(RequestModel):
    task: str = Field(pattern=TASK_ID)
    answer: Any


class AnswersIn(RequestModel):
    answers: list[AnswerIn] = Field(min_length=1, max_length=MAX_TASKS)


class AnswersToSign(BaseModel):
    """`answers` is the whole salted document: hash it yourself before signing its digest."""

    work_digest: str
    answers: dict[str, Any]
    typed_data: dict[str, Any]
    sequence: int
    deadline: int


class Signed(RequestModel):
    signature: SignatureText


class SignedSubmission(RequestModel):
    work_digest: DigestText
    signature: SignatureText


class ReturnToSign(BaseModel):
    typed_data: dict[str, Any]
    sequence: int
    deadline: int


class SignedReturn(RequestModel):
    sequence: int = Field(ge=0, lt=2**24)
    deadline: int = Field(ge=0, lt=2**40)
    signature: SignatureText


class TicketIn(RequestModel):
    lease_end: int = Field(ge=0, lt=2**40)
    deadline: int = Field(ge=0, lt=2**40)
    signature: SignatureText


class PacketIn(RequestModel):
    """A packet of the worker's own making, whole."""

    batch_id: DigestText
    kind: Literal["claim", "return_claim", "submit", "claim_and_submit", "set_sweep", "dispute"]
    sequence: int = Field(ge=0, lt=2**24)
    deadline: int = Field(ge=0, lt=2**40)
    manifest_version: int = Field(default=0, ge=0, lt=2**16)
    count: int = Field(default=0, ge=0, lt=2**16)
    submitted: int = Field(default=0, ge=0, lt=2**16)
    tasks_digest: DigestText = "0x" + "00" * 32
    work_digest: DigestText = "0x" + "00" * 32
    ticket: TicketIn | None = None
    signature: SignatureText
