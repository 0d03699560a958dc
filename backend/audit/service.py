"""Sums of money from the mirror, side by side, so that what does not add up is seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from backend import events as events_of_chain
from backend.audit import repository
from backend.audit.repository import COUNTS, Wanted
from backend.audit.schemas import AuditEventPage, BatchMoney, Counts, Money, Place, Totals
from backend.batches.reading import event_view
from backend.errors import Conflict, NotFound
from backend.paging import decode_cursor, encode_cursor
from backend.services import Services
from piecework.db.mirror import ChainEvent, Checkpoint
from piecework.files.cells import ROWS_AT_A_TIME, cell, csv_lines

_COLUMNS = (
    "block_number",
    "block_timestamp",
    "transaction_hash",
    "log_index",
    "event",
    "batch_id",
    "account",
    "count",
    "amount_units",
    "reason",
    "arguments",
)


def batch_money(services: Services, batch_id: str) -> BatchMoney:
    """Raises NotFound."""
    with services.reading() as session:
        place = _place(session)
        row = repository.batch(session, batch_id)
        if row is None:
            raise NotFound("batch_unknown", f"the mirror has no batch {batch_id}: is it funded, and indexed yet?")
        counts, money = _money(session, batch_id)
    return BatchMoney(
        at=place,
        batch_id=batch_id,
        requester=row.requester,
        reward_units=row.reward_units,
        operator_fee_units=row.operator_fee_units,
        counts=counts,
        money=money,
    )


def totals(services: Services) -> Totals:
    """Of the whole escrow, beside the token's own word for the same block."""
    with services.reading() as session:
        place = _place(session)
        counts, money = _money(session, None)
        amounts = repository.event_units(session, None)
        accounts, account_units = repository.accounts(session)
        batches = sum(row.batches for row in repository.counts_by_price(session, None))
    deposited, withdrawn = amounts.get("Deposited", 0), amounts.get("Withdrawn", 0)
    owned = account_units + money.held_units + money.locked_units + money.bond_units
    balance = services.token.balance_at(services.escrow.address, place.block_number)
    return Totals(
        at=place,
        batches=batches,
        accounts=accounts,
        counts=counts,
        money=money,
        deposited_units=deposited,
        withdrawn_units=withdrawn,
        account_units=account_units,
        owned_units=owned,
        difference_units=deposited - withdrawn - owned,
        balance_units=balance,
        surplus_units=None if balance is None else balance - owned,
    )


def events(services: Services, wanted: Wanted, cursor: str | None, limit: int) -> AuditEventPage:
    """Newest first."""
    with services.reading() as session:
        place = _place(session)
        rows = repository.events(session, wanted, decode_cursor(cursor, (int, int)), limit, place.block_number)
    items = [event_view(services, row) for row in rows]
    last = encode_cursor((rows[-1].block_number, rows[-1].log_index)) if len(rows) == limit else None
    return AuditEventPage(at=place, items=items, next_cursor=last)


def table(services: Services, wanted: Wanted) -> Iterator[str]:
    """Every event as lines of CSV (RFC 4180), oldest first; `arguments` holds all that the event carries, as JSON."""
    return csv_lines(_COLUMNS, _lines(services, wanted))


def _lines(services: Services, wanted: Wanted) -> Iterator[list[Any]]:
    """Some at a time, each time in a session of its own: whoever reads slowly holds no connection."""
    place, is_read = events_of_chain.START, False
    while not is_read:
        with services.reading() as session:
            rows = repository.later_events(session, wanted, place, ROWS_AT_A_TIME)
            if not events_of_chain.stands(session, place):  # looked at last: no reorg slips in between
                raise Conflict("chain_went_back", "the chain went back while its events were read: ask again")
            found = [_line(row) for row in rows]
            is_read = len(rows) < ROWS_AT_A_TIME
            if rows:
                place = events_of_chain.Place.of(rows[-1])
        yield from found


def _line(row: ChainEvent) -> list[Any]:
    args = row.args
    count = args.get("assignments", args.get("count", ""))
    arguments = json.dumps(args, separators=(",", ":"), sort_keys=True)
    named = (row.name, row.batch_id, row.account, count, args.get("amount", ""), args.get("reason", ""))
    return [row.block_number, row.block_timestamp, row.transaction_hash, row.log_index, *map(cell, named), arguments]


def _place(session: Session) -> Place:
    point: Checkpoint | None = repository.checkpoint(session)
    if point is None:
        raise Conflict("not_indexed_yet", "the indexer has not read any block yet: try again in a moment")
    return Place(block_number=point.block_number, block_hash=point.block_hash, block_timestamp=point.block_timestamp)


def _money(session: Session, batch_id: str | None) -> tuple[Counts, Money]:
    rows = repository.counts_by_price(session, batch_id)
    amounts = repository.event_units(session, batch_id)
    paid = repository.payment_units(session, batch_id)
    arbitration, bonds = repository.arbitration_units(session, batch_id)
    bonus = paid.pop("bonus", 0)
    held = 0
    for row in rows:
        waiting = row.free + row.claimed + row.submitted + row.contestable + row.disputed
        held += int(waiting) * (row.reward_units + row.operator_fee_units)
    funded = amounts.get("BatchOpened", 0) + amounts.get("BatchExtended", 0)
    spent = {
        "paid_units": sum(paid.values()),
        # `FeePaid` tells of the operator's fees and of the arbitrators', which come out of other money.
        "operator_fee_units": amounts.get("FeePaid", 0) - arbitration,
        "returned_fee_units": amounts.get("FeeReturned", 0),
        "refunded_units": amounts.get("Refunded", 0),
        "held_units": held,
    }
    money = Money(
        funded_units=funded,
        **spent,
        difference_units=funded - sum(spent.values()),
        paid_by_reason=paid,
        bonus_units=bonus,
        arbitration_units=arbitration,
        locked_units=repository.locked_units(session, batch_id),
        bond_units=bonds,
    )
    return Counts(**{name: sum(int(getattr(row, name)) for row in rows) for name in COUNTS}), money
