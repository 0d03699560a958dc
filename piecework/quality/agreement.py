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
# Cells of a table (tasks, values) above which none is built.
_MOST_CELLS = 8_000_000
# Cells of a block (resamples, tasks), so that it stays in a processor's cache.
_BLOCK = 250_000
# Values are scaled to a spread of one: a mean square below this is what rounding leaves of nothing.
_ROUNDING = 1e-30


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
    alpha = _KINDS[level](unit, place, tasks.size, distinct).of
    low, high = _interval(alpha, tasks.size, resamples, seed)
    whole = float(alpha(np.ones((1, tasks.size)))[0])
    return Agreement(whole, low, high, level, int(unit.size), int(tasks.size))


class _Table:
    """How often each value was given to each task: a table (tasks, values), or its filled cells where that is large."""

    def __init__(self, unit: Ints, place: Ints, units: int, values: int) -> None:
        self.units, self.values = units, values
        cells, times = np.unique(unit * values + place, return_counts=True)
        self.unit, self.place, self.times = cells // values, cells % values, times.astype(np.float64)
        self.count = np.bincount(unit, minlength=units).astype(np.float64)
        self.equal = np.bincount(self.unit, weights=self.times**2, minlength=units)
        self.dense: Floats | None = None
        if units * values <= _MOST_CELLS:
            self.dense = np.zeros((units, values))
            self.dense[self.unit, self.place] = self.times

    def totals(self, weight: Floats) -> Floats:
        """Answers of each value when each task counts `weight`, (rows, tasks): (rows, values)."""
        if self.dense is not None:
            found: Floats = weight @ self.dense
            return found
        rows = [np.bincount(self.place, weights=row[self.unit] * self.times, minlength=self.values) for row in weight]
        return np.array(rows)

    def sums(self, scale: Floats) -> Floats:
        """Sum of each task's answers when each value is `scale`, (rows, values): (rows, tasks)."""
        if self.dense is not None:
            found: Floats = scale @ self.dense.T
            return found
        rows = [np.bincount(self.unit, weights=row[self.place] * self.times, minlength=self.units) for row in scale]
        return np.array(rows)


class _Nominal:
    """Two answers differ or do not."""

    def __init__(self, unit: Ints, place: Ints, units: int, distinct: Floats) -> None:
        self.table = _Table(unit, place, units, distinct.size)
        self.apart = (self.table.count**2 - self.table.equal) / (self.table.count - 1.0)

    def of(self, weight: Floats) -> Floats:
        """Alpha when each task counts `weight` times, (rows, tasks): (rows,)."""
        total, size = self.table.totals(weight), weight @ self.table.count
        return _alpha(weight @ self.apart, size * size - (total * total).sum(axis=1), size)


class _Ordinal:
    """Two answers differ by the square of their middle ranks among all answers.

    The difference of Krippendorff, the answers between two values with half of those at each, is the difference of
    the values' middle ranks.
    """

    def __init__(self, unit: Ints, place: Ints, units: int, distinct: Floats) -> None:
        self.table = _Table(unit, place, units, distinct.size)

    def of(self, weight: Floats) -> Floats:
        """Alpha when each task counts `weight` times, (rows, tasks): (rows,)."""
        count, total, size = self.table.count, self.table.totals(weight), weight @ self.table.count
        scale = (np.cumsum(total, axis=1) - total / 2.0) / size[:, None]
        scale -= (total * scale).sum(axis=1, keepdims=True) / size[:, None]
        sums, squares = self.table.sums(scale), self.table.sums(scale * scale)
        apart = 2.0 * np.maximum(count * squares - sums * sums, 0.0) / (count - 1.0)
        return _alpha((weight * apart).sum(axis=1), 2.0 * size * (total * scale * scale).sum(axis=1), size)


class _Interval:
    """Two answers differ by the square of their values' difference: each task's mean and spread tell all."""

    def __init__(self, unit: Ints, place: Ints, units: int, distinct: Floats) -> None:
        self.count = np.bincount(unit, minlength=units).astype(np.float64)
        # Alpha knows no unit and no zero; near zero and one squares lose no digits.
        spread = float(np.ptp(distinct / 2.0)) or 1.0
        each = ((distinct / 2.0 - float(np.median(distinct / 2.0))) / spread)[place]
        self.mean = np.bincount(unit, weights=each, minlength=units) / self.count
        self.within = np.bincount(unit, weights=(each - self.mean[unit]) ** 2, minlength=units)
        self.apart = 2.0 * self.count * self.within / (self.count - 1.0)

    def of(self, weight: Floats) -> Floats:
        """Alpha when each task counts `weight` times, (rows, tasks): (rows,)."""
        size = weight @ self.count
        middle = weight @ (self.count * self.mean) / size
        between = (weight * self.count * (self.mean - middle[:, None]) ** 2).sum(axis=1)
        return _alpha(weight @ self.apart, 2.0 * size * (weight @ self.within + between), size)


_KINDS: dict[str, type[_Nominal] | type[_Ordinal] | type[_Interval]] = {
    "nominal": _Nominal,
    "ordinal": _Ordinal,
    "interval": _Interval,
}


def _alpha(observed: Floats, expected: Floats, size: Floats) -> Floats:
    known = expected > _ROUNDING * size * size
    share: Floats = np.divide((size - 1.0) * observed, expected, where=known, out=np.full(size.shape, np.nan))
    return 1.0 - share


def _interval(alpha: Callable[[Floats], Floats], tasks: int, resamples: int, seed: int) -> tuple[float, float]:
    """The middle 95 % of alpha over tasks drawn with replacement, many draws at a time."""
    if tasks < 2 or resamples < 1:
        return float("nan"), float("nan")
    random = np.random.default_rng(seed)
    found = np.empty(resamples)
    rows = max(1, min(resamples, _BLOCK // tasks))
    for start in range(0, resamples, rows):
        block = np.empty((min(rows, resamples - start), tasks))
        for row in block:
            row[:] = np.bincount(random.integers(tasks, size=tasks), minlength=tasks)
        found[start : start + rows] = alpha(block)
    found = found[np.isfinite(found)]
    if not found.size:
        return float("nan"), float("nan")
    low, high = np.quantile(found, (0.025, 0.975))
    return float(low), float(high)
