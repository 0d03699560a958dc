"""Events of disputes and of the fees behind them, applied to disputes, accounts, batches and tallies."""

from __future__ import annotations

from indexer.handlers.rows import COUNTER_MAX, account_of, advance, credit, move, tally_of
from indexer.mirror import Mirror, Row
from piecework.chain.logs import DecodedEvent
from piecework.db import mirror as tables
from piecework.domain.ids import number_as_digest

CONTESTED_MAX = 2**24 - 1
DISPUTES_MAX = 2**16 - 1


def on_fee_locked(m: Mirror, e: DecodedEvent, _: int) -> None:
    credit(m, e.args["requester"], -e.args["amount"])
    _lock(m, e, e.args["amount"])


def on_fee_released(m: Mirror, e: DecodedEvent, _: int) -> None:
    credit(m, e.args["requester"], e.args["amount"])
    _lock(m, e, -e.args["amount"])


def on_disputed(m: Mirror, e: DecodedEvent, timestamp: int) -> None:
    count = e.args["count"]
    batch = move(m, e, contestable=-count, disputed=count)
    tally = tally_of(m, e)
    tally["contestable"] -= count
    tally["disputed"] = count
    advance(tally)
    m.put(tables.MirrorTally, tally)
    account = account_of(m, e.args["worker"])
    account["rejected"] = max(0, account["rejected"] - count)
    account["contested"] = min(CONTESTED_MAX, account["contested"] + count)
    m.put(tables.MirrorAccount, account)
    m.put(
        tables.MirrorDispute,
        {
            "dispute_id": number_as_digest(e.args["disputeId"]),
            "batch_id": e.args["batchId"],
            "worker": e.args["worker"],
            "count": count,
            "evidence_digest": e.args["evidenceDigest"],
            "arbitrator": e.args["arbitrator"],
            "poster": e.args["worker"],  # a sponsor is named by the `BondPosted` that follows
            "fee_units": int(batch["terms"]["disputeFee"]),
            "state": "open",
            "opened_at": timestamp,
            "ruling_end": e.args["rulingEnd"],
            "opened_block": e.block_number,
            "opened_log_index": e.log_index,
            "opened_transaction": e.transaction_hash,
        },
    )


def on_bond_posted(m: Mirror, e: DecodedEvent, _: int) -> None:
    credit(m, e.args["poster"], -e.args["amount"])
    dispute = _dispute(m, e)
    dispute["poster"] = e.args["poster"]
    m.put(tables.MirrorDispute, dispute)


def on_bond_returned(m: Mirror, e: DecodedEvent, _: int) -> None:
    credit(m, e.args["poster"], e.args["amount"])


def on_ruled(m: Mirror, e: DecodedEvent, timestamp: int) -> None:
    """Counts, records and the spent part of the lock; the events that follow carry the money."""
    count, accepted, ruled = e.args["count"], e.args["accepted"], e.args["ruled"]
    upheld = count - accepted
    batch = move(m, e, disputed=-count, accepted=accepted, free=upheld)
    tally = tally_of(m, e)
    tally["disputed"] = 0
    tally["contest_end"] = e.args["contestEnd"]
    m.put(tables.MirrorTally, tally)
    _lock(m, e, -e.args["fromLock"])
    worker = account_of(m, e.args["worker"])
    worker["contested"] = max(0, worker["contested"] - count)
    if ruled:
        worker["accepted"] = min(COUNTER_MAX, worker["accepted"] + accepted)
        worker["rejected"] = min(COUNTER_MAX, worker["rejected"] + upheld)
        _count_ruling(worker, won=accepted, lost=upheld)
    m.put(tables.MirrorAccount, worker)
    if ruled:
        requester = account_of(m, batch["requester"])
        _count_ruling(requester, won=upheld, lost=accepted)
        m.put(tables.MirrorAccount, requester)
    dispute = _dispute(m, e)
    dispute["state"] = "ruled" if ruled else "overdue"
    dispute["accepted"] = accepted
    dispute["from_bond_units"] = e.args["fromBond"]
    dispute["from_lock_units"] = e.args["fromLock"]
    dispute["ended_at"] = timestamp
    dispute["ended_transaction"] = e.transaction_hash
    m.put(tables.MirrorDispute, dispute)


def _dispute(m: Mirror, e: DecodedEvent) -> Row:
    return m.get(tables.MirrorDispute, dispute_id=number_as_digest(e.args["disputeId"]))


def _lock(m: Mirror, e: DecodedEvent, amount_units: int) -> None:
    """More, or less, of the requester's fee is locked for the worker."""
    batch = m.get(tables.MirrorBatch, batch_id=e.args["batchId"])
    batch["locked_units"] += amount_units
    m.put(tables.MirrorBatch, batch)
    tally = tally_of(m, e)
    tally["locked_units"] += amount_units
    m.put(tables.MirrorTally, tally)


def _count_ruling(account: Row, *, won: int, lost: int) -> None:
    account["disputes_won"] = min(DISPUTES_MAX, account["disputes_won"] + won)
    account["disputes_lost"] = min(DISPUTES_MAX, account["disputes_lost"] + lost)
