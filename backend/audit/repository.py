"""Queries of the audit feature. Sums are exact: amounts are added as three integers of ten digits each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, Select, String, case, cast, func, select, tuple_, type_coerce
from sqlalchemy.orm import Session

from backend.events import Place
from piecework.db.base import UNITS_WIDTH
from piecework.db.mirror import (
    ChainEvent,
    Checkpoint,
    MirrorAccount,
    MirrorBatch,
    MirrorDispute,
    MirrorPayment,
)

_DIGITS = 10
MONEY_EVENTS = ("Deposited", "Withdrawn", "BatchOpened", "BatchExtended", "Refunded", "FeePaid", "FeeReturned")
COUNTS = ("funded", "free", "claimed", "submitted", "contestable", "disputed", "accepted", "refunded")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events; None asks nothing."""

    batch_id: str | None = None
    account: str | None = None
    names: tuple[str, ...] = ()


def checkpoint(session: Session) -> Checkpoint | None:
    return session.execute(select(Checkpoint)).scalars().first()


def batch(session: Session, batch_id: str) -> MirrorBatch | None:
    return session.get(MirrorBatch, batch_id)


def counts_by_price(session: Session, batch_id: str | None) -> Sequence[Row[Any]]:
    """Reward, operator fee, and the sums of counts of the batches with that price."""
    price = MirrorBatch.reward_units, MirrorBatch.operator_fee_units
    sums = [func.sum(getattr(MirrorBatch, name)).label(name) for name in COUNTS]
    query = select(*price, func.count().label("batches"), *sums).group_by(*price)
    return session.execute(_of(query, MirrorBatch.batch_id, batch_id)).all()


def event_units(session: Session, batch_id: str | None) -> dict[str, int]:
    """Token units in the money events by their name."""
    amount = ChainEvent.args["amount"].as_string()
    # Padded on the left to the width of amounts, in a way that both databases know.
    padded = func.substr(("0" * UNITS_WIDTH) + amount, func.length(amount) + 1, UNITS_WIDTH)
    query = select(ChainEvent.name, *_parts(padded)).where(ChainEvent.name.in_(MONEY_EVENTS))
    return _by_first(session, _of(query.group_by(ChainEvent.name), ChainEvent.batch_id, batch_id))


def payment_units(session: Session, batch_id: str | None) -> dict[str, int]:
    """Token units credited to workers by reason."""
    query = select(MirrorPayment.reason, *_parts(_text(MirrorPayment.amount_units)))
    return _by_first(session, _of(query.group_by(MirrorPayment.reason), MirrorPayment.batch_id, batch_id))


def arbitration_units(session: Session, batch_id: str | None) -> tuple[int, int]:
    """Fees that rulings took, and bonds that are posted for open disputes."""
    taken = [_parts(func.coalesce(_text(column), "0" * UNITS_WIDTH)) for column in _TAKEN]
    posted = case((MirrorDispute.state == "open", _text(MirrorDispute.fee_units)), else_="0" * UNITS_WIDTH)
    query = select(*taken[0], *taken[1], *_parts(posted))
    row = session.execute(_of(query, MirrorDispute.batch_id, batch_id)).one()
    return _whole(row[:3]) + _whole(row[3:6]), _whole(row[6:9])


_TAKEN = (MirrorDispute.from_bond_units, MirrorDispute.from_lock_units)


def locked_units(session: Session, batch_id: str | None) -> int:
    query = select(*_parts(_text(MirrorBatch.locked_units)))
    return _whole(session.execute(_of(query, MirrorBatch.batch_id, batch_id)).one())


def accounts(session: Session) -> tuple[int, int]:
    """How many there are, and the token units that they are owed."""
    row = session.execute(select(func.count(), *_parts(_text(MirrorAccount.owed_units)))).one()
    return int(row[0]), _whole(row[1:])


def events(
    session: Session, wanted: Wanted, before: Sequence[int | str] | None, limit: int, until_block: int
) -> Sequence[ChainEvent]:
    """Newest first, from below the key (block, log index)."""
    query = _wanted(wanted).where(ChainEvent.block_number <= until_block)
    if before is not None:
        query = query.where(tuple_(ChainEvent.block_number, ChainEvent.log_index) < (before[0], before[1]))
    newest_first = ChainEvent.block_number.desc(), ChainEvent.log_index.desc()
    return session.execute(query.order_by(*newest_first).limit(limit)).scalars().all()


def later_events(session: Session, wanted: Wanted, after: Place, limit: int) -> Sequence[ChainEvent]:
    """Oldest first."""
    oldest_first = ChainEvent.block_number, ChainEvent.log_index
    query = _wanted(wanted).where(tuple_(*oldest_first) > (after.block_number, after.log_index))
    return session.execute(query.order_by(*oldest_first).limit(limit)).scalars().all()


def _wanted(wanted: Wanted) -> Select[ChainEvent]:
    query = select(ChainEvent)
    if wanted.batch_id is not None:
        query = query.where(ChainEvent.batch_id == wanted.batch_id)
    if wanted.account is not None:
        query = query.where(ChainEvent.account == wanted.account)
    return query.where(ChainEvent.name.in_(wanted.names)) if wanted.names else query


def _of(query: Any, column: Any, batch_id: str | None) -> Any:
    """The query, of one batch if one is named."""
    return query if batch_id is None else query.where(column == batch_id)


def _text(column: Any) -> ColumnElement[str]:
    """An amount as it is stored: decimal text of fixed width."""
    return type_coerce(column, String)


def _parts(text: ColumnElement[str]) -> list[ColumnElement[int]]:
    """Sums of the upper, middle and lower ten digits: a sum of a billion rows fits."""
    starts = range(1, UNITS_WIDTH, _DIGITS)
    return [func.coalesce(func.sum(cast(func.substr(text, at, _DIGITS), BigInteger)), 0) for at in starts]


def _whole(parts: Sequence[Any]) -> int:
    upper, middle, lower = (int(part) for part in parts)
    whole: int = (upper * 10**_DIGITS + middle) * 10**_DIGITS + lower
    return whole


def _by_first(session: Session, query: Select[Any]) -> dict[str, int]:
    return {row[0]: _whole(row[1:]) for row in session.execute(query)}
