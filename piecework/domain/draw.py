"""The draw of reviewers: whom a submission gets, and what their verdicts come to. Anybody can compute it again.

Every candidate has a rank by a hash of the seed and its own address, and by its weight; the lowest are drawn. The seed
is a hash of the block that holds the submission, so nobody knew it when the answer was committed to or when candidates
enrolled. Two addresses are drawn first as often as one with the weight of both: splitting oneself up gains nothing.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ACCEPT, REJECT = "accept", "reject"
_PREFIX = b"piecework/draw/1\0"
_HASH_BITS = 256
_FRACTION_BITS = 64
_WEIGHT_BITS = 128
"""More than any sum of token units has, so that no rank loses its digits to the weight."""


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


@dataclass(frozen=True, slots=True)
class CandidateRules:
    """Who can be drawn. `kind`: `paid` weighs each by the token units that the reviewers of `paid_by` accepted of its
    work before; with `fit` all who enrolled weigh alike."""

    kind: str
    paid_by: tuple[str, ...]

    @classmethod
    def of(cls, review: Mapping[str, Any]) -> CandidateRules | None:
        """From the `review` of a review batch's manifest; None for a batch that is none."""
        found = review.get("candidates")
        return None if found is None else cls(found["kind"], tuple(found["paid_by"]))


def ranked(block_hash: str, submission: str, task: str, weights: Mapping[str, int]) -> list[str]:
    """Candidates with a weight above zero in the order in which they are drawn. Hashes are `0x` and 64 hex digits.

    Each in turn is drawn from those left in proportion to its weight; equal weights give the order of the hashes.
    """
    seed = hashlib.sha256(_PREFIX + bytes.fromhex(block_hash[2:]) + bytes.fromhex(submission[2:]) + task.encode())

    def rank(name: str) -> tuple[int, int]:
        number = int.from_bytes(hashlib.sha256(seed.digest() + bytes.fromhex(name[2:])).digest())
        return (_waiting(number) << _WEIGHT_BITS) // weights[name], number

    return sorted((name for name in weights if weights[name] > 0), key=rank)


def _waiting(number: int) -> int:
    """-log2(1 - number / 2^256) in 2^-64ths: how long one waits for the first of events that come at random.

    In integers, so that everybody comes to the same digits.
    """
    left = (1 << _HASH_BITS) - number
    whole = left.bit_length() - 1
    mantissa = left << (_HASH_BITS - whole)  # of 1 to 2, in 2^-256ths
    fraction = 0
    for _ in range(_FRACTION_BITS):
        mantissa = mantissa * mantissa >> _HASH_BITS
        is_two = mantissa >> (_HASH_BITS + 1)
        mantissa >>= is_two
        fraction = fraction << 1 | is_two
    return ((_HASH_BITS - whole) << _FRACTION_BITS) - fraction


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
