"""What somebody used up of what the gateway brings on chain for nothing: buckets in SQL that run off with time.

They stand in the database, so that gateways on one database count together and a restart forgets nothing. A bucket
that holds `most` runs off in `refill_seconds`. Answers that came on chain are paid work: they give back what they and
their claim took.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import case, delete, select, update
from sqlalchemy.orm import Session

from piecework.db.gateway import RelayBudget, RelayIntent
from piecework.db.upserts import insert_into
from piecework.domain.messages import PacketKind

_GIVEN_BACK = {PacketKind.SUBMIT: 2, PacketKind.CLAIM_AND_SUBMIT: 1}
"""By the kind of a packet that brought answers: its own number and its claim's."""
ENDS_CLAIM = "ends_claim"
"""In an intent's payload: false for answers after which a part of their claim is still out. They give nothing back, or
one claim could bring any number of packets."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """`most` packets fill it; for `lenience` times as many it takes no more. It runs off at the same rate."""

    name: str
    most: int
    lenience: int = 1


@dataclass(frozen=True, slots=True)
class Full:
    """A bucket without room, and the whole seconds until it has some."""

    bucket: Bucket
    wait_seconds: int


def names_of(account: str, batch_id: str | None) -> list[str]:
    """The buckets that a packet falls into: the address's, the address's in that batch, and the batch's."""
    if batch_id is None:
        return [account]
    return [account, f"{account}:{batch_id}", batch_id]


def room(session: Session, buckets: Sequence[Bucket], now: float, refill_seconds: int) -> Full | None:
    """The bucket that is the longest without room for one more, or None if all have some. Changes nothing."""
    names = [bucket.name for bucket in buckets]
    rows = session.execute(select(RelayBudget).where(RelayBudget.name.in_(names))).scalars()
    return _fullest(buckets, {row.name: row for row in rows}, now, refill_seconds)


def take(session: Session, buckets: Sequence[Bucket], now: float, refill_seconds: int) -> Full | None:
    """Puts one packet into each, or into none if one is full. The rows stay locked to the transaction's end."""
    if not buckets:
        return None
    rows = _locked(session, sorted(bucket.name for bucket in buckets), now)
    full = _fullest(buckets, rows, now, refill_seconds)
    if full is None:
        for bucket in buckets:
            row = rows[bucket.name]
            row.level, row.counted_at = _level(row, bucket, now, refill_seconds) + 1, max(now, row.counted_at)
        session.flush()
    return full


def _locked(session: Session, names: Sequence[str], now: float) -> dict[str, RelayBudget]:
    """The buckets by name, made where there are none. They are locked as they are named, in the order of their names as
    Python has it, which is everybody's here: so nobody waits for somebody who waits for him, whatever order the
    database has."""
    new = insert_into(session, RelayBudget).values([{"name": name, "level": 0.0, "counted_at": now} for name in names])
    locked = new.on_conflict_do_update(index_elements=["name"], set_={"name": new.excluded.name})
    found = session.scalars(locked.returning(RelayBudget), execution_options={"populate_existing": True})
    return {row.name: row for row in found}


def give_back(session: Session, confirmed: Iterable[RelayIntent]) -> None:
    """Answers came on chain: their packets and claims were no waste."""
    due: Counter[str] = Counter()
    for intent in confirmed:
        if not intent.payload.get(ENDS_CLAIM, True):
            continue
        packet = intent.payload["packet"]
        for name in names_of(packet["worker"], packet["batch_id"]):
            due[name] += _GIVEN_BACK.get(PacketKind(packet["kind"]), 0)
    for name, packets in sorted(due.items()):
        less = case((RelayBudget.level > packets, RelayBudget.level - packets), else_=0.0)
        if packets:
            session.execute(update(RelayBudget).where(RelayBudget.name == name).values(level=less))


def tidy(session: Session, now: float, refill_seconds: int) -> None:
    """Forgets buckets that have long run off, the most lenient too."""
    session.execute(delete(RelayBudget).where(RelayBudget.counted_at < now - 4 * refill_seconds))


def _fullest(buckets: Sequence[Bucket], rows: dict[str, RelayBudget], now: float, refill_seconds: int) -> Full | None:
    waits = []
    for bucket in buckets:
        row = rows.get(bucket.name)
        level = _level(row, bucket, now, refill_seconds) if row else 0.0
        over = level + 1 - bucket.most * bucket.lenience
        if over > 0:
            waits.append(Full(bucket, math.ceil(over * refill_seconds / bucket.most)))
    return max(waits, key=lambda full: full.wait_seconds, default=None)


def _level(row: RelayBudget, bucket: Bucket, now: float, refill_seconds: int) -> float:
    return max(0.0, row.level - max(0.0, now - row.counted_at) * bucket.most / refill_seconds)
