"""One number a task from many: a weighted mean in which outliers and unreliable workers fade.

Each answer is the task's value plus the worker's error, which follows a Student distribution with
`DEGREES_OF_FREEDOM`; expectation-maximisation as in K. L. Lange, R. J. A. Little, J. M. G. Taylor, "Robust Statistical
Modeling Using the t Distribution" (1989).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from piecework.quality.answers import AnswersInvalid, Floats, Ints, check_columns

DEGREES_OF_FREEDOM = 4.0
PRIOR_ANSWERS = 4.0
# Squares of larger numbers, and of smaller differences than its inverse, leave the range of floating point.
LARGEST = 1e90
# Of a worker's distance from the others, at least this share of the square is the worker's own.
_LEAST_OWN = 0.1
# Answers farther than so many typical errors from their task's median are left out.
_FAR = 6.0


@dataclass(frozen=True)
class Estimate:
    """`value`: (tasks,), NaN without answers. `error`: (tasks,), its standard error. `scale`: (workers,), the spread
    of each worker's errors, in the answers' unit."""

    value: Floats
    error: Floats
    scale: Floats
    iterations: int


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
    return Estimate(value, error, scale, iterations)


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
    spread = 1.4826 * float(np.median(np.abs(residual)))
    spread = spread or float(np.sqrt(np.mean(residual**2)))
    return max(spread, 1.0 / LARGEST) if spread else 1.0
