"""How handlers change rows: accounts, batches, tallies, payments. The arithmetic is the contract's."""

from __future__ import annotations

from indexer.mirror import Mirror, Row
from piecework.chain.logs import DecodedEvent
from piecework.db import mirror as tables

LAST_SEQUENCE = 2**24 - 1
COUNTER_MAX = 2**32 - 1


def account_of(m: Mirror, address: str) -> Row:
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


def credit(m: Mirror, address: str, amount_units: int) -> None:
    account = account_of(m, address)
    account["owed_units"] += amount_units
    m.put(tables.MirrorAccount, account)


def tally_of(m: Mirror, e: DecodedEvent) -> Row:
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
    "locked_units",
)


def move(m: Mirror, e: DecodedEvent, **changes: int) -> Row:
    batch = m.get(tables.MirrorBatch, batch_id=e.args["batchId"])
    for name, change in changes.items():
        batch[name] += change
        if batch[name] < 0:
            raise ValueError(f"{name} of batch {e.args['batchId']} would be {batch[name]}")
    m.put(tables.MirrorBatch, batch)
    return batch


def advance(tally: Row) -> None:
    tally["sequence"] = min(LAST_SEQUENCE, tally["sequence"] + 1)


def give_back(m: Mirror, e: DecodedEvent) -> Row:
    """Claimed assignments are free again; returns the tally, already put."""
    count = e.args["count"]
    move(m, e, claimed=-count, free=count)
    tally = tally_of(m, e)
    tally["claimed"] -= count
    m.put(tables.MirrorTally, tally)
    return tally


def uncontest(m: Mirror, e: DecodedEvent, count: int) -> Row:
    """`count` rejections leave the tally's contestable ones; returns the tally, already put."""
    tally = tally_of(m, e)
    tally["contestable"] -= count
    m.put(tables.MirrorTally, tally)
    return tally


def decide(m: Mirror, e: DecodedEvent, count: int) -> None:
    """Older lot first; then what is left of the young lot is the old one. The end of an empty lot is zero."""
    tally = tally_of(m, e)
    tally["decided"] += count
    if count < tally["old_lot"]:
        tally["old_lot"] -= count
    else:
        tally["old_lot"] = tally["young_lot"] - (count - tally["old_lot"])
        tally["old_review_end"] = tally["young_review_end"] if tally["old_lot"] else 0
        tally["young_lot"] = 0
        tally["young_review_end"] = 0
    m.put(tables.MirrorTally, tally)


def add_payment(m: Mirror, e: DecodedEvent, timestamp: int, assignments: int, reason: str) -> None:
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
