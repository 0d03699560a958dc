"""Events of TaskEscrow, applied to the mirror. The arithmetic is the contract's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from indexer.handlers import disputes
from indexer.handlers.rows import (
    COUNTER_MAX,
    account_of,
    add_payment,
    advance,
    credit,
    decide,
    give_back,
    move,
    tally_of,
    uncontest,
)
from indexer.mirror import Mirror
from piecework.chain.errors import PAID_REASONS
from piecework.chain.logs import DecodedEvent, json_ready
from piecework.db import mirror as tables

Handler = Callable[[Mirror, DecodedEvent, int], None]


def on_deposited(m: Mirror, e: DecodedEvent, _: int) -> None:
    credit(m, e.args["account"], e.args["amount"])


def on_withdrawn(m: Mirror, e: DecodedEvent, _: int) -> None:
    credit(m, e.args["account"], -e.args["amount"])


def on_sweep_set(m: Mirror, e: DecodedEvent, _: int) -> None:
    account = account_of(m, e.args["account"])
    account["sweep"] = e.args["enabled"]
    m.put(tables.MirrorAccount, account)


def on_operator_approved(m: Mirror, e: DecodedEvent, _: int) -> None:
    m.put(
        tables.MirrorAllowance,
        {
            "requester": e.args["requester"],
            "operator": e.args["operator"],
            "cap_units": e.args["cap"],
            "bonus_cap_units": e.args["bonusCap"],
            "until": e.args["until"],
            "reviewer": e.args["reviewer"],
            "arbitrator": e.args["arbitrator"],
        },
    )


def on_operator_spent(m: Mirror, e: DecodedEvent, _: int) -> None:
    key = {"requester": e.args["requester"], "operator": e.args["operator"]}
    allowance = m.get(tables.MirrorAllowance, **key)
    allowance["bonus_cap_units" if e.args["bonus"] else "cap_units"] -= e.args["amount"]
    m.put(tables.MirrorAllowance, allowance)


def on_batch_opened(m: Mirror, e: DecodedEvent, timestamp: int) -> None:
    terms = e.args["terms"]
    credit(m, e.args["requester"], -e.args["amount"])
    m.put(
        tables.MirrorBatch,
        {
            "batch_id": e.args["batchId"],
            "requester": e.args["requester"],
            "operator": e.args["operator"],
            "reviewer": terms["reviewer"],
            "assigner": terms["assigner"],
            "salt": e.args["salt"],
            "terms": {**json_ready(terms), **{n: str(terms[n]) for n in ("reward", "operatorFee", "disputeFee")}},
            "reward_units": terms["reward"],
            "operator_fee_units": terms["operatorFee"],
            "claim_by": terms["claimBy"],
            "funded": e.args["assignments"],
            "free": e.args["assignments"],
            "claimed": 0,
            "submitted": 0,
            "contestable": 0,
            "disputed": 0,
            "accepted": 0,
            "refunded": 0,
            "locked_units": 0,
            "settlements": 0,
            "manifest_versions": 1,
            "closed_at": None,
            "opened_block": e.block_number,
            "opened_log_index": e.log_index,
            "opened_at": timestamp,
            "opened_transaction": e.transaction_hash,
        },
    )
    _add_manifest(m, e, 1, terms["manifest"])


def on_batch_extended(m: Mirror, e: DecodedEvent, _: int) -> None:
    credit(m, e.args["requester"], -e.args["amount"])
    count = e.args["assignments"]
    batch = move(m, e, free=count)
    batch["funded"] += count
    batch["manifest_versions"] = e.args["manifestVersion"]
    m.put(tables.MirrorBatch, batch)
    _add_manifest(m, e, e.args["manifestVersion"], e.args["manifest"])


def on_batch_closed(m: Mirror, e: DecodedEvent, timestamp: int) -> None:
    batch = move(m, e)
    batch["closed_at"] = timestamp
    m.put(tables.MirrorBatch, batch)


def on_refunded(m: Mirror, e: DecodedEvent, _: int) -> None:
    count = e.args["assignments"]
    move(m, e, free=-count, refunded=count)
    credit(m, e.args["requester"], e.args["amount"])


def on_claimed(m: Mirror, e: DecodedEvent, timestamp: int) -> None:
    count = e.args["count"]
    move(m, e, free=-count, claimed=count)
    tally = tally_of(m, e)
    tally["claimed"] += count
    tally["lease_end"] = e.args["leaseEnd"]
    tally["sequence"] = e.args["sequence"]
    advance(tally)
    m.put(tables.MirrorTally, tally)
    m.put(
        tables.MirrorClaim,
        {
            "batch_id": e.args["batchId"],
            "worker": e.args["worker"],
            "sequence": e.args["sequence"],
            "count": count,
            "manifest_version": e.args["manifestVersion"],
            "tasks_digest": e.args["tasksDigest"],
            "lease_end": e.args["leaseEnd"],
            "block_number": e.block_number,
            "block_timestamp": timestamp,
            "transaction_hash": e.transaction_hash,
        },
    )


def on_claim_returned(m: Mirror, e: DecodedEvent, _: int) -> None:
    tally = give_back(m, e)
    advance(tally)
    m.put(tables.MirrorTally, tally)


def on_claim_expired(m: Mirror, e: DecodedEvent, _: int) -> None:
    give_back(m, e)


def on_submitted(m: Mirror, e: DecodedEvent, timestamp: int) -> None:
    count = e.args["count"]
    move(m, e, claimed=-count, submitted=count)
    tally = tally_of(m, e)
    tally["claimed"] -= count
    lot = "old" if tally["old_lot"] == 0 else "young"
    tally[f"{lot}_lot"] += count
    tally[f"{lot}_review_end"] = e.args["reviewEnd"]
    advance(tally)
    m.put(tables.MirrorTally, tally)
    m.put(
        tables.MirrorSubmission,
        {
            "block_number": e.block_number,
            "log_index": e.log_index,
            "batch_id": e.args["batchId"],
            "worker": e.args["worker"],
            "count": count,
            "work_digest": e.args["workDigest"],
            "review_end": e.args["reviewEnd"],
            "block_timestamp": timestamp,
            "transaction_hash": e.transaction_hash,
        },
    )


def on_sequence_used(m: Mirror, e: DecodedEvent, _: int) -> None:
    tally = tally_of(m, e)
    advance(tally)
    m.put(tables.MirrorTally, tally)


def on_settled(m: Mirror, e: DecodedEvent, timestamp: int) -> None:
    batch = move(m, e)
    batch["settlements"] = e.args["nonce"]
    m.put(tables.MirrorBatch, batch)
    m.put(
        tables.MirrorSettlement,
        {
            "batch_id": e.args["batchId"],
            "nonce": e.args["nonce"],
            "results_digest": e.args["resultsDigest"],
            "block_number": e.block_number,
            "block_timestamp": timestamp,
            "transaction_hash": e.transaction_hash,
        },
    )


def on_paid(m: Mirror, e: DecodedEvent, timestamp: int) -> None:
    count = e.args["assignments"]
    reason = PAID_REASONS[e.args["reason"]]
    account = account_of(m, e.args["worker"])
    account["owed_units"] += e.args["amount"]
    if reason in ("reviewed", "silence"):
        move(m, e, submitted=-count, accepted=count)
        decide(m, e, count)
    elif reason in ("overturned", "fee_short"):
        move(m, e, contestable=-count, accepted=count)
        uncontest(m, e, count)
        account["rejected"] = max(0, account["rejected"] - count)
    elif reason == "direct":
        move(m, e, free=-count, accepted=count)
    elif reason not in ("ruled", "ruling_overdue"):  # those were moved by `Ruled`
        raise ValueError(f"{reason} is no reason that this version knows")
    if reason in ("reviewed", "overturned"):
        account["accepted"] = min(COUNTER_MAX, account["accepted"] + count)
    m.put(tables.MirrorAccount, account)
    add_payment(m, e, timestamp, count, reason)


def on_rejected(m: Mirror, e: DecodedEvent, timestamp: int) -> None:
    count = e.args["count"]
    move(m, e, submitted=-count, contestable=count)
    decide(m, e, count)
    tally = tally_of(m, e)
    tally["contestable"] += count
    tally["contest_end"] = e.args["contestEnd"]
    m.put(tables.MirrorTally, tally)
    account = account_of(m, e.args["worker"])
    account["rejected"] = min(COUNTER_MAX, account["rejected"] + count)
    m.put(tables.MirrorAccount, account)
    m.put(
        tables.MirrorRejection,
        {
            "block_number": e.block_number,
            "log_index": e.log_index,
            "batch_id": e.args["batchId"],
            "worker": e.args["worker"],
            "count": count,
            "results_digest": e.args["resultsDigest"],
            "contest_end": e.args["contestEnd"],
            "block_timestamp": timestamp,
            "transaction_hash": e.transaction_hash,
        },
    )


def on_rejection_released(m: Mirror, e: DecodedEvent, _: int) -> None:
    count = e.args["count"]
    move(m, e, contestable=-count, free=count)
    uncontest(m, e, count)


def on_fee_paid(m: Mirror, e: DecodedEvent, _: int) -> None:
    credit(m, e.args["receiver"], e.args["amount"])


def on_fee_returned(m: Mirror, e: DecodedEvent, _: int) -> None:
    credit(m, e.args["requester"], e.args["amount"])


def on_bonus_paid(m: Mirror, e: DecodedEvent, timestamp: int) -> None:
    credit(m, e.args["requester"], -e.args["amount"])
    credit(m, e.args["worker"], e.args["amount"])
    add_payment(m, e, timestamp, 0, "bonus")


def on_notice(m: Mirror, e: DecodedEvent, timestamp: int) -> None:
    """Events that tell more about a change which another event carries, or that nothing changed."""


HANDLERS: dict[str, Handler] = {
    "Deposited": on_deposited,
    "Withdrawn": on_withdrawn,
    "SweepSet": on_sweep_set,
    "SweepFailed": on_notice,
    "OperatorApproved": on_operator_approved,
    "OperatorSpent": on_operator_spent,
    "BatchOpened": on_batch_opened,
    "BatchExtended": on_batch_extended,
    "BatchClosed": on_batch_closed,
    "Refunded": on_refunded,
    "Claimed": on_claimed,
    "ClaimReturned": on_claim_returned,
    "ClaimExpired": on_claim_expired,
    "Submitted": on_submitted,
    "SequenceUsed": on_sequence_used,
    "PacketSkipped": on_notice,
    "Settled": on_settled,
    "VerdictSkipped": on_notice,
    "Paid": on_paid,
    "PaidOverdue": on_notice,
    "Rejected": on_rejected,
    "Overturned": on_notice,
    "RejectionReleased": on_rejection_released,
    "FeePaid": on_fee_paid,
    "FeeReturned": on_fee_returned,
    "BonusPaid": on_bonus_paid,
    "FeeLocked": disputes.on_fee_locked,
    "FeeReleased": disputes.on_fee_released,
    "Disputed": disputes.on_disputed,
    "BondPosted": disputes.on_bond_posted,
    "BondReturned": disputes.on_bond_returned,
    "Ruled": disputes.on_ruled,
    "EIP712DomainChanged": on_notice,
}


def _add_manifest(m: Mirror, e: DecodedEvent, version: int, manifest: str) -> None:
    row: dict[str, Any] = {"batch_id": e.args["batchId"], "version": version, "manifest": manifest}
    m.put(tables.MirrorManifest, {**row, "assignments": e.args["assignments"]})
