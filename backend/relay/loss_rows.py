"""Rows of what relaying cost beyond the fees it brought, and of what is put by: integers of wei, in the database.

The row of everybody is always locked first and the others behind it, so that gateways on one database count together
and none waits for one that waits for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from backend.relay.costs import EARNED, Place
from piecework.db.gateway import RelayHold, RelayLoss
from piecework.db.mirror import MirrorTally
from piecework.db.upserts import insert_into

ALL = "all"
_ONE_OF_ALL = 2
"""One requester's part of the bound: half, in each share of it."""
_TICKS = 10**6
"""Parts of a second in which time runs off: whole seconds would be lost each time that a busy gateway counts."""


@dataclass(frozen=True, slots=True)
class Bound:
    """`most_wei` for everybody together, free again in `refill_seconds`, little by little. Zero is no bound."""

    most_wei: int = 0
    refill_seconds: int = 86_400

    def part(self, name: str) -> int:
        return self.most_wei if name == ALL else self.most_wei // _ONE_OF_ALL


@dataclass(frozen=True, slots=True)
class Short:
    """No room: `asked_wei` beyond fees, where `most_wei` may be out for `name` at a time."""

    name: str
    asked_wei: int
    most_wei: int
    wait_seconds: int


def lock_all(session: Session, now: float) -> RelayLoss:
    """Before anything else is read or changed here."""
    return _locked(session, ALL, now)


def short_of(session: Session, bound: Bound, payer: str | None, wei: int, share: int, now: float) -> Short | None:
    """What is without room for `wei` more in its share (quarters), the longest of them. Changes nothing."""
    own = session.get(RelayLoss, payer, populate_existing=True) if payer is not None else None
    exposed = max(0, wei - own.credit_wei) if own is not None else wei
    if exposed <= 0:
        return None
    found = []
    for name, row in ((ALL, session.get(RelayLoss, ALL, populate_existing=True)), (payer, own)):
        if name is not None:
            most = bound.part(name) * share // EARNED
            over = (_drawn(row, bound, now) if row else 0) + exposed - most
            if over > 0:
                wait = math.ceil(over * bound.refill_seconds / bound.part(name)) if bound.part(name) else 0
                found.append(Short(name, exposed, most, min(wait, bound.refill_seconds)))
    return max(found, key=lambda each: each.wait_seconds, default=None)


def move(session: Session, bound: Bound, payer: str | None, wei: int, now: float) -> None:
    """`wei` more was spent or put by for `payer`; less, if it is negative. Whatever room there is."""
    everybody, exposed = _locked(session, ALL, now), wei
    if payer is not None:
        own = _locked(session, payer, now)
        level = own.due_wei - own.credit_wei + wei
        exposed = max(0, level) - own.due_wei
        own.due_wei, own.credit_wei = max(0, level), max(0, -level)
        _draw(own, bound, exposed, now)
    _draw(everybody, bound, exposed, now)
    session.flush()


def put_by(session: Session, place: Place, requester: str, sequence: int, wei: int) -> None:
    hold = _hold(session, place)
    if hold is None:
        session.add(RelayHold(batch_id=place[0], worker=place[1], requester=requester, sequence=sequence, wei=wei))
    else:
        hold.wei, hold.sequence = hold.wei + wei, max(hold.sequence, sequence)
    session.flush()


def held(session: Session, places: Iterable[Place], wei: int) -> int:
    """What `take_by` would get."""
    return min(wei, sum(hold.wei for hold in (_hold(session, place) for place in places) if hold is not None))


def give_back(session: Session, places: Iterable[Place], wei: int) -> bool:
    """Puts it by again for the first of the places for which something was put by; false if there is none."""
    for place in places:
        hold = _hold(session, place)
        if hold is not None:
            hold.wei += wei
            session.flush()
            return True
    return False


def take_by(session: Session, places: Iterable[Place], wei: int) -> int:
    """Takes up to `wei` of what is put by for the places; returns what it got."""
    taken = 0
    for place in places:
        hold = _hold(session, place)
        if hold is not None:
            part = min(hold.wei, wei - taken)
            hold.wei, taken = hold.wei - part, taken + part
    session.flush()
    return taken


def ended_holds(session: Session) -> list[RelayHold]:
    """Of workers who hold and wait for nothing more in the batch, as the mirror has it."""
    own = (MirrorTally.batch_id == RelayHold.batch_id, MirrorTally.worker == RelayHold.worker)
    nothing = (MirrorTally.claimed == 0, MirrorTally.old_lot == 0, MirrorTally.young_lot == 0)
    ended = select(MirrorTally.worker).where(*own, *nothing, MirrorTally.sequence > RelayHold.sequence)
    query = select(RelayHold).where(or_(exists(ended), RelayHold.wei == 0))
    return list(session.execute(query.execution_options(populate_existing=True)).scalars())


def forget(session: Session, holds: Iterable[RelayHold]) -> None:
    for hold in holds:
        session.delete(hold)
    session.flush()


def _hold(session: Session, place: Place) -> RelayHold | None:
    return session.get(RelayHold, place, populate_existing=True)


def _locked(session: Session, name: str, now: float) -> RelayLoss:
    locked = select(RelayLoss).where(RelayLoss.name == name).with_for_update()
    locked = locked.execution_options(populate_existing=True)
    found = session.execute(locked).scalar_one_or_none()
    if found is not None:
        return found
    new = insert_into(session, RelayLoss).values(name=name, due_wei=0, credit_wei=0, drawn_wei=0, counted_at=now)
    session.execute(new.on_conflict_do_nothing(index_elements=["name"]))
    return session.execute(locked).scalar_one()


def _draw(row: RelayLoss, bound: Bound, wei: int, now: float) -> None:
    row.drawn_wei, row.counted_at = max(0, _drawn(row, bound, now) + wei), max(now, row.counted_at)


def _drawn(row: RelayLoss, bound: Bound, now: float) -> int:
    ticks = int(max(0.0, now - row.counted_at) * _TICKS)
    run_off = ticks * bound.part(row.name) // (bound.refill_seconds * _TICKS)
    return max(0, row.drawn_wei - run_off)
