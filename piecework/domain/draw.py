"""The draw of reviewers: whom a submission gets, and what their verdicts come to. Anybody can compute it again.

Every candidate has a rank by a hash of the seed and its own address; the lowest are drawn. The seed is a hash of the
block that holds the submission, so nobody knew it when the answer was committed to or when candidates enrolled.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ACCEPT, REJECT = "accept", "reject"
_PREFIX = b"piecework/draw/1\0"


@dataclass(frozen=True, slots=True)
class DrawRules:
    """`reviewers` are drawn at first, `quorum` equal verdicts decide, and `most` are drawn at most."""

    reviewers: int
    quorum: int
    most: int

    @classmethod
    def of(cls, review: Mapping[str, Any]) -> DrawRules:
        """From the `review` of a manifest whose policy is `drawn`."""
        draw = review["draw"]
        return cls(draw["reviewers"], draw["quorum"], draw["most"])


def ranked(block_hash: str, submission: str, task: str, candidates: Iterable[str]) -> list[str]:
    """Candidates in the order in which they are drawn. Hashes are `0x` and 64 hex digits."""
    seed = hashlib.sha256(_PREFIX + bytes.fromhex(block_hash[2:]) + bytes.fromhex(submission[2:]) + task.encode())
    return sorted(candidates, key=lambda name: hashlib.sha256(seed.digest() + bytes.fromhex(name[2:])).digest())


def decided(verdicts: Sequence[str], rules: DrawRules) -> str | None:
    """The verdict that first came to the quorum, in the chain's order; None while none has."""
    counts: Counter[str] = Counter()
    for verdict in verdicts:
        counts[verdict] += 1
        if counts[verdict] >= rules.quorum:
            return verdict
    return None


def missing(verdicts: Sequence[str], drawn: int, rules: DrawRules, *, is_waiting: bool) -> int:
    """How many more to draw now. `is_waiting`: those drawn who said nothing may still do so in time."""
    if decided(verdicts, rules) is not None:
        return 0
    if drawn == 0:
        return min(rules.reviewers, rules.most)
    if is_waiting and len(verdicts) < drawn:
        return 0
    closest = max(Counter(verdicts).values(), default=0)
    return max(0, min(rules.quorum - closest, rules.most - drawn))
