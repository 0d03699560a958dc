"""A reviewer's "looked at, fine": it closes a signal about a worker until later answers show it anew.

A closing names the worker's submissions that were there. What a look finds about that worker and signal afterwards
counts only if the answers handed in since show it by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from backend.signals.looking import Found, Looked, Stretch
from piecework.db.gateway import ClosedSignal

OPERATOR = "operator"
"""In place of a reviewer's address, where the gateway's operator closed it."""
Key = tuple[str, str]
"""Worker and signal."""


def newest(closed: Sequence[ClosedSignal]) -> dict[Key, ClosedSignal]:
    """The last closing of each."""
    return {(row.worker, row.signal): row for row in sorted(closed, key=lambda row: row.position)}


def open_ones(found: Sequence[Found], closed: Sequence[ClosedSignal]) -> tuple[Found, ...]:
    """Findings that no closing has seen."""
    last = newest(closed)
    return tuple(
        each
        for each in found
        if (each.worker, each.signal) not in last or last[each.worker, each.signal].position <= each.beyond
    )


def unseen(stretches: Mapping[str, Stretch], closed: Sequence[ClosedSignal]) -> list[Stretch]:
    """`stretches`: by digest of the submission. Without what a closing about its worker has seen."""
    seen = {digest for row in closed for digest in row.submissions}
    return [stretch for digest, stretch in stretches.items() if digest not in seen]


def with_closings(looked: Looked, again: Looked, closed: Sequence[ClosedSignal]) -> Looked:
    """`again`: found in unseen answers alone. Of what was closed only that counts, as beyond the closing."""
    last = newest(closed)
    kept = [each for each in looked.found if (each.worker, each.signal) not in last]
    kept += [
        replace(each, beyond=last[each.worker, each.signal].position)
        for each in again.found
        if (each.worker, each.signal) in last
    ]
    return replace(looked, found=tuple(kept))
