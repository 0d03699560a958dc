"""Shapes of the payments feature."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from backend.schemas import AddressText, RequestModel, SignatureText, Transaction, UnitsText

WordNumber = Annotated[int, Field(ge=0, lt=2**256)]
"""A number that fits a word of the contract: only those can be hashed."""


class AsRequester(BaseModel):
    """What an address did as a requester; counts are assignments."""

    batches: int
    funded: int
    accepted: int
    refunded: int
    rejected: int
    overturned: int


class AccountView(BaseModel):
    address: str
    owed_units: UnitsText
    pending_units: UnitsText
    """Rewards of what was handed in and is not decided."""
    pending_until: int | None
    """Unix seconds: by then all of it is decided, or can be paid because nobody did."""
    withdrawn_units: UnitsText
    accepted: int
    rejected: int
    contested: int
    disputes_won: int
    disputes_lost: int
    sweep: bool
    as_requester: AsRequester


class PaymentView(BaseModel):
    batch_id: str
    worker: str
    assignments: int
    amount_units: UnitsText
    reason: str
    block_number: int
    block_timestamp: int
    log_index: int
    transaction_hash: str
    explorer_url: str | None


class PaymentPage(BaseModel):
    items: list[PaymentView]
    next_cursor: str | None


class DepositDraft(RequestModel):
    amount_units: UnitsText


class PermitToSign(BaseModel):
    """The token's permit (ERC-2612) for a deposit."""

    permit: dict[str, Any]


class DepositIn(RequestModel):
    amount_units: UnitsText
    deadline: int = Field(ge=0, lt=2**63)
    signature: SignatureText | None = None
    """None where the wallet allowed the escrow the amount by a call of its own, as contracts do."""


class DepositTransaction(BaseModel):
    """For the depositor's own wallet."""

    transaction: Transaction


class WithdrawalView(BaseModel):
    to: str
    amount_units: UnitsText
    block_number: int
    block_timestamp: int
    transaction_hash: str
    explorer_url: str | None


class WithdrawalList(BaseModel):
    items: list[WithdrawalView]
    next_cursor: str | None = None


class WithdrawalDraft(RequestModel):
    amount_units: UnitsText | Literal["all"] = "all"
    to: AddressText | None = None


class WithdrawalToSign(BaseModel):
    typed_data: dict[str, Any]
    account: str
    amount_units: UnitsText
    to: str
    nonce: int
    deadline: int


class SignedWithdrawal(RequestModel):
    account: AddressText
    amount_units: UnitsText
    to: AddressText
    nonce: WordNumber
    deadline: WordNumber
    signature: SignatureText


class SweepDraft(RequestModel):
    enabled: bool = True


class SweepToSign(BaseModel):
    typed_data: dict[str, Any]
    account: str
    enabled: bool
    nonce: int
    deadline: int


class SignedSweep(RequestModel):
    account: AddressText
    enabled: bool
    nonce: WordNumber
    deadline: WordNumber
    signature: SignatureText


class IntentError(BaseModel):
    code: str
    detail: str


class IntentView(BaseModel):
    intent_id: str
    kind: str
    status: Literal["queued", "sent", "confirmed", "failed", "skipped"]
    transaction_hash: str | None
    explorer_url: str | None
    error: IntentError | None
    created_at: float


class FaucetRequest(RequestModel):
    address: AddressText
    amount_units: UnitsText
    native: bool = False
    """Also give gas: requesters who send their own transactions need it, workers never do."""
