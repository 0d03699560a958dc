"""Shapes of the batches feature."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from backend.matching.schemas import Needs, PublicNeeds
from backend.pay.schemas import BatchPay
from backend.schemas import AddressText, HourlyUnits, RequestModel, SignatureText, Transaction, UnitsText

TaskTypeName = Literal[
    "choice", "multiple_choice", "boxes", "text", "translation", "transcription", "moderation",
    "entity_match", "preference", "data_entry", "web_research", "survey", "file", "external",
]  # fmt: skip
TASK_ID = r"^[A-Za-z0-9._-]{1,64}$"


class TaskIn(RequestModel):
    id: str = Field(pattern=TASK_ID)
    content: dict[str, Any]


class DrawIn(RequestModel):
    """Reviewers of each answer: how many are drawn, how many equal verdicts decide, how many are drawn at most."""

    reviewers: int = Field(ge=1, le=20)
    quorum: int = Field(ge=1, le=20)
    most: int = Field(ge=1, le=50)


class ReviewIn(RequestModel):
    policy: Literal["agreement", "inference", "reviewers", "requester", "drawn"] = "agreement"
    draw: DrawIn | None = None
    """With `drawn` alone. Their pay is a batch of its own: `POST /v1/batches/{batch_id}/review-batch`."""
    pre_check: bool | None = None
    """Tasks and answers are shown to a model of the gateway's operator, whose note stands beside each answer for who
    reviews it. It decides nothing. Only where `GET /v1/chain` tells a `pre_check_model`."""
    minimum_agreement: float | None = Field(default=None, ge=0, le=1)
    reject_gold_below: float | None = Field(default=None, ge=0, le=1)
    target_confidence: float | None = Field(default=None, gt=0, lt=1)
    """Only with `inference`: a task is not asked again once its label is this sure. `answers_per_task` is then the most
    that one is asked; what was not needed is free for the requester to take back."""


class DraftWords(RequestModel):
    """What a batch is but for its tasks. Windows are seconds; bounds are the contract's."""

    title: str = Field(min_length=1, max_length=200)
    instructions: str = Field(min_length=1, max_length=20_000)
    task_type: TaskTypeName
    options: dict[str, Any] | None = None
    """What the type lets a batch choose, such as its choices: `GET /v1/task-types` tells them, with an example each."""
    answer_schema: dict[str, Any] | None = None
    """Only for `choice` and `text`, instead of `options`: a JSON Schema of one's own for an answer."""
    answers_per_task: int = Field(default=1, ge=1, le=100)
    reward_units: UnitsText
    operator_fee_units: UnitsText | None = None
    dispute_fee_units: UnitsText | None = None
    """Of one dispute, locked from the requester with a worker's first rejection; the arbitrator's fee by default."""
    reserve_units: UnitsText = 0
    """Kept in the requester's account beyond the cost, so that rejections can be backed with the dispute fee."""
    reviewer: AddressText | None = None
    claim_period_seconds: int = Field(default=604_800, ge=60, le=31_536_000)
    lease_seconds: int = Field(default=3_600, ge=60, le=2_592_000)
    review_window_seconds: int = Field(default=86_400, ge=3_600, le=2_592_000)
    dispute_window_seconds: int = Field(default=86_400, ge=86_400, le=2_592_000)
    ruling_window_seconds: int = Field(default=604_800, ge=86_400, le=2_592_000)
    max_claim: int = Field(default=10, ge=1, le=65_535)
    skills: list[str] = Field(default=[], max_length=20)
    languages: list[str] = Field(default=[], max_length=20)
    estimated_seconds_per_task: int = Field(default=30, ge=1, le=86_400)
    needs: Needs = Needs()
    """Whom the batch is for; kept by this gateway, which gives tickets to nobody else."""
    review: ReviewIn = ReviewIn()
    gold: dict[str, Any] | None = None
    """Known answers by task id; committed to now, revealed with the results. The tasks are shuffled then."""
    max_gold_share: float | None = Field(default=None, gt=0, le=1)
    """Of known answers among one worker's tasks; by default a quarter above the batch's own share, at least 0.2."""


class DraftIn(DraftWords):
    """A batch as its requester wants it."""

    tasks: list[TaskIn] = Field(min_length=1, max_length=50_000)


class DraftBody(DraftWords):
    """A batch as its requester sends it: its tasks here, or in an upload."""

    tasks: list[TaskIn] | None = Field(default=None, min_length=1, max_length=50_000)
    tasks_upload: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{16,64}$")
    """The upload of this requester (`/v1/task-uploads`) that holds the tasks, and known answers beside `gold`."""


class Gas(BaseModel):
    """What the requester's wallet pays the chain for funding, at most. The gateway pays for claims, answers and pay."""

    gas: int
    most_wei: UnitsText


class Cost(BaseModel):
    reward_units: UnitsText
    operator_fee_units: UnitsText
    total_units: UnitsText
    """Reward and operator fee of every assignment; what is not accepted comes back."""
    gas: Gas
    relay_units: UnitsText
    """What the gateway pays now for one worker's claim, answers and verdict; 0 where gas has no price."""


class DisputeTerms(BaseModel):
    """What rejecting takes.

    One fee a worker with rejections is locked from the requester's account (or, if it is short, from free assignments)
    until they are final; a rejection that it does not cover is skipped, and silence pays it.
    """

    arbitrator: str
    fee_units: UnitsText
    arbitrator_fee_units: UnitsText
    """The smallest fee that the arbitrator rules for; below it disputes are left to silence, which pays the worker."""
    account_units: UnitsText
    """What the requester's account will hold after funding as drafted."""
    workers_that_can_be_rejected: int | None
    """Workers whose rejections `account_units` backs at the same time; None for any number."""
    advice: str


class DraftView(BaseModel):
    batch_id: str
    status: Literal["draft"]
    requester: str
    salt: str
    terms: dict[str, Any]
    assignments: int
    manifest_digest: str
    manifest_cid: str
    gold_root: str | None
    cost: Cost
    seconds_per_task: int
    """As stated, or longer if this requester's earlier batches took longer than it stated."""
    pay_per_hour_units: HourlyUnits
    dispute: DisputeTerms
    permit: dict[str, Any] | None
    transaction: Transaction | None


class DisclosureKey(BaseModel):
    """What opens a batch's sealed known answers. Keep it secret until `is_public`: it tells which tasks are known."""

    batch_id: str
    key: str
    is_public: bool


class PermitIn(RequestModel):
    amount_units: UnitsText
    deadline: int = Field(ge=0, lt=2**63)
    signature: SignatureText | None = None
    """None where the wallet allowed the escrow the amount by a call of its own, as contracts do."""


class PermitBody(RequestModel):
    permit: PermitIn


class TransactionView(BaseModel):
    transaction: Transaction


class BatchItem(BaseModel):
    batch_id: str
    requester: str
    title: str | None
    task_type: str | None
    reward_units: UnitsText
    status: Literal["open", "ended"]
    assignments: int
    free: int
    claimed: int
    submitted: int
    contestable: int
    disputed: int
    accepted: int
    refunded: int
    claim_by: int
    opened_at: int
    opened_block: int
    skills: list[str]
    languages: list[str]
    transaction_hash: str
    explorer_url: str | None
    pay_per_hour_units: HourlyUnits | None
    """As measured where enough was, else as the requester estimates it; None where neither is known."""


class BatchPage(BaseModel):
    items: list[BatchItem]
    next_cursor: str | None


class Progress(BaseModel):
    tasks: int | None
    tasks_complete: int | None
    """Those with all their answers on chain; in a batch with a target confidence also those that reached it."""
    answers_saved: int | None = None
    """That tasks at the target confidence did not need; None without a target."""


class BatchView(BatchItem):
    instructions: str | None
    answer_schema: dict[str, Any] | None
    """With the instructions, what a work screen needs before the first task; None if drafted elsewhere."""
    terms: dict[str, Any]
    salt: str
    manifest_cid: str
    manifest_versions: int
    settlements: int
    locked_units: UnitsText
    """The requester's dispute fees that are locked for workers with rejections."""
    review: dict[str, Any] | None
    needs: PublicNeeds
    pay: BatchPay
    progress: Progress


class EventView(BaseModel):
    name: str
    args: dict[str, Any]
    block_number: int
    log_index: int
    block_timestamp: int
    transaction_hash: str
    explorer_url: str | None


class EventPage(BaseModel):
    items: list[EventView]
    next_cursor: str | None


class SettlementView(BaseModel):
    nonce: int
    results_digest: str
    results_cid: str
    transaction_hash: str


class ResultsView(BaseModel):
    settlements: list[SettlementView]
    labels: list[dict[str, Any]]
    revisions: list[dict[str, Any]]
    """Better answers that workers gave when they were asked, each `task`, `worker`, `submission`, `revision` (digest of
    its file) and `answer`. No label counts them."""
