"""Shapes of the disputes feature. A dispute's id is its number on chain as 0x and 64 hex digits."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from backend.batches.schemas import TASK_ID
from backend.schemas import AddressText, DigestText, RequestModel, SignatureText, Transaction, UnitsText

DisputeState = Literal["open", "ruled", "overdue"]
Phase = Literal["commit", "reveal", "conclude", "no_quorum", "ended"]


class RejectedAnswer(BaseModel):
    """One decision of a results file."""

    task: str
    reason: str
    submission: str
    results_digest: str
    results_cid: str


class RejectedWork(BaseModel):
    """A worker's rejections in one batch that are not final: what it can do, until when, and what that costs."""

    batch_id: str
    title: str | None
    contestable: int
    disputed: int
    appeal_until: int
    """Unix seconds. While a dispute is open the window of the others begins anew at its ruling."""
    dispute_id: str | None
    bond_units: UnitsText
    owed_units: UnitsText
    """What the worker's account holds: the bond is taken from it unless a sponsor puts it up."""
    can_appeal: bool
    obstacle: str | None
    """dispute_open, nothing_contestable or dispute_window_over; None if an appeal is possible."""
    answers: list[RejectedAnswer]
    missing_results: list[str]
    """Digests of results files that this gateway does not have: without its reasons a rejection is worth appealing."""
    how_to_appeal: str


class RejectedPage(BaseModel):
    items: list[RejectedWork]
    next_cursor: str | None = None


class NoteIn(RequestModel):
    task: str = Field(pattern=TASK_ID)
    note: str = Field(default="", max_length=2_000)


class AttachmentIn(RequestModel):
    cid: str = Field(pattern="^b[a-z2-7]{10,100}$")
    title: str = Field(min_length=1, max_length=200)


class AppealIn(RequestModel):
    batch_id: DigestText
    count: int | None = Field(default=None, ge=1, lt=2**16)
    """Rejections to contest; all that are contestable by default."""
    statement: str = Field(min_length=1, max_length=20_000)
    tasks: list[NoteIn] | None = Field(default=None, min_length=1, max_length=1_000)
    """The rejected tasks that the evidence is about; all of them by default."""
    attachments: list[AttachmentIn] = Field(default=[], max_length=100)


class AppealToSign(BaseModel):
    """`evidence` is the whole salted document, pinned and public: hash it yourself before signing its digest."""

    batch_id: str
    count: int
    evidence_digest: str
    evidence_cid: str
    evidence: dict[str, Any]
    typed_data: dict[str, Any]
    sequence: int
    deadline: int
    bond_units: UnitsText
    owed_units: UnitsText
    needs_sponsor: bool


class SignedAppeal(RequestModel):
    batch_id: DigestText
    worker: AddressText
    count: int = Field(ge=1, lt=2**16)
    evidence_digest: DigestText
    sequence: int = Field(ge=0, lt=2**24)
    deadline: int = Field(ge=0, lt=2**40)
    signature: SignatureText


class Sponsorship(BaseModel):
    """The sponsor's own transaction; the bond is taken from the sponsor's account in the escrow."""

    transaction: Transaction
    bond_units: UnitsText
    owed_units: UnitsText


class DisputeItem(BaseModel):
    dispute_id: str
    batch_id: str
    worker: str
    requester: str
    count: int
    state: DisputeState
    accepted: int | None
    arbitrator: str
    poster: str
    fee_units: UnitsText
    from_bond_units: UnitsText | None
    from_lock_units: UnitsText | None
    evidence_digest: str
    evidence_cid: str | None
    opened_at: int
    ruling_end: int
    ended_at: int | None
    opened_transaction: str
    opened_explorer_url: str | None
    ended_transaction: str | None
    ended_explorer_url: str | None


class DisputePage(BaseModel):
    items: list[DisputeItem]
    next_cursor: str | None


class CaseView(BaseModel):
    """How far the jurors of a panel are. Votes are rulings: r accepts r - 1 assignments, 0 refuses to rule."""

    panel: str
    phase: Phase
    commits: int
    reveals: int
    threshold: int
    commit_end: int
    reveal_end: int
    ruling_end: int
    committed: list[str]
    votes: dict[str, int]


class DisputeView(DisputeItem):
    evidence: dict[str, Any] | None
    evidence_problem: str | None
    """Why the evidence is not shown: none, missing here, or malformed."""
    rejections: list[RejectedAnswer]
    case: CaseView | None
    """None if the arbitrator is no panel that this gateway knows."""


class CommitmentRecipe(BaseModel):
    """How a juror's own client computes its commitment: keccak256(abi.encode(...)) of these types and values, `salt` 32
    random bytes that the juror keeps and tells nobody before the reveal.
    """

    types: list[str] = ["uint256", "address", "address", "uint256", "address", "uint256", "bytes32"]
    names: list[str] = ["chain_id", "panel", "escrow", "dispute_id", "juror", "ruling", "salt"]
    chain_id: int
    panel: str
    escrow: str
    juror: str


class JurorCase(BaseModel):
    dispute: DisputeItem
    case: CaseView
    may_vote: bool
    """Whether this juror sat in the panel when the dispute began, and the fee is enough for the panel."""
    committed: bool
    revealed: bool


class JurorQueue(BaseModel):
    items: list[JurorCase]
    commitment: CommitmentRecipe
    earned_units: UnitsText
    next_cursor: str | None = None


class CommitmentIn(RequestModel):
    commitment: DigestText


class RevealIn(RequestModel):
    ruling: Annotated[int, Field(ge=0, lt=2**17)]
    salt: DigestText


class FeesIn(RequestModel):
    to: AddressText | None = None


class JurorTransaction(BaseModel):
    """For the juror's own wallet: jurors pay their gas."""

    transaction: Transaction
