"""Events of disputes and of the fees behind them, applied to accounts, batches and tallies."""

from __future__ import annotations

from indexer.handlers.rows import COUNTER_MAX, account_of, advance, credit, move, tally_of
from indexer.mirror import Mirror, Row
from piecework.chain.logs import DecodedEvent
from piecework.db import mirror as tables

CONTESTED_MAX = 2**24 - 1
DISPUTES_MAX = 2**16 - 1


def on_fee_locked(m: Mirror, e: DecodedEvent, _: int) -> None:
    credit(m, e.args["requester"], -e.args["amount"])


def on_fee_released(m: Mirror, e: DecodedEvent, _: int) -> None:
    credit(m, e.args["requester"], e.args["amount"])


def on_disputed(m: Mirror, e: DecodedEvent, _: int) -> None:
    count = e.args["count"]
    move(m, e, contestable=-count, disputed=count)
    tally = tally_of(m, e)
    tally["contestable"] -= count
    tally["disputed"] = count
    advance(tally)
    m.put(tables.MirrorTally, tally)
    account = account_of(m, e.args["worker"])
    account["rejected"] = max(0, account["rejected"] - count)
    account["contested"] = min(CONTESTED_MAX, account["contested"] + count)
    m.put(tables.MirrorAccount, account)


def on_bond_posted(m: Mirror, e: DecodedEvent, _: int) -> None:
    credit(m, e.args["poster"], -e.args["amount"])


def on_bond_returned(m: Mirror, e: DecodedEvent, _: int) -> None:
    credit(m, e.args["poster"], e.args["amount"])


def on_ruled(m: Mirror, e: DecodedEvent, _: int) -> None:
    """Counts and records; the `Paid`, `FeePaid` and `BondReturned` that follow carry the money."""
    count, accepted, ruled = e.args["count"], e.args["accepted"], e.args["ruled"]
    upheld = count - accepted
    batch = move(m, e, disputed=-count, accepted=accepted, free=upheld)
    tally = tally_of(m, e)
    tally["disputed"] = 0
    tally["contest_end"] = e.args["contestEnd"]
    m.put(tables.MirrorTally, tally)
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


def _count_ruling(account: Row, *, won: int, lost: int) -> None:
    account["disputes_won"] = min(DISPUTES_MAX, account["disputes_won"] + won)
    account["disputes_lost"] = min(DISPUTES_MAX, account["disputes_lost"] + lost)
