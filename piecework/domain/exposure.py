"""How many known answers one worker may be given: a share of its tasks, so that they measure it and stay unknown."""

from __future__ import annotations

import math

_PARTS = 1_000_000
_LEAST_SHARE = 0.2
_ABOVE_BATCH = 1.25


def default_share(known: int, tasks: int) -> float:
    """A quarter above the batch's own share of known answers, at least 0.2; six digits, rounded up."""
    share = max(_LEAST_SHARE, _ABOVE_BATCH * known / tasks)
    return min(1.0, math.ceil(round(share * _PARTS, 3)) / _PARTS)


def most_known(share: float, given: int) -> int:
    """Known answers among `given` tasks of one worker at most; one is always allowed."""
    return max(1, round(share * _PARTS) * given // _PARTS)
