"""What a signal says: for each worker how unlikely an honest one would do the same, and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass, field

from piecework.quality.answers import Floats

TOO_FAST = "too_fast"
COPIED = "copied_answers"
CONSTANT = "constant_answers"
RANDOM = "random_answers"
RING = "ring"
SKILL_DROP = "skill_drop"
DUPLICATE = "duplicate_account"

NAMES = (TOO_FAST, COPIED, CONSTANT, RANDOM, RING, SKILL_DROP, DUPLICATE)

SHOWN_BELOW = 0.05
"""Evidence is kept for p-values below this; above, there is nothing to explain."""


@dataclass(frozen=True)
class Evidence:
    """`tasks` that it rests on and `partners` (worker numbers), the most telling first; `numbers` by name."""

    tasks: tuple[int, ...] = ()
    partners: tuple[int, ...] = ()
    numbers: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Signal:
    """`p_value`: (workers,), the chance that an honest worker's data would look at least so odd; 1 without enough data.

    `evidence`: by worker number. `name` is the key of the reason that a worker reads (`reasons`).
    """

    name: str
    p_value: Floats
    evidence: dict[int, Evidence]
