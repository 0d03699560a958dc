"""What only the gateway knows: sign-ins, drafts, who got which task, proposals. None of it is money.

Losing these rows loses sealed answers and drafts, never a payment: those stand on chain.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Float, ForeignKey, Index, Integer, LargeBinary, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from piecework.db.base import Address, Base, Digest, Units


class SignInNonce(Base):
    """A one-time number for sign-in; deleted when used."""

    __tablename__ = "sign_in_nonces"

    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[float] = mapped_column(Float)


class UserSession(Base):
    """A signed-in address; only the token's hash is kept."""

    __tablename__ = "user_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    address: Mapped[str] = mapped_column(Address, index=True)
    expires_at: Mapped[float] = mapped_column(Float)


class KeptAnswer(Base):
    """The answer to a request with an idempotency key, written with what the request created."""

    __tablename__ = "kept_answers"

    caller: Mapped[str] = mapped_column(String(60), primary_key=True)
    """A signed-in address, or `ip:` and a network address."""
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    """Of what was asked."""
    status: Mapped[int] = mapped_column(Integer)
    media_type: Mapped[str | None] = mapped_column(String(100))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[float] = mapped_column(Float)
    expires_at: Mapped[float] = mapped_column(Float, index=True)


class Draft(Base):
    """A batch as its requester drafted it here; it may or may not have been funded."""

    __tablename__ = "drafts"

    batch_id: Mapped[str] = mapped_column(Digest, primary_key=True)
    requester: Mapped[str] = mapped_column(Address, index=True)
    salt: Mapped[str] = mapped_column(Digest)
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Field names of the ABI; amounts as decimal text."""
    manifest_digest: Mapped[str] = mapped_column(Digest)
    title: Mapped[str] = mapped_column(String(200))
    instructions: Mapped[str] = mapped_column(Text)
    task_type: Mapped[str] = mapped_column(String(20), index=True)
    answer_schema: Mapped[dict[str, Any]] = mapped_column(JSON)
    answers_per_task: Mapped[int] = mapped_column(Integer)
    tasks: Mapped[int] = mapped_column(Integer)
    review: Mapped[dict[str, Any]] = mapped_column(JSON)
    skills: Mapped[list[str]] = mapped_column(JSON)
    languages: Mapped[list[str]] = mapped_column(JSON)
    gold: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """The gold document; leaves the gateway only with the last results."""
    disclosure_key: Mapped[str | None] = mapped_column(Digest)
    """Opens the sealed known answers; as secret as they are."""
    max_gold_share: Mapped[float | None] = mapped_column(Float)
    """Of known answers among one worker's tasks."""
    is_revealed: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """The known answers are public: nothing more is handed out."""
    created_at: Mapped[float] = mapped_column(Float)


class BatchTask(Base):
    """One task of a draft; `assigned` counts the workers who hold or did it."""

    __tablename__ = "batch_tasks"

    batch_id: Mapped[str] = mapped_column(Digest, ForeignKey("drafts.batch_id"), primary_key=True)
    task_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    assigned: Mapped[int] = mapped_column(Integer, default=0)
    is_known: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """The requester knows its answer. Never shown before the results."""

    __table_args__ = (Index("ix_batch_tasks_open", "batch_id", "assigned", "position"),)


class TaskUploadPart(Base):
    """Some tasks of a batch to be, as their requester sent them; forgotten when they expire."""

    __tablename__ = "task_upload_parts"

    requester: Mapped[str] = mapped_column(Address, primary_key=True)
    upload_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    """Of the canonical content."""
    tasks: Mapped[int] = mapped_column(Integer)
    """How many are in it."""
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes."""
    network: Mapped[str] = mapped_column(String(100), server_default="")
    """It came from this IP address, or this /64 of IPv6."""
    counted_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Of the room for all uploads."""
    is_used: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """A batch was drafted from it."""
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    """`tasks` and `known`; the known answers are as secret as a draft's."""
    expires_at: Mapped[float] = mapped_column(Float, index=True)

    __table_args__ = (
        Index("ix_task_upload_parts_network", "network", "counted_bytes"),
        Index("ix_task_upload_parts_used", "is_used", "requester", "upload_id"),
    )


class ModelAnswers(Base):
    """What a model says of a batch's tasks, as its requester brought it; pinned with the first results."""

    __tablename__ = "model_answers"

    batch_id: Mapped[str] = mapped_column(Digest, ForeignKey("drafts.batch_id"), primary_key=True)
    digest: Mapped[str] = mapped_column(Digest)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[float] = mapped_column(Float)


class SignalLook(Base):
    """What the last look at a batch's answers found, so that a gateway that starts anew knows it."""

    __tablename__ = "signal_looks"

    batch_id: Mapped[str] = mapped_column(Digest, primary_key=True)
    submissions: Mapped[int] = mapped_column(Integer)
    """On chain at that time."""
    looked: Mapped[dict[str, Any]] = mapped_column(JSON)
    looked_at: Mapped[float] = mapped_column(Float)


class ClosedSignal(Base):
    """A reviewer, or the operator in its place, looked at a signal about a worker and closed it; never changed, and a
    later one counts beside it."""

    __tablename__ = "closed_signals"

    position: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    batch_id: Mapped[str] = mapped_column(Digest)
    worker: Mapped[str] = mapped_column(Address)
    signal: Mapped[str] = mapped_column(String(30))
    reviewer: Mapped[str] = mapped_column(Address)
    """Or `operator`."""
    seen: Mapped[str] = mapped_column(Text)
    """What the signal said."""
    reason: Mapped[str] = mapped_column(Text)
    submissions: Mapped[list[str]] = mapped_column(JSON)
    """Digests of the worker's submissions that were there: what they show was looked at."""
    closed_at: Mapped[float] = mapped_column(Float)

    __table_args__ = (Index("ix_closed_signals_worker", "batch_id", "worker"),)


class Assignment(Base):
    """Tasks that one ticket gives one worker."""

    __tablename__ = "assignments"

    assignment_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    batch_id: Mapped[str] = mapped_column(Digest, index=True)
    worker: Mapped[str] = mapped_column(Address, index=True)
    manifest_version: Mapped[int] = mapped_column(Integer)
    sequence: Mapped[int] = mapped_column(Integer)
    tasks: Mapped[list[str]] = mapped_column(JSON)
    tasks_digest: Mapped[str] = mapped_column(Digest)
    lease_end: Mapped[int] = mapped_column(BigInteger)
    deadline: Mapped[int] = mapped_column(BigInteger)
    ticket_signature: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20))
    """open until it ended; then submitted, expired, returned or skipped."""
    claim_intent: Mapped[str | None] = mapped_column(String(32))
    submit_intent: Mapped[str | None] = mapped_column(String(32))
    return_intent: Mapped[str | None] = mapped_column(String(32))
    submit_sequence: Mapped[int | None] = mapped_column(Integer)
    submit_deadline: Mapped[int | None] = mapped_column(BigInteger)
    work_digest: Mapped[str | None] = mapped_column(Digest, index=True)
    answers: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """The answer document; sealed until a results file names it."""
    created_at: Mapped[float] = mapped_column(Float)

    __table_args__ = (Index("ix_assignments_state", "state", "batch_id"),)


class AssignedTask(Base):
    """One task in one worker's hands. Rows of ended assignments are deleted, so that the task is free again."""

    __tablename__ = "assigned_tasks"

    batch_id: Mapped[str] = mapped_column(Digest, primary_key=True)
    task_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    worker: Mapped[str] = mapped_column(Address, primary_key=True)
    assignment_id: Mapped[str] = mapped_column(String(32), index=True)


class Proposal(Base):
    """A settlement that waits for the reviewers' signatures."""

    __tablename__ = "proposals"

    proposal_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    batch_id: Mapped[str] = mapped_column(Digest, index=True)
    nonce: Mapped[int] = mapped_column(BigInteger)
    results_digest: Mapped[str] = mapped_column(Digest)
    verdicts: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(12), index=True)
    """open, queued, settled or superseded."""
    intent_id: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[float] = mapped_column(Float)


class ProposalSignature(Base):
    """One reviewer's signature of a proposal."""

    __tablename__ = "proposal_signatures"

    proposal_id: Mapped[str] = mapped_column(String(32), ForeignKey("proposals.proposal_id"), primary_key=True)
    signer: Mapped[str] = mapped_column(Address, primary_key=True)
    signature: Mapped[str] = mapped_column(Text)


class Decision(Base):
    """One answer's decision in a proposal; counts once `settled`."""

    __tablename__ = "decisions"

    proposal_id: Mapped[str] = mapped_column(String(32), ForeignKey("proposals.proposal_id"), primary_key=True)
    task_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    worker: Mapped[str] = mapped_column(Address, primary_key=True)
    batch_id: Mapped[str] = mapped_column(Digest, index=True)
    assignment_id: Mapped[str] = mapped_column(String(32))
    decision: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    settled: Mapped[bool] = mapped_column(Boolean, default=False)

    __table_args__ = (Index("ix_decisions_task", "batch_id", "task_id"),)


class SkillName(Base):
    """The name of a skill; the chain knows its hash alone."""

    __tablename__ = "skill_names"

    skill: Mapped[str] = mapped_column(Digest, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))


class RelayIntent(Base):
    """Something to bring on chain; stored before anything is sent."""

    __tablename__ = "relay_intents"

    position: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    intent_id: Mapped[str] = mapped_column(String(32), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    dedupe_key: Mapped[str] = mapped_column(String(200), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(10), index=True)
    """queued, sent, confirmed, failed or skipped."""
    sender: Mapped[str | None] = mapped_column(Address)
    nonce: Mapped[int | None] = mapped_column(BigInteger)
    """With `sender`, the relayer's transaction that carries it."""
    strikes: Mapped[int] = mapped_column(Integer, default=0)
    """How often a transaction that carried it was mined and reverted, or the node would not estimate it."""
    transaction_hash: Mapped[str | None] = mapped_column(Digest)
    error_code: Mapped[str | None] = mapped_column(String(60))
    error_detail: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(Float)
    payer: Mapped[str | None] = mapped_column(Address)
    """The requester on whose account it counts; None for everybody's."""
    counted_wei: Mapped[int | None] = mapped_column(Units)
    """What is counted for it: an estimate, once it is mined what it took. None if nothing was counted."""
    earned_wei: Mapped[int | None] = mapped_column(Units)
    """The fee that it brought."""
    ahead_wei: Mapped[int | None] = mapped_column(Units)
    """What a claim put by for what must follow it."""

    __table_args__ = (Index("ix_relay_intents_carrier", "sender", "nonce"),)


class RelayTransaction(Base):
    """One nonce of the relayer, signed; the raw bytes are stored before they are sent."""

    __tablename__ = "relay_transactions"

    sender: Mapped[str] = mapped_column(Address, primary_key=True)
    nonce: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    transaction_hash: Mapped[str] = mapped_column(Digest)
    raw: Mapped[str] = mapped_column(Text)
    to: Mapped[str] = mapped_column(Address)
    data: Mapped[str] = mapped_column(Text)
    gas: Mapped[int] = mapped_column(BigInteger)
    value_wei: Mapped[int] = mapped_column(Units, default=0)
    max_fee_wei: Mapped[int] = mapped_column(Units)
    priority_fee_wei: Mapped[int] = mapped_column(Units)
    status: Mapped[str] = mapped_column(String(10))
    """sent or mined; a mined one whose receipt vanished is sent again."""
    block_number: Mapped[int | None] = mapped_column(BigInteger)
    block_hash: Mapped[str | None] = mapped_column(Digest)
    is_final: Mapped[bool] = mapped_column(Boolean, default=False)
    """Mined so deep that its block is not looked at again."""
    sent_at: Mapped[float] = mapped_column(Float)

    __table_args__ = (Index("ix_relay_transactions_watched", "sender", "is_final", "status"),)


class RelayBudget(Base):
    """Packets that the gateway brought for an address, a batch, or an address in a batch; runs off with time."""

    __tablename__ = "relay_budgets"

    name: Mapped[str] = mapped_column(String(110), primary_key=True)
    """An address, a batch id, or both with a colon between."""
    level: Mapped[float] = mapped_column(Float)
    counted_at: Mapped[float] = mapped_column(Float, index=True)


class RelayLoss(Base):
    """What relaying cost beyond the fees it brought: of one requester, or of everybody."""

    __tablename__ = "relay_losses"

    name: Mapped[str] = mapped_column(String(42), primary_key=True)
    """A requester's address, or `all`."""
    due_wei: Mapped[int] = mapped_column(Units)
    """Spent and put by for the requester beyond its fees. Does not run off."""
    credit_wei: Mapped[int] = mapped_column(Units)
    """Its fees beyond what was spent and put by; one of the two is zero."""
    drawn_wei: Mapped[int] = mapped_column(Units)
    """Of the operator's bound, as of `counted_at`; runs off with time."""
    counted_at: Mapped[float] = mapped_column(Float)


class RelayHold(Base):
    """Gas money put by for the answers of a claimed worker and their ending; counted with its requester."""

    __tablename__ = "relay_holds"

    batch_id: Mapped[str] = mapped_column(Digest, primary_key=True)
    worker: Mapped[str] = mapped_column(Address, primary_key=True)
    requester: Mapped[str] = mapped_column(Address)
    sequence: Mapped[int] = mapped_column(Integer)
    """Of the last claim that put something by."""
    wei: Mapped[int] = mapped_column(Units)


class RelayReplaced(Base):
    """Another signed form of a nonce, for another fee: any of them may be the one that is mined."""

    __tablename__ = "relay_replaced"

    transaction_hash: Mapped[str] = mapped_column(Digest, primary_key=True)
    sender: Mapped[str] = mapped_column(Address)
    nonce: Mapped[int] = mapped_column(BigInteger)
    raw: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index("ix_relay_replaced_carrier", "sender", "nonce"),)
