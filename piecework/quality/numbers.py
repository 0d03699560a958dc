"""One number a task from many: a weighted mean in which outliers and unreliable workers fade.

Each answer is the task's value plus the worker's error, which follows a Student distribution with
`DEGREES_OF_FREEDOM`; expectation-maximisation as in K. L. Lange, R. J. A. Little, J. M. G. Taylor, "Robust Statistical
Modeling Using the t Distribution" (1989).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from piecework.quality.answers import AnswersInvalid, Bools, Floats, Ints, check_columns

DEGREES_OF_FREEDOM = 4.0
PRIOR_ANSWERS = 4.0
# Squares of larger numbers, and of smaller differences than its inverse, leave the range of floating point.
LARGEST = 1e90
# Of a worker's distance from the others, at least this share of the square is the worker's own.
_LEAST_OWN = 0.1
# Answers farther than so many typical errors from their task's median are left out.
_FAR = 6.0
REACH = 3.0
"""Deviations from a task's number within which an answer says the same."""
# Of a normal distribution, by the median of the distances from its middle.
_MEDIAN_TO_DEVIATION = 1.4826
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Estimate:
    """`value`: (tasks,), NaN without answers. `error`: (tasks,), its standard error. `scale`: (workers,), the spread
    of each worker's errors, `typical`: the crowd's before anybody is known, in the answers' unit."""

    value: Floats
    error: Floats
    scale: Floats
    typical: float
    iterations: int


@dataclass(frozen=True)
class Settled:
    """`value`: (tasks,), NaN without answers. `reach`: (tasks,), how far an answer may lie from it and still say the
    same. `near`: (answers,), whether each does. `estimate`: what they rest on."""

    value: Floats
    reach: Floats
    near: Bools
    estimate: Estimate


def settle_numbers(task: Ints, worker: Ints, answer: Floats, *, tasks: int, workers: int) -> Settled:
    """One number a task: the one that at least two workers and most of the weight gave, else the robust mean.

    An answer says the same within `REACH` deviations of that: the crowd's, or those of the task's own answers where
    they lie further apart, each such that half of the answers may be anything. Where most give the very same number
    nothing else says the same. Raises AnswersInvalid as `estimate_numbers` does.
    """
    found = estimate_numbers(task, worker, answer, tasks=tasks, workers=workers)
    value = _most_given(task, answer, found.scale[worker] ** -2.0, found.value)
    apart = np.abs(answer - value[task])
    compared = np.bincount(task, minlength=tasks)[task] > 1
    crowd = float(np.median(apart[compared])) if compared.any() else 0.0
    own = _medians(task, apart, tasks)
    reach = REACH * _MEDIAN_TO_DEVIATION * np.maximum(np.where(np.isnan(own), 0.0, own), crowd)
    reach += _ROUNDING * np.abs(np.where(np.isnan(value), 0.0, value))
    return Settled(value, reach, apart <= reach[task], found)


def _most_given(task: Ints, answer: Floats, weight: Floats, otherwise: Floats) -> Floats:
    """(tasks,), the number that two answers and more than half of the task's weight name, where there is one."""
    order = np.lexsort((answer, task))
    of, said, weighs = task[order], answer[order], weight[order]
    begin = np.flatnonzero(np.append(True, (of[1:] != of[:-1]) | (said[1:] != said[:-1]))) if of.size else order
    sums = np.add.reduceat(weighs, begin) if of.size else weighs
    whole = np.bincount(task, weights=weight, minlength=otherwise.size)
    most = (np.diff(begin, append=of.size) > 1) & (2.0 * sums > whole[of[begin]])
    value = otherwise.copy()
    value[of[begin][most]] = said[begin][most]
    return value


def estimate_numbers(
    task: Ints,
    worker: Ints,
    answer: Floats,
    *,
    tasks: int,
    workers: int,
    max_iterations: int = 100,
    tolerance: float = 1e-6,
) -> Estimate:
    """`task`, `worker`: (answers,), `answer`: (answers,) numbers. Starts from each task's median.

    Raises AnswersInvalid for arrays that do not fit, and for a number that is not finite or beyond `LARGEST`.
    """
    check_columns(task, worker, answer.size, tasks=tasks, workers=workers)
    if answer.size and not np.abs(answer).max() <= LARGEST:
        raise AnswersInvalid(f"every number must be finite and at most {LARGEST:g} in size")
    count = np.bincount(task, minlength=tasks)
    value = _medians(task, answer, tasks)
    residual = answer - value[task]
    # Alone on its task, an answer has no error to be seen: it says nothing about its worker.
    compared = count[task] > 1
    typical = _spread(residual[compared])
    # A slip of the keyboard would make everybody else on its task look wild.
    near = (np.abs(residual) <= _FAR * typical) | (count[task] < 3)
    near |= np.bincount(task, weights=near, minlength=tasks)[task] == 0
    compared &= near
    given = np.bincount(worker[compared], minlength=workers)
    scale = np.full(workers, typical)
    fade = near.astype(np.float64)
    total = np.zeros(tasks)
    iterations, settled = 0, False
    while iterations < max_iterations and not settled:
        iterations += 1
        weight = fade / scale[worker] ** 2
        total = np.bincount(task, weights=weight, minlength=tasks).astype(np.float64)
        weighted = np.bincount(task, weights=weight * answer, minlength=tasks).astype(np.float64)
        before = value
        value = np.divide(weighted, total, where=count > 0, out=np.full(tasks, np.nan))
        # Each answer is held against the others alone: held against a value that follows it, one worker's errors
        # shrink to nothing and that worker rules.
        left = total[task] - weight
        others = np.where(compared & (left > 0), left, np.inf)
        apart = np.where(compared, answer - (weighted[task] - weight * answer) / others, 0.0)
        fade = near * (DEGREES_OF_FREEDOM + 1.0) / (DEGREES_OF_FREEDOM + apart**2 / (scale[worker] ** 2 + 1.0 / others))
        seen = np.bincount(worker, weights=fade * apart**2, minlength=workers)
        owed_to_others = np.bincount(worker, weights=np.where(compared, fade / others, 0.0), minlength=workers)
        own = np.maximum(seen - owed_to_others, _LEAST_OWN * seen)
        scale = np.sqrt((own + PRIOR_ANSWERS * _LEAST_OWN * typical**2) / (given + PRIOR_ANSWERS * _LEAST_OWN))
        scale = np.maximum(scale, 1e-3 * typical)
        settled = bool(np.nanmax(np.abs(value - before), initial=0.0) <= tolerance * typical)
    error = np.sqrt(np.divide(1.0, total, where=total > 0, out=np.full(tasks, np.nan)))
    return Estimate(value, error, scale, typical, iterations)


def _medians(task: Ints, answer: Floats, tasks: int) -> Floats:
    order = np.lexsort((answer, task))
    count = np.bincount(task, minlength=tasks)
    start = np.cumsum(count) - count
    value = np.full(tasks, np.nan)
    some = count > 0
    low, high = start[some] + (count[some] - 1) // 2, start[some] + count[some] // 2
    value[some] = (answer[order[low]] + answer[order[high]]) / 2.0
    return value


def _spread(residual: Floats) -> float:
    """A scale that half of the answers may spoil; never zero."""
    if residual.size == 0:
        return 1.0
    apart = np.abs(residual)
    spread = _MEDIAN_TO_DEVIATION * float(np.median(apart))
    # Where most say the very same, those who do not tell how far one is off; a mean would be a single slip's.
    if not spread and apart.any():
        spread = _MEDIAN_TO_DEVIATION * float(np.median(apart[apart > 0]))
    return max(spread, 1.0 / LARGEST) if spread else 1.0
