"""Events of TaskEscrow, applied to the mirror. The arithmetic is the contract's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from indexer.mirror import Mirror, Row
from piecework.chain.errors import PAID_REASONS
from piecework.chain.logs import DecodedEvent, json_ready
from piecework.db import mirror as tables

LAST_SEQUENCE = 2**24 - 1
COUNTER_MAX = 2**32 - 1

Handler = Callable[[Mirror, DecodedEvent, int], None]


def on_deposited(m: Mirror, e: DecodedEvent, _: int) -> None:
    _credit(m, e.args["account"], e.args["amount"])


def on_withdrawn(m: Mirror, e: DecodedEvent, _: int) -> None:
    _credit(m, e.args["account"], -e.args["amount"])


def on_sweep_set(m: Mirror, e: DecodedEvent, _: int) -> None:
    account = _account(m, e.args["account"])
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
    _credit(m, e.args["requester"], -e.args["amount"])
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
    _credit(m, e.args["requester"], -e.args["amount"])
    count = e.args["assignments"]
    batch = _move(m, e, free=count)
    batch["funded"] += count
    batch["manifest_versions"] = e.args["manifestVersion"]
    m.put(tables.MirrorBatch, batch)
    _add_manifest(m, e, e.args["manifestVersion"], e.args["manifest"])


def on_batch_closed(m: Mirror, e: DecodedEvent, timestamp: int) -> None:
    batch = _move(m, e)
    batch["closed_at"] = timestamp
    m.put(tables.MirrorBatch, batch)


def on_refunded(m: Mirror, e: DecodedEvent, _: int) -> None:
    count = e.args["assignments"]
    _move(m, e, free=-count, refunded=count)
    _credit(m, e.args["requester"], e.args["amount"])


def on_claimed(m: Mirror, e: DecodedEvent, timestamp: int) -> None:
    count = e.args["count"]
    _move(m, e, free=-count, claimed=count)
    tally = _tally(m, e)
    tally["claimed"] += count
    tally["lease_end"] = e.args["leaseEnd"]
    tally["sequence"] = e.args["sequence"]
    _advance(tally)
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
    _give_back(m, e, advance=True)


def on_claim_expired(m: Mirror, e: DecodedEvent, _: int) -> None:
    _give_back(m, e, advance=False)


def on_submitted(m: Mirror, e: DecodedEvent, timestamp: int) -> None:
    count = e.args["count"]
    _move(m, e, claimed=-count, submitted=count)
    tally = _tally(m, e)
    tally["claimed"] -= count
    lot = "old" if tally["old_lot"] == 0 else "young"
    tally[f"{lot}_lot"] += count
    tally[f"{lot}_review_end"] = e.args["reviewEnd"]
    _advance(tally)
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
    tally = _tally(m, e)
    _advance(tally)
    m.put(tables.MirrorTally, tally)


def on_settled(m: Mirror, e: DecodedEvent, timestamp: int) -> None:
    batch = _move(m, e)
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
    account = _account(m, e.args["worker"])
    account["owed_units"] += e.args["amount"]
    if reason in ("reviewed", "silence"):
        _move(m, e, submitted=-count, accepted=count)
        _decide(m, e, count)
    elif reason == "overturned":
        _move(m, e, contestable=-count, accepted=count)
        tally = _tally(m, e)
        tally["contestable"] -= count
        m.put(tables.MirrorTally, tally)
        account["rejected"] = max(0, account["rejected"] - count)
    elif reason == "direct":
        _move(m, e, free=-count, accepted=count)
    else:
        raise ValueError(f"payments by {reason} come with disputes")
    if reason in ("reviewed", "overturned"):
        account["accepted"] = min(COUNTER_MAX, account["accepted"] + count)
    m.put(tables.MirrorAccount, account)
    _add_payment(m, e, timestamp, count, reason)


def on_rejected(m: Mirror, e: DecodedEvent, _: int) -> None:
    count = e.args["count"]
    _move(m, e, submitted=-count, contestable=count)
    _decide(m, e, count)
    tally = _tally(m, e)
    tally["contestable"] += count
    tally["contest_end"] = e.args["contestEnd"]
    m.put(tables.MirrorTally, tally)
    account = _account(m, e.args["worker"])
    account["rejected"] = min(COUNTER_MAX, account["rejected"] + count)
    m.put(tables.MirrorAccount, account)


def on_rejection_released(m: Mirror, e: DecodedEvent, _: int) -> None:
    count = e.args["count"]
    _move(m, e, contestable=-count, free=count)
    tally = _tally(m, e)
    tally["contestable"] -= count
    m.put(tables.MirrorTally, tally)


def on_fee_paid(m: Mirror, e: DecodedEvent, _: int) -> None:
    _credit(m, e.args["receiver"], e.args["amount"])


def on_fee_returned(m: Mirror, e: DecodedEvent, _: int) -> None:
    _credit(m, e.args["requester"], e.args["amount"])


def on_bonus_paid(m: Mirror, e: DecodedEvent, timestamp: int) -> None:
    _credit(m, e.args["requester"], -e.args["amount"])
    _credit(m, e.args["worker"], e.args["amount"])
    _add_payment(m, e, timestamp, 0, "bonus")


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
    "EIP712DomainChanged": on_notice,
}


def _account(m: Mirror, address: str) -> Row:
    return m.find(tables.MirrorAccount, address=address) or {
        "address": address,
        "owed_units": 0,
        "accepted": 0,
        "rejected": 0,
        "contested": 0,
        "disputes_won": 0,
        "disputes_lost": 0,
        "sweep": False,
    }


def _credit(m: Mirror, address: str, amount_units: int) -> None:
    account = _account(m, address)
    account["owed_units"] += amount_units
    m.put(tables.MirrorAccount, account)


def _tally(m: Mirror, e: DecodedEvent) -> Row:
    key = {"batch_id": e.args["batchId"], "worker": e.args["worker"]}
    return m.find(tables.MirrorTally, **key) or {**key, **dict.fromkeys(_TALLY_COUNTS, 0)}


_TALLY_COUNTS = (
    "claimed",
    "old_lot",
    "young_lot",
    "decided",
    "contestable",
    "disputed",
    "lease_end",
    "old_review_end",
    "young_review_end",
    "contest_end",
    "sequence",
)


def _move(m: Mirror, e: DecodedEvent, **changes: int) -> Row:
    batch = m.get(tables.MirrorBatch, batch_id=e.args["batchId"])
    for name, change in changes.items():
        batch[name] += change
        if batch[name] < 0:
            raise ValueError(f"{name} of batch {e.args['batchId']} would be {batch[name]}")
    m.put(tables.MirrorBatch, batch)
    return batch


def _advance(tally: Row) -> None:
    tally["sequence"] = min(LAST_SEQUENCE, tally["sequence"] + 1)


def _give_back(m: Mirror, e: DecodedEvent, *, advance: bool) -> None:
    count = e.args["count"]
    _move(m, e, claimed=-count, free=count)
    tally = _tally(m, e)
    tally["claimed"] -= count
    if advance:
        _advance(tally)
    m.put(tables.MirrorTally, tally)


def _decide(m: Mirror, e: DecodedEvent, count: int) -> None:
    """Older lot first; then what is left of the young lot is the old one."""
    tally = _tally(m, e)
    tally["decided"] += count
    if count < tally["old_lot"]:
        tally["old_lot"] -= count
    else:
        tally["old_lot"] = tally["young_lot"] - (count - tally["old_lot"])
        tally["old_review_end"] = tally["young_review_end"]
        tally["young_lot"] = 0
        tally["young_review_end"] = 0
    m.put(tables.MirrorTally, tally)


def _add_manifest(m: Mirror, e: DecodedEvent, version: int, manifest: str) -> None:
    row: dict[str, Any] = {"batch_id": e.args["batchId"], "version": version, "manifest": manifest}
    m.put(tables.MirrorManifest, {**row, "assignments": e.args["assignments"]})


def _add_payment(m: Mirror, e: DecodedEvent, timestamp: int, assignments: int, reason: str) -> None:
    m.put(
        tables.MirrorPayment,
        {
            "block_number": e.block_number,
            "log_index": e.log_index,
            "batch_id": e.args["batchId"],
            "worker": e.args["worker"],
            "assignments": assignments,
            "amount_units": e.args["amount"],
            "reason": reason,
            "block_timestamp": timestamp,
            "transaction_hash": e.transaction_hash,
        },
    )
