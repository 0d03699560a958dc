"""The books of one address, line by line with running balances, from the mirror's events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.errors import Conflict, Invalid
from backend.events import START, Place, stands
from backend.receipts import repository
from backend.services import Services, TokenInfo
from piecework.db.mirror import ChainEvent, MirrorBatch
from piecework.domain.ids import number_as_digest
from piecework.domain.receipts import Context, Entry, entries
from piecework.files.cells import ROWS_AT_A_TIME, cell, csv_lines

COLUMNS = (
    "date_utc",
    "block_number",
    "log_index",
    "transaction_hash",
    "event",
    "what",
    "batch_id",
    "counterparty",
    "assignments",
    "token",
    "amount",
    "amount_units",
    "fee",
    "fee_units",
    "balance",
    "balance_units",
    "locked_change_units",
    "locked_units",
    "explorer_url",
)


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with where it stands, and both sums after it."""

    event: ChainEvent
    batch_id: str | None
    entry: Entry
    balance_units: int
    locked_units: int


def table(services: Services, address: str, since: date | None, until: date | None) -> Iterator[str]:
    """Lines of CSV, oldest first; `since` and `until` are days (UTC), both with their day.

    The balances count what was before `since` too. Raises Invalid.
    """
    if since is not None and until is not None and until < since:
        raise Invalid("dates_reversed", f"since {since} is after until {until}: swap them")
    rows = (_row(services, line) for line in _between(services, address, since, until))
    return csv_lines(COLUMNS, rows)


def _between(services: Services, address: str, since: date | None, until: date | None) -> Iterator[Line]:
    """Each part in a session of its own: whoever reads slowly holds no connection."""
    books = Books(address)
    while not books.is_read:
        with services.reading() as session:
            found = books.read_on(session)
        for line in found:
            day = _moment(line.event).date()
            if until is not None and day > until:
                return
            if since is None or day >= since:
                yield line


class Books:
    """The books of an address, some events at a time, oldest first; the sums go on from one part to the next."""

    def __init__(self, address: str) -> None:
        self.is_read = False
        self._address = address
        self._place = START
        self._ruling: tuple[int, int] | None = None
        self._balance = self._locked = 0

    def read_on(self, session: Session) -> list[Line]:
        """Their next lines. Raises Conflict if the chain went back behind what was told: it would not add up."""
        rows = repository.money_events(session, self._address, self._place, ROWS_AT_A_TIME)
        if not stands(session, self._place):  # looked at last: no reorg slips in between
            raise Conflict("chain_went_back", "the chain went back while its events were read: ask again")
        self.is_read = len(rows) < ROWS_AT_A_TIME
        found = [line for event, batch in rows for line in self._lines(session, event, batch)]
        if rows:
            self._place = Place.of(rows[-1][0])
        return found

    def _lines(self, session: Session, event: ChainEvent, batch: MirrorBatch | None) -> Iterator[Line]:
        follows_ruling = self._ruling == (event.block_number, event.log_index - 1)
        self._ruling = (event.block_number, event.log_index) if event.name == "Ruled" else None
        context, batch_id = _context(session, event, batch, follows_ruling)
        for entry in entries(event.name, event.args, context):
            if entry.account == self._address:
                self._balance += entry.change_units
                self._locked += entry.held_units
                yield Line(event, batch_id, entry, self._balance, self._locked)


def _context(
    session: Session, event: ChainEvent, batch: MirrorBatch | None, follows_ruling: bool
) -> tuple[Context, str | None]:
    poster, batch_id = None, event.batch_id
    if "disputeId" in event.args:
        found = repository.dispute(session, number_as_digest(int(event.args["disputeId"])))
        if found is not None:
            poster, batch_id = found.poster, found.batch_id
    context = Context(
        requester=batch.requester if batch else None,
        operator_fee_units=batch.operator_fee_units if batch else 0,
        poster=poster,
        is_arbitration=event.name == "FeePaid" and follows_ruling,
    )
    return context, batch_id


def _row(services: Services, line: Line) -> list[Any]:
    event, entry, token = line.event, line.entry, services.token_info
    return [
        _moment(event).strftime("%Y-%m-%dT%H:%M:%SZ"),
        event.block_number,
        event.log_index,
        event.transaction_hash,
        event.name,
        entry.what,
        line.batch_id or "",
        entry.counterparty or "",
        "" if entry.assignments is None else entry.assignments,
        cell(token.symbol),
        *_amount(entry.change_units, token),
        *_amount(entry.fee_units, token),
        *_amount(line.balance_units, token),
        entry.held_units,
        line.locked_units,
        services.transaction_url(event.transaction_hash) or "",
    ]


def _amount(units: int, token: TokenInfo) -> tuple[str, int]:
    """In tokens, exactly, and in units."""
    whole, rest = divmod(abs(units), 10**token.decimals)
    part = f".{rest:0{token.decimals}d}" if token.decimals else ""
    return f"{'-' if units < 0 else ''}{whole}{part}", units


def _moment(event: ChainEvent) -> datetime:
    return datetime.fromtimestamp(event.block_timestamp, UTC)
