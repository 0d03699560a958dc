"""Verdicts on answers that are hardly ever equal: numbers and boxes, compared within what people differ by.

The same care as with labels: an answer is rejected only if its worker gave fewer than `reject_gold_below` of at least
three known answers right, and the answer itself says something else than what was found. A known answer that skilled
workers contradict together is flagged and forgiven.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.reviews import known as known_answers
from backend.reviews.policy import MINIMUM_KNOWN_SEEN
from piecework.quality.answers import Answers, Bools, Floats, Ints, answers_of
from piecework.quality.calibration import SHARED_ERROR, allowed_correlation
from piecework.quality.majority import NO_LABEL

_FOUND, _KNOWN, _OTHER = 0, 1, 2
"""What an answer says, where answers are counted: what was found, the known answer where that is another, neither."""


@dataclass(frozen=True, slots=True)
class Measured:
    """`value`, `sure`: (tasks,), what was found, as JSON, and how sure it is, 0 to 1; None where nothing was.

    `same`: (answers,), whether each says what was found; `knows`: (answers,), whether it says its task's known answer;
    `found_known`: (tasks,), whether what was found does. `said`: (answers,), each beside what was found, in words.
    `likeness`: (answers,), how like what was found each is, 0 to 1. `skills`: one entry a worker with its `agreement`,
    0 to 1. `tolerance`: by how much another machine's numbers may differ.
    """

    name: str
    method: Mapping[str, Any]
    value: Sequence[Any]
    sure: Sequence[float | None]
    same: Bools
    knows: Bools
    found_known: Bools
    said: Sequence[str]
    likeness: Floats
    skills: list[dict[str, Any]]
    accuracy: Floats
    tolerance: float


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Decisions with reasons by (task, worker); known answers seen and right by worker, and those that are flagged."""

    decisions: dict[tuple[str, str], tuple[str, str]]
    seen: Ints
    right: Ints
    flags: list[known_answers.Flag]


def judge(
    answers: Answers,
    tasks: Sequence[str],
    workers: Sequence[str],
    is_known: Bools,
    found: Measured,
    reject_gold_below: float | None,
    *,
    revealed: bool,
) -> Verdicts:
    """`is_known`: (tasks,). Until they are `revealed` the known answers stand in no label and no reason."""
    flags = _flagged(answers, is_known, found)
    forgiven = np.zeros(len(tasks), dtype=np.bool_)
    forgiven[[flag.task for flag in flags]] = True
    counts = (is_known & ~forgiven)[answers.task]
    seen = np.bincount(answers.worker[counts], minlength=answers.workers)
    right = np.bincount(answers.worker[counts & found.knows], minlength=answers.workers)
    failed = np.zeros(len(workers), dtype=np.bool_)
    if reject_gold_below is not None:
        failed = (seen >= MINIMUM_KNOWN_SEEN) & (right < reject_gold_below * seen)
    shown = is_known[answers.task] & revealed
    agrees = np.where(shown, found.knows, found.same)
    # Who says the known answer is right, also while the file does not show it.
    spared = found.knows & is_known[answers.task]
    decisions = {}
    for at, (task, worker) in enumerate(zip(answers.task.tolist(), answers.worker.tolist(), strict=True)):
        what = f"the known {found.name}" if shown[at] else f"the {found.name} found"
        beside = "" if shown[at] else found.said[at]
        if agrees[at]:
            said = "accepted", f"agrees with {what}{beside}"
        elif revealed and forgiven[task]:
            said = "accepted", f"differs from {what}, which skilled workers contradict: forgiven"
        elif failed[worker] and not spared[at]:
            known = f"only {right[worker]} of {seen[worker]} known answers were right"
            said = "rejected", f"differs from {what}{beside}, and {known}"
        else:
            said = "accepted", f"differs from {what}{beside}, which alone is no fault"
        decisions[(tasks[task], workers[worker])] = said
    return Verdicts(decisions, seen, right, flags)


def _flagged(answers: Answers, is_known: Bools, found: Measured) -> list[known_answers.Flag]:
    """By the rule for labels, with what was found and the known answer as two labels where they differ."""
    apart = is_known & ~found.found_known
    is_apart = apart[answers.task]
    says = np.where(found.same, _FOUND, _OTHER)
    says = np.where(is_apart & found.knows, _KNOWN, says)
    says = np.where(is_known[answers.task] & ~is_apart & found.knows, _FOUND, says)
    known = np.where(apart, _KNOWN, np.where(is_known, _FOUND, NO_LABEL))
    told = answers_of(
        answers.task, answers.worker, says, tasks=answers.tasks, workers=answers.workers, labels=_OTHER + 1
    )
    flags = known_answers.flagged(told, known, found.accuracy, allowed_correlation(0.0, SHARED_ERROR))
    # Of answers that say neither nothing in common is known.
    return [flag for flag in flags if flag.label == _FOUND]
