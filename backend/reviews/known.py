"""Known answers that the crowd contradicts: flagged, and nobody is judged by them.

A worker is skilled for a known answer if its share of right answers to the *other* known ones is at or above the
crowd's median. Where the skilled workers' answers together, each weighed by the skill that the model found, say with
`FLAG_CONFIDENCE` that another label is right, the known answer is flagged. A flagged one measures nobody, so the others
are looked at again without it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from piecework.quality.answers import Answers, Bools, Floats, Ints
from piecework.quality.calibration import tempered_posterior
from piecework.quality.majority import NO_LABEL

FLAG_CONFIDENCE = 0.9
MINIMUM_OTHER_KNOWN = 2
"""Other known answers that a worker must have given before it counts as skilled."""
MINIMUM_SKILLED = 2
"""Skilled workers who must have answered before a known answer can be flagged."""
_ACCURACY_BOUND = 0.01


@dataclass(frozen=True, slots=True)
class Flag:
    """`task` and `label` are numbers; `label` is what the `skilled` workers' answers say, `missed` of whom contradict
    the known answer."""

    task: int
    label: int
    confidence: float
    skilled: int
    missed: int


def flagged(answers: Answers, known: Ints, accuracy: Floats, correlation: float) -> list[Flag]:
    """Flags in the order of tasks. `known`: (tasks,), NO_LABEL where none is; `accuracy`: (workers,), as the model
    found it; `correlation`: between answers to one task."""
    by_task = np.split(np.argsort(answers.task, kind="stable"), np.cumsum(answers.per_task())[:-1])
    found: dict[int, Flag] = {}
    while True:
        fair = known != NO_LABEL
        fair[list(found)] = False
        scores = known_scores(answers, known, fair)
        new = {}
        for task in np.flatnonzero(fair):
            here = by_task[task]
            skilled = here[_skilled(answers.worker[here], answers.label[here] == known[task], *scores)]
            flag = _flag(int(task), int(known[task]), answers, skilled, accuracy, correlation)
            if flag is not None:
                new[flag.task] = flag
        if not new:
            return [found[task] for task in sorted(found)]
        found |= new


def known_scores(answers: Answers, known: Ints, fair: Bools) -> tuple[Ints, Ints]:
    """Known answers that each worker gave, and those given right, (workers,); `fair`: (tasks,) which count."""
    counts = fair[answers.task] & (known[answers.task] != NO_LABEL)
    right = counts & (answers.label == known[answers.task])
    seen = np.bincount(answers.worker[counts], minlength=answers.workers)
    return seen, np.bincount(answers.worker[right], minlength=answers.workers)


def _skilled(worker: Ints, hit: Bools, seen: Ints, right: Ints) -> Bools:
    """Which of the workers of one task are skilled by the other known answers; `hit`: whether each knew this one."""
    other_seen, other_right = seen.copy(), right.copy()
    other_seen[worker] -= 1
    other_right[worker] -= hit
    measured = other_seen >= MINIMUM_OTHER_KNOWN
    if not measured.any():
        return measured[worker]
    share = other_right / np.maximum(other_seen, 1)
    good: Bools = measured & (share >= np.median(share[measured]) - 1e-9)
    return good[worker]


def _flag(task: int, known: int, answers: Answers, skilled: Ints, accuracy: Floats, correlation: float) -> Flag | None:
    """`skilled`: positions of the skilled workers' answers to `task`."""
    if skilled.size < MINIMUM_SKILLED:
        return None
    sure = np.clip(accuracy[answers.worker[skilled]], _ACCURACY_BOUND, 1.0 - _ACCURACY_BOUND)
    weight = np.log(sure) - np.log((1.0 - sure) / max(1, answers.labels - 1))
    support = np.bincount(answers.label[skilled], weights=weight, minlength=answers.labels).astype(np.float64)
    prevalence = np.full(answers.labels, -np.log(answers.labels))
    posterior = tempered_posterior(support.reshape(1, -1), prevalence, np.array([skilled.size]), correlation)[0]
    label = int(posterior.argmax())
    if label == known or posterior[label] < FLAG_CONFIDENCE:
        return None
    missed = int(np.count_nonzero(answers.label[skilled] != known))
    return Flag(task, label, float(posterior[label]), int(skilled.size), missed)
