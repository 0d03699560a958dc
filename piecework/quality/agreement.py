"""How far workers agree beyond chance: Krippendorff's alpha, with as many answers a task as there happen to be.

1 is perfect agreement, 0 what answers drawn from the pool of all answers would show, below 0 systematic disagreement.
K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011). The interval resamples whole tasks, as in A. Zapf,
S. Castell, L. Morawietz, A. Karch, "Measuring inter-rater reliability for nominal data" (2016).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from piecework.quality.answers import AnswersInvalid, Floats, Ints

LEVELS = ("nominal", "ordinal", "interval")
RESAMPLES = 500


@dataclass(frozen=True)
class Agreement:
    """`alpha`: NaN when no task has two answers, or when all of those answers are equal: then there is no chance to
    compare with. `low`, `high`: its 95 % interval, NaN with fewer than two such tasks.

    `answers`, `tasks`: those that could be compared.
    """

    alpha: float
    low: float
    high: float
    level: str
    answers: int
    tasks: int


def krippendorff_alpha(
    task: ArrayLike, value: ArrayLike, *, level: str = "nominal", resamples: int = RESAMPLES, seed: int = 0
) -> Agreement:
    """`task`: (answers,) integers, `value`: (answers,) finite numbers; who gave them does not matter.

    `level`: "nominal" (equal or not), "ordinal" (how many answers lie between), "interval" (squared difference).
    Missing answers are left out of the arrays. Raises AnswersInvalid for arrays that do not fit.
    """
    numbers = np.asarray(value, dtype=np.float64)
    names = np.asarray(task)
    if level not in LEVELS:
        raise AnswersInvalid(f"no level named {level!r}: choose {', '.join(LEVELS)}")
    if names.shape != numbers.shape or names.ndim != 1:
        raise AnswersInvalid(f"task and value must be flat and of one length, not {names.shape} and {numbers.shape}")
    if not np.isfinite(numbers).all():
        raise AnswersInvalid("every value must be finite: leave a missing answer out")
    _, unit = np.unique(names, return_inverse=True)
    comparable = np.bincount(unit, minlength=1)[unit] > 1
    tasks, unit = np.unique(unit[comparable], return_inverse=True)
    distinct, place = np.unique(numbers[comparable], return_inverse=True)
    if not tasks.size:
        return Agreement(np.nan, np.nan, np.nan, level, 0, 0)
    alpha = (_Nominal if level == "nominal" else _Distance)(unit, place, tasks.size, distinct, level)
    low, high = _interval(alpha.of, tasks.size, resamples, seed)
    return Agreement(alpha.of(np.ones(tasks.size)), low, high, level, int(unit.size), int(tasks.size))


class _Nominal:
    """Two answers differ or do not."""

    def __init__(self, unit: Ints, place: Ints, units: int, distinct: Floats, level: str) -> None:
        self.unit, self.place, self.values = unit, place, distinct.size
        self.count = np.bincount(unit, minlength=units).astype(np.float64)
        _, which, same = np.unique(unit * self.values + place, return_index=True, return_counts=True)
        equal = np.bincount(unit[which], weights=same.astype(np.float64) ** 2, minlength=units)
        self.apart = (self.count**2 - equal) / (self.count - 1.0)

    def of(self, weight: Floats) -> float:
        """Alpha when each task counts `weight` times, (tasks,)."""
        total = np.bincount(self.place, weights=weight[self.unit], minlength=self.values)
        size = float(weight @ self.count)
        return _alpha(float(weight @ self.apart), size * size - float(total @ total), size)


class _Distance:
    """Two answers differ by a square: of their values, or of their middle ranks among all answers.

    The ordinal difference of Krippendorff, the answers between two values with half of those at each, is the
    difference of the values' middle ranks.
    """

    def __init__(self, unit: Ints, place: Ints, units: int, distinct: Floats, level: str) -> None:
        self.unit, self.place, self.units, self.ordinal = unit, place, units, level == "ordinal"
        self.count = np.bincount(unit, minlength=units).astype(np.float64)
        # Alpha knows no unit and no zero; near zero and one squares lose no digits.
        spread = float(np.ptp(distinct / 2.0)) or 1.0
        self.scaled = (distinct / 2.0 - float(np.median(distinct / 2.0))) / spread
        self.values = distinct.size

    def of(self, weight: Floats) -> float:
        """Alpha when each task counts `weight` times, (tasks,)."""
        total = np.bincount(self.place, weights=weight[self.unit], minlength=self.values)
        size = float(weight @ self.count)
        scale = (np.cumsum(total) - total / 2.0) / size if self.ordinal else self.scaled
        scale = scale - float(total @ scale) / size
        each = scale[self.place]
        sums = np.bincount(self.unit, weights=each, minlength=self.units)
        squares = np.bincount(self.unit, weights=each * each, minlength=self.units)
        apart = 2.0 * np.maximum(self.count * squares - sums * sums, 0.0) / (self.count - 1.0)
        return _alpha(float(weight @ apart), 2.0 * size * float(total @ (scale * scale)), size)


def _alpha(observed: float, expected: float, size: float) -> float:
    return 1.0 - (size - 1.0) * observed / expected if expected > 0 else float("nan")


def _interval(alpha: Callable[[Floats], float], tasks: int, resamples: int, seed: int) -> tuple[float, float]:
    """The middle 95 % of alpha over tasks drawn with replacement."""
    if tasks < 2 or resamples < 1:
        return float("nan"), float("nan")
    random = np.random.default_rng(seed)
    drawn = (np.bincount(random.integers(tasks, size=tasks), minlength=tasks) for _ in range(resamples))
    found = np.array([alpha(weight.astype(np.float64)) for weight in drawn])
    found = found[np.isfinite(found)]
    if not found.size:
        return float("nan"), float("nan")
    low, high = np.quantile(found, (0.025, 0.975))
    return float(low), float(high)
