"""The mirror's events in the chain's order, and places among them that a reorg cannot move unnoticed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import ColumnElement, Row, select, tuple_
from sqlalchemy.orm import Session

from piecework.db.mirror import ChainEvent

_MARK = 16
"""Hex digits of a block's hash that a place keeps."""
_TEXT = re.compile(r"(\d{1,15})-(\d{1,9})-([0-9a-f]{16}|)", re.ASCII)
_COLUMNS = (
    ChainEvent.block_number,
    ChainEvent.log_index,
    ChainEvent.block_hash,
    ChainEvent.block_timestamp,
    ChainEvent.transaction_hash,
    ChainEvent.name,
    ChainEvent.batch_id,
    ChainEvent.account,
    ChainEvent.args,
)
Event = Row[Any]
"""With the names of `_COLUMNS`."""


@dataclass(frozen=True, slots=True)
class Place:
    """An event, by what a reorg changes. Its text is `BLOCK-LOG-` and the first 16 hex digits of the block's hash."""

    block_number: int
    log_index: int
    mark: str

    @classmethod
    def of(cls, event: Event | ChainEvent) -> Self:
        return cls(event.block_number, event.log_index, event.block_hash[2 : 2 + _MARK])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError."""
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError(f"{text[:80]!r} is no place among the events: BLOCK-LOG-HASH")
        return cls(int(found[1]), int(found[2]), found[3])

    def __str__(self) -> str:
        return f"{self.block_number}-{self.log_index}-{self.mark}"


START = Place(0, 0, "")
"""Before every event."""


def last(session: Session) -> Place:
    """The newest event, or START."""
    order = ChainEvent.block_number.desc(), ChainEvent.log_index.desc()
    found = session.execute(select(*_COLUMNS).order_by(*order).limit(1)).first()
    return Place.of(found) if found else START


def stands(session: Session, place: Place) -> bool:
    """Whether the event is still there: a reorg takes it away or moves it."""
    if place == START:
        return True
    found = session.get(ChainEvent, (place.block_number, place.log_index))
    return found is not None and found.block_hash.startswith("0x" + place.mark) and place.mark != ""


def after(session: Session, place: Place, limit: int, *conditions: ColumnElement[bool]) -> Sequence[Event]:
    """Later events that fulfil the conditions, oldest first."""
    order = ChainEvent.block_number, ChainEvent.log_index
    # Compared as a pair, which begins in the index; with OR both databases would read all earlier events as well.
    later = tuple_(*order) > (place.block_number, place.log_index)
    return session.execute(select(*_COLUMNS).where(later, *conditions).order_by(*order).limit(limit)).all()
