"""One bound on all that waits, shared out, since addresses cost nothing.

Half of the room belongs to addresses with paid work, shared by address; the other half to everybody else, shared by
network. In each half the oldest of the share that holds the most goes first, as long as that is more than the
newcomer's would hold. So nobody loses anything whose share holds less than the half divided by its shares.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session

from backend.errors import NoRoom
from backend.services import Services
from backend.waiting import repository
from piecework.domain.documents import Block

log = structlog.get_logger("waiting")

LEAST_BYTES = 16_384
"""What any file counts as, so that many small ones cannot make a large table."""


@dataclass(frozen=True, slots=True)
class Place:
    """Who waits: `holder` is kept or forgotten as a whole."""

    holder: str
    is_known: bool
    share: str


def place_of(session: Session, holder: str, address: str, network: str) -> Place:
    known = repository.has_paid_work(session, address)
    return Place(holder, known, address if known else network)


def admit(services: Services, session: Session, place: Place, files: Sequence[Block], beside: int = 0) -> None:
    """Keeps files until they expire, are named by what is paid for, or make room. `beside`: bytes of rows that go with
    them. Raises NoRoom with what is free, who has it, and when to come back."""
    repository.lock(session)
    own = {file.cid: file for file in files}
    counted = {cid: max(len(file.data), LEAST_BYTES) for cid, file in own.items()}
    counted[next(iter(own))] += beside
    _make_room(services, session, place, sum(counted.values()))
    until = time.time() + services.settings.waiting_lifetime_seconds
    common = {"holder": place.holder, "is_known": place.is_known, "share": place.share, "expires_at": until}
    rows = [
        common | {"cid": cid, "position": number, "data": file.data, "counted_bytes": counted[cid]}
        for number, (cid, file) in enumerate(own.items())
    ]
    repository.add(session, rows)


def wait_anew(services: Services, session: Session, holder: str) -> None:
    """Its time begins again, so it is the last of its share to make room: a draft whose funding is on its way."""
    repository.keep_until(session, holder, time.time() + services.settings.waiting_lifetime_seconds)


def admit_more(services: Services, session: Session, holder: str, size: int, instead_of: int = 0) -> None:
    """Counts `size` bytes of rows that were added to a draft, if that still waits, in place of the `instead_of` bytes
    that were counted for what they replace. Raises NoRoom."""
    repository.lock(session)
    found, more = repository.one_of(session, holder), size - instead_of
    if found is not None:
        if more > 0:
            _make_room(services, session, Place(holder, found.is_known, found.share), more)
        repository.count_more(session, holder, found.cid, more)


def _make_room(services: Services, session: Session, place: Place, size: int) -> None:
    most = services.settings.max_waiting_bytes_in_all // 2
    held = repository.held_by_share(session, place.is_known)
    missing = sum(held.values()) + size - most
    while missing > 0:
        largest, own = max(held, key=lambda name: held[name], default=place.share), held.get(place.share, 0)
        victim = None
        if size <= most and held.get(largest, 0) > own + size:
            victim = repository.oldest_holder(session, place.is_known, largest, place.holder)
        if victim is None:
            raise _no_room(session, place, most, most - sum(held.values()), own, size)
        freed = repository.counted_bytes(session, victim)
        repository.forget(session, victim)
        log.warning("waiting_evicted", holder=victim, share=largest, bytes=freed)
        held[largest] -= freed
        missing -= freed


def _no_room(session: Session, place: Place, most: int, free: int, own: int, size: int) -> NoRoom:
    first = repository.first_expiry(session, place.is_known)
    seconds = max(1, round(first - time.time())) if first is not None else 0
    who, whose = ("addresses with paid work", "yours") if place.is_known else ("new addresses", "your network's")
    detail = (
        f"this gateway keeps {most} bytes of unfunded drafts and unused files of {who}, {max(0, free)} are free, "
        f"{whose} hold {own}, and this counts {size}: "
    )
    if size > most:
        detail += "make it smaller"
    else:
        detail += f"fund what you drafted, or come back: the oldest is forgotten in {seconds} seconds"
    numbers = {"max_bytes": most, "free_bytes": max(0, free), "share_bytes": own, "retry_after_seconds": seconds}
    return NoRoom("waiting_full", detail, **numbers)
