"""How long the assignments of a batch take, from the chain's claim and submission times.

Measured is the time from a claim, or from the same worker's submission before, to a submission, over the assignments
submitted. That counts the worker's pauses and the relay's way too, so real work is at most as slow as this says.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from piecework.db.mirror import MirrorBatch, MirrorClaim, MirrorSubmission

HOUR_MS = 3_600_000
ENOUGH_MEASURED = 10
"""Assignments from which a batch's own times count instead of its requester's word."""
_MOST_KEPT = 10_000
_REST = 20
"""A measurement is kept for so many times what it cost, so that polling a large batch stays cheap."""


class Event(NamedTuple):
    """A claim or submission of one worker; ordered as the chain has them."""

    block_number: int
    is_submission: bool
    at: int
    assignments: int
    transaction_hash: str


class Timing(NamedTuple):
    """Milliseconds for each of so many assignments."""

    each_ms: int
    assignments: int


@dataclass(frozen=True, slots=True)
class Pace:
    """Quartiles over assignments; zero milliseconds where nothing was measured."""

    assignments: int = 0
    workers: int = 0
    fast_ms: int = 0
    median_ms: int = 0
    slow_ms: int = 0


def units_per_hour(reward_units: int, each_ms: int) -> int:
    return reward_units * HOUR_MS // max(1, each_ms)


def pace_of(workers: Iterable[Sequence[Event]]) -> Pace:
    """From each worker's events in one batch, in any order."""
    timings, active = [], 0
    for events in workers:
        own = timings_of(events)
        timings += own
        active += bool(own)
    timings.sort()
    total = sum(timing.assignments for timing in timings)
    if total == 0:
        return Pace()
    fast, median, slow = (_at(timings, total * quarter // 4) for quarter in (1, 2, 3))
    return Pace(total, active, fast, median, slow)


def timings_of(events: Sequence[Event]) -> list[Timing]:
    """Of one worker. What was claimed and submitted in one transaction took no time on chain and is left out."""
    found: list[Timing] = []
    claims: list[Event] = []
    left = 0
    last_end = 0
    for event in sorted(events):
        if not event.is_submission:
            claims.append(event)
            left += event.assignments
            continue
        if left == 0:
            continue
        start = claims[0]
        at_once = start.transaction_hash == event.transaction_hash
        # The chain counts whole seconds; what ends in the second it began in took one at most.
        seconds = max(1, event.at - max(start.at, last_end))
        if not at_once:
            found.append(Timing(-(-seconds * 1_000 // event.assignments), event.assignments))
        last_end = event.at
        left -= event.assignments
        while claims and left <= sum(claim.assignments for claim in claims[1:]):
            claims.pop(0)
    return found


def _at(timings: Sequence[Timing], place: int) -> int:
    seen = 0
    for timing in timings:
        seen += timing.assignments
        if seen > place:
            return timing.each_ms
    return timings[-1].each_ms


def read_pace(session: Session, batch_id: str) -> Pace:
    """From the mirror's rows of the batch."""
    workers: dict[str, list[Event]] = defaultdict(list)
    for row in session.execute(_rows(MirrorClaim, batch_id)):
        workers[row.worker].append(
            Event(row.block_number, False, row.block_timestamp, row.assignments, row.transaction_hash)
        )
    for row in session.execute(_rows(MirrorSubmission, batch_id)):
        workers[row.worker].append(
            Event(row.block_number, True, row.block_timestamp, row.assignments, row.transaction_hash)
        )
    return pace_of(workers.values())


def _rows(table: type[MirrorClaim] | type[MirrorSubmission], batch_id: str):  # type: ignore[no-untyped-def]
    columns = (
        table.worker,
        table.block_number,
        table.block_timestamp,
        table.count.label("assignments"),
        table.transaction_hash,
    )
    return select(*columns).where(table.batch_id == batch_id)


class PaceBook:
    """Measurements that are still good."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, tuple[tuple[int, ...], float, Pace]] = {}

    def of(self, session: Session, batch: MirrorBatch) -> Pace:
        """Measured again when the batch's counts changed, unless the last time was dear and just now."""
        counts = (batch.free, batch.claimed, batch.submitted, batch.accepted, batch.contestable, batch.refunded)
        with self._lock:
            known = self._kept.get(batch.batch_id)
        if known is not None and (known[0] == counts or time.monotonic() < known[1]):
            return known[2]
        start = time.monotonic()
        pace = read_pace(session, batch.batch_id)
        end = time.monotonic()
        with self._lock:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[batch.batch_id] = (counts, end + (end - start) * _REST, pace)
        return pace
