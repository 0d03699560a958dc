"""The mirror: what the events of the escrow and of the registry of qualifications say, in rows.

Only the indexer writes here. Counts are assignments, amounts token units, times unix seconds of the block. Every row
follows from logs alone, so the tables can be dropped and rebuilt at any time with the same rows.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from piecework.db.base import Address, Base, Digest, Units


class ChainEvent(Base):
    """One decoded log, as it came: the raw material of every other mirror table."""

    __tablename__ = "events"

    block_number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    block_hash: Mapped[str] = mapped_column(Digest)
    block_timestamp: Mapped[int] = mapped_column(BigInteger)
    transaction_hash: Mapped[str] = mapped_column(Digest, index=True)
    contract: Mapped[str] = mapped_column(Address)
    name: Mapped[str] = mapped_column(String(40))
    batch_id: Mapped[str | None] = mapped_column(Digest)
    account: Mapped[str | None] = mapped_column(Address)
    """Worker, account, requester or receiver that the event is about."""
    args: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (
        Index("ix_events_batch", "batch_id", "block_number", "log_index"),
        Index("ix_events_account", "account", "block_number", "log_index"),
    )


class MirrorBatch(Base):
    """One batch with its counts; funded = free + claimed + submitted + contestable + disputed + accepted + refunded."""

    __tablename__ = "batches"

    batch_id: Mapped[str] = mapped_column(Digest, primary_key=True)
    requester: Mapped[str] = mapped_column(Address, index=True)
    operator: Mapped[str] = mapped_column(Address)
    reviewer: Mapped[str] = mapped_column(Address, index=True)
    assigner: Mapped[str] = mapped_column(Address)
    salt: Mapped[str] = mapped_column(Digest)
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Field names as in the ABI; amounts as decimal strings, the rest as numbers and hex."""
    reward_units: Mapped[int] = mapped_column(Units)
    operator_fee_units: Mapped[int] = mapped_column(Units)
    claim_by: Mapped[int] = mapped_column(BigInteger)
    funded: Mapped[int] = mapped_column(Integer)
    free: Mapped[int] = mapped_column(Integer)
    claimed: Mapped[int] = mapped_column(Integer, default=0)
    submitted: Mapped[int] = mapped_column(Integer, default=0)
    contestable: Mapped[int] = mapped_column(Integer, default=0)
    disputed: Mapped[int] = mapped_column(Integer, default=0)
    accepted: Mapped[int] = mapped_column(Integer, default=0)
    refunded: Mapped[int] = mapped_column(Integer, default=0)
    locked_units: Mapped[int] = mapped_column(Units, default=0)
    """The requester's dispute fees that are locked for workers of this batch."""
    settlements: Mapped[int] = mapped_column(BigInteger, default=0)
    manifest_versions: Mapped[int] = mapped_column(Integer, default=1)
    closed_at: Mapped[int | None] = mapped_column(BigInteger)
    opened_block: Mapped[int] = mapped_column(BigInteger, index=True)
    opened_log_index: Mapped[int] = mapped_column(Integer)
    opened_at: Mapped[int] = mapped_column(BigInteger)
    opened_transaction: Mapped[str] = mapped_column(Digest)


class MirrorManifest(Base):
    """One manifest version of a batch."""

    __tablename__ = "manifest_versions"

    batch_id: Mapped[str] = mapped_column(Digest, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    manifest: Mapped[str] = mapped_column(Digest)
    assignments: Mapped[int] = mapped_column(Integer)


class MirrorTally(Base):
    """What one worker did in one batch; the contract's tally, field by field."""

    __tablename__ = "tallies"

    batch_id: Mapped[str] = mapped_column(Digest, primary_key=True)
    worker: Mapped[str] = mapped_column(Address, primary_key=True, index=True)
    claimed: Mapped[int] = mapped_column(Integer, default=0)
    old_lot: Mapped[int] = mapped_column(Integer, default=0)
    young_lot: Mapped[int] = mapped_column(Integer, default=0)
    decided: Mapped[int] = mapped_column(Integer, default=0)
    contestable: Mapped[int] = mapped_column(Integer, default=0)
    disputed: Mapped[int] = mapped_column(Integer, default=0)
    lease_end: Mapped[int] = mapped_column(BigInteger, default=0)
    old_review_end: Mapped[int] = mapped_column(BigInteger, default=0)
    young_review_end: Mapped[int] = mapped_column(BigInteger, default=0)
    contest_end: Mapped[int] = mapped_column(BigInteger, default=0)
    sequence: Mapped[int] = mapped_column(Integer, default=0)
    locked_units: Mapped[int] = mapped_column(Units, default=0)
    """The requester's dispute fee that is locked for this worker; the contract's flag says whether it is above zero."""


class MirrorAccount(Base):
    """Money and record of one address; the contract's account, field by field."""

    __tablename__ = "accounts"

    address: Mapped[str] = mapped_column(Address, primary_key=True)
    owed_units: Mapped[int] = mapped_column(Units, default=0)
    accepted: Mapped[int] = mapped_column(BigInteger, default=0)
    rejected: Mapped[int] = mapped_column(BigInteger, default=0)
    contested: Mapped[int] = mapped_column(BigInteger, default=0)
    disputes_won: Mapped[int] = mapped_column(BigInteger, default=0)
    disputes_lost: Mapped[int] = mapped_column(BigInteger, default=0)
    sweep: Mapped[bool] = mapped_column(Boolean, default=False)


class MirrorClaim(Base):
    """One `Claimed` event; `sequence` is the number it used, so (batch, worker, sequence) names it."""

    __tablename__ = "claims"

    batch_id: Mapped[str] = mapped_column(Digest, primary_key=True)
    worker: Mapped[str] = mapped_column(Address, primary_key=True, index=True)
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    manifest_version: Mapped[int] = mapped_column(Integer)
    tasks_digest: Mapped[str] = mapped_column(Digest, index=True)
    lease_end: Mapped[int] = mapped_column(BigInteger)
    block_number: Mapped[int] = mapped_column(BigInteger)
    block_timestamp: Mapped[int] = mapped_column(BigInteger)
    transaction_hash: Mapped[str] = mapped_column(Digest)


class MirrorSubmission(Base):
    """One `Submitted` event."""

    __tablename__ = "submissions"

    block_number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    batch_id: Mapped[str] = mapped_column(Digest, index=True)
    worker: Mapped[str] = mapped_column(Address)
    count: Mapped[int] = mapped_column(Integer)
    work_digest: Mapped[str] = mapped_column(Digest, index=True)
    review_end: Mapped[int] = mapped_column(BigInteger)
    block_timestamp: Mapped[int] = mapped_column(BigInteger)
    transaction_hash: Mapped[str] = mapped_column(Digest)


class MirrorPayment(Base):
    """One credit: `Paid` for work, or `BonusPaid`."""

    __tablename__ = "payments"

    block_number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    batch_id: Mapped[str] = mapped_column(Digest, index=True)
    worker: Mapped[str] = mapped_column(Address, index=True)
    assignments: Mapped[int] = mapped_column(Integer)
    amount_units: Mapped[int] = mapped_column(Units)
    reason: Mapped[str] = mapped_column(String(20))
    """reviewed, silence, overturned, direct, ruled, ruling_overdue, fee_short, bonus."""
    block_timestamp: Mapped[int] = mapped_column(BigInteger)
    transaction_hash: Mapped[str] = mapped_column(Digest)


class MirrorSettlement(Base):
    """One settlement that took effect."""

    __tablename__ = "settlements"

    batch_id: Mapped[str] = mapped_column(Digest, primary_key=True)
    nonce: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    results_digest: Mapped[str] = mapped_column(Digest, index=True)
    block_number: Mapped[int] = mapped_column(BigInteger)
    block_timestamp: Mapped[int] = mapped_column(BigInteger)
    transaction_hash: Mapped[str] = mapped_column(Digest)


class MirrorRejection(Base):
    """One `Rejected` event: which settlement's results file gives the reasons."""

    __tablename__ = "rejections"

    block_number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    batch_id: Mapped[str] = mapped_column(Digest, index=True)
    worker: Mapped[str] = mapped_column(Address, index=True)
    count: Mapped[int] = mapped_column(Integer)
    results_digest: Mapped[str] = mapped_column(Digest)
    contest_end: Mapped[int] = mapped_column(BigInteger)
    block_timestamp: Mapped[int] = mapped_column(BigInteger)
    transaction_hash: Mapped[str] = mapped_column(Digest)


class MirrorDispute(Base):
    """One dispute from its opening to its end. Its number on chain is `dispute_id` read as an integer."""

    __tablename__ = "disputes"

    dispute_id: Mapped[str] = mapped_column(Digest, primary_key=True)
    batch_id: Mapped[str] = mapped_column(Digest, index=True)
    worker: Mapped[str] = mapped_column(Address, index=True)
    count: Mapped[int] = mapped_column(Integer)
    evidence_digest: Mapped[str] = mapped_column(Digest)
    arbitrator: Mapped[str] = mapped_column(Address, index=True)
    poster: Mapped[str] = mapped_column(Address, index=True)
    """Who put up the bond; the worker if the fee is zero."""
    fee_units: Mapped[int] = mapped_column(Units)
    state: Mapped[str] = mapped_column(String(10), index=True)
    """open, ruled, or overdue: ended without a ruling, by time or because the arbitrator refused."""
    accepted: Mapped[int | None] = mapped_column(Integer)
    """Of `count`, once it ended."""
    from_bond_units: Mapped[int | None] = mapped_column(Units)
    from_lock_units: Mapped[int | None] = mapped_column(Units)
    """Parts of the arbitrator's fee, once it ended."""
    opened_at: Mapped[int] = mapped_column(BigInteger)
    ruling_end: Mapped[int] = mapped_column(BigInteger)
    opened_block: Mapped[int] = mapped_column(BigInteger)
    opened_log_index: Mapped[int] = mapped_column(Integer)
    opened_transaction: Mapped[str] = mapped_column(Digest)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)
    ended_transaction: Mapped[str | None] = mapped_column(Digest)

    __table_args__ = (Index("ix_disputes_newest", "opened_block", "opened_log_index"),)


class MirrorCredential(Base):
    """One qualification as the registry stores it, field by field; kept when it is revoked."""

    __tablename__ = "credentials"

    holder: Mapped[str] = mapped_column(Address, primary_key=True)
    issuer: Mapped[str] = mapped_column(Address, primary_key=True, index=True)
    skill: Mapped[str] = mapped_column(Digest, primary_key=True)
    level: Mapped[int] = mapped_column(Integer)
    expiry: Mapped[int] = mapped_column(BigInteger)
    """Unix seconds; zero for ever."""
    granted_at: Mapped[int] = mapped_column(BigInteger)
    """Unix seconds; zero if there is none."""
    version: Mapped[int] = mapped_column(BigInteger)
    refused: Mapped[bool] = mapped_column(Boolean)
    block_number: Mapped[int] = mapped_column(BigInteger)
    transaction_hash: Mapped[str] = mapped_column(Digest)
    """Of the last change."""


class MirrorAllowance(Base):
    """What a requester lets an operator spend."""

    __tablename__ = "operator_allowances"

    requester: Mapped[str] = mapped_column(Address, primary_key=True)
    operator: Mapped[str] = mapped_column(Address, primary_key=True)
    cap_units: Mapped[int] = mapped_column(Units)
    bonus_cap_units: Mapped[int] = mapped_column(Units)
    until: Mapped[int] = mapped_column(BigInteger)
    reviewer: Mapped[str] = mapped_column(Address)
    arbitrator: Mapped[str] = mapped_column(Address)


class Checkpoint(Base):
    """How far the mirror of one escrow has come; bookkeeping, not part of the mirror's rows."""

    __tablename__ = "checkpoints"

    contract: Mapped[str] = mapped_column(Address, primary_key=True)
    credentials: Mapped[str | None] = mapped_column(Address)
    """The registry of qualifications that is followed beside it, if one is."""
    chain_id: Mapped[int] = mapped_column(BigInteger)
    genesis_hash: Mapped[str] = mapped_column(Digest)
    """Hash of block 0: a database of another chain with the same id is noticed."""
    start_block: Mapped[int] = mapped_column(BigInteger)
    block_number: Mapped[int] = mapped_column(BigInteger)
    block_hash: Mapped[str] = mapped_column(Digest)
    block_timestamp: Mapped[int] = mapped_column(BigInteger)


class IndexedBlock(Base):
    """Hashes of recent indexed blocks, to notice a reorg; bookkeeping."""

    __tablename__ = "indexed_blocks"

    block_number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    block_hash: Mapped[str] = mapped_column(Digest)
    parent_hash: Mapped[str] = mapped_column(Digest)


class UndoEntry(Base):
    """A row as it was before a block changed it; bookkeeping. Pruned when the block cannot be reorganised any more."""

    __tablename__ = "undo_entries"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    block_number: Mapped[int] = mapped_column(BigInteger, index=True)
    table_name: Mapped[str] = mapped_column(String(40))
    row_key: Mapped[dict[str, Any]] = mapped_column(JSON)
    row_before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """None: the block created the row."""


MIRROR_TABLES = (
    ChainEvent,
    MirrorBatch,
    MirrorManifest,
    MirrorTally,
    MirrorAccount,
    MirrorClaim,
    MirrorSubmission,
    MirrorPayment,
    MirrorSettlement,
    MirrorRejection,
    MirrorDispute,
    MirrorAllowance,
    MirrorCredential,
)
"""Tables whose rows follow from logs alone; dropped and rebuilt, they are the same byte for byte."""
