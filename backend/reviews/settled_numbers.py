"""Numbers under the policy `inference`: one for each task, and who lies within what people differ by says the same.

How far people differ is measured on their answers (`piecework.quality.numbers`); nobody sets it. What is no finite
number, which the gateway takes from nobody, is not counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.reviews.measured import Measured
from piecework.quality.answers import Answers, Bools, Floats, Ints
from piecework.quality.numbers import DEGREES_OF_FREEDOM, LARGEST, REACH, Settled, settle_numbers
from piecework.quality.skill import PRIOR_ANSWERS

METHOD = {"name": "piecework-numbers", "version": 2}
_DIGITS = 6
CROWD_AGREEMENT = 0.7
"""What is thought of a crowd before it has answered."""


@dataclass(frozen=True, slots=True)
class Found:
    """`settled` rests on the answers that are numbers, `counts` says which; `near`: (answers,); `value`: (tasks,), as
    JSON, None where nobody gave a number; `agreement`: (workers,), the share of answers that are near, drawn towards
    the crowd's; `quantum`: what was rounded to."""

    settled: Settled
    counts: Bools
    near: Bools
    value: list[int | float | None]
    agreement: Floats
    quantum: float


def find(answers: Answers, values: Sequence[Any], *, whole: bool) -> Found:
    """`values`: the JSON of each number of `answers.label`. `whole`: only integers are answers."""
    numbers = np.array([number_of(values[label]) for label in answers.label.tolist()], dtype=np.float64)
    counts = ~np.isnan(numbers)
    settled = settle_numbers(
        answers.task[counts], answers.worker[counts], numbers[counts], tasks=answers.tasks, workers=answers.workers
    )
    near = np.zeros(answers.size, dtype=np.bool_)
    near[counts] = settled.near
    digits = 0 if whole else _digits(settled.estimate.typical)
    given = set(numbers[counts].tolist())
    value = [None if math.isnan(each) else _json(each, digits, given) for each in settled.value.tolist()]
    return Found(settled, counts, near, value, agreement_of(answers, near), 10.0**-digits)


def measure(answers: Answers, workers: Sequence[str], values: Sequence[Any], known: Ints, *, whole: bool) -> Measured:
    """`values`: the JSON of each number of `answers.label` and of `known`, (tasks,)."""
    found = find(answers, values, whole=whole)
    numbers = np.array([number_of(values[label]) for label in answers.label.tolist()], dtype=np.float64)
    right = np.array([number_of(values[label]) if label >= 0 else math.nan for label in known.tolist()])
    reach = found.settled.reach
    # No number lies near none.
    knows = np.abs(numbers - right[answers.task]) <= reach[answers.task]
    per_task = np.maximum(answers.per_task(), 1)
    share = np.bincount(answers.task, weights=found.near, minlength=answers.tasks) / per_task
    given, apart = answers.per_worker().tolist(), np.abs(numbers - found.settled.value[answers.task])
    order = np.argsort(answers.worker, kind="stable")
    by_worker = np.split(order, np.cumsum(answers.per_worker())[:-1])
    return Measured(
        name="number",
        method={
            **METHOD,
            "parameters": {"degrees_of_freedom": DEGREES_OF_FREEDOM, "reach": REACH, "whole": whole},
        },
        value=found.value,
        sure=[
            round(one, _DIGITS) if value is not None else None
            for one, value in zip(share.tolist(), found.value, strict=True)
        ],
        same=found.near,
        knows=knows,
        found_known=np.abs(found.settled.value - right) <= reach,
        said=[""] * answers.size,
        likeness=found.near.astype(np.float64),
        skills=[
            {
                "worker": name,
                "answers": given[number],
                "agreement": round(float(found.agreement[number]), _DIGITS),
                "median_error": _median(apart[by_worker[number]]),
            }
            for number, name in enumerate(workers)
        ],
        accuracy=found.agreement,
        tolerance=2.0 * found.quantum,
    )


def number_of(value: Any) -> float:
    """NaN for what cannot be counted."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > LARGEST:
        return math.nan
    return float(value)


def _digits(typical: float) -> int:
    """Decimals to a millionth of what people differ by."""
    return _DIGITS - math.floor(math.log10(typical))


def _json(value: float, digits: int, given: set[float]) -> int | float:
    """A number that somebody gave stays as it is; a computed one is rounded."""
    rounded = value if value in given else round(value, digits)
    is_whole = float(rounded).is_integer() and abs(rounded) < 2**53
    return int(rounded) if is_whole else float(rounded)


def agreement_of(answers: Answers, near: Bools) -> Floats:
    """(workers,), the share of answers that are `near`, (answers,), drawn towards the crowd's."""
    compared = answers.per_task()[answers.task] > 1
    hits = np.bincount(answers.worker[compared & near], minlength=answers.workers)
    count = np.bincount(answers.worker[compared], minlength=answers.workers)
    crowd = (hits.sum() + PRIOR_ANSWERS * CROWD_AGREEMENT) / (count.sum() + PRIOR_ANSWERS)
    found: Floats = (hits + PRIOR_ANSWERS * crowd) / (count + PRIOR_ANSWERS)
    return found


def _median(apart: Floats) -> float | None:
    """In the answers' unit, six significant digits; None of nothing."""
    apart = apart[~np.isnan(apart)]
    return float(f"{np.median(apart):.6g}") if apart.size else None
