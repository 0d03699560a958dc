"""Shapes of the bonuses feature."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from backend.schemas import AddressText, RequestModel, Transaction, UnitsText

MAX_REASON = 2_000


class BonusIn(RequestModel):
    worker: AddressText
    amount_units: UnitsText
    reason: str | None = Field(default=None, max_length=MAX_REASON)
    """Pinned where everybody can read it; its digest goes on chain. None: no file, and the digest is zero."""


class BonusDraft(BaseModel):
    """What the requester's wallet sends, and the file whose digest it carries."""

    transaction: Transaction
    batch_id: str
    worker: str
    amount_units: UnitsText
    reason_digest: str
    reason_cid: str | None
    document: dict[str, Any] | None


class BonusView(BaseModel):
    batch_id: str
    title: str | None
    requester: str
    worker: str
    amount_units: UnitsText
    reason: str | None
    """None if none was given, or its file cannot be had here."""
    reason_cid: str | None
    block_number: int
    block_timestamp: int
    log_index: int
    transaction_hash: str
    explorer_url: str | None


class BonusPage(BaseModel):
    items: list[BonusView]
    next_cursor: str | None


class BatchWorker(BaseModel):
    """One worker of a batch, by what the chain says; counts are assignments."""

    worker: str
    waiting: int
    """Handed in and not decided."""
    paid: int
    paid_units: UnitsText
    bonus_units: UnitsText


class BatchWorkerPage(BaseModel):
    items: list[BatchWorker]
    next_cursor: str | None
