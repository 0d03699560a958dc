"""Plurality of answers and agreement with known answers.

Answers come as three aligned integer arrays: `task`, `worker`, `answer`, one entry an answer; tasks, workers and
answers are numbered
from 0. Nothing here knows the truth.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NO_LABEL = -1


class Labels(NamedTuple):
    """`label`: shape (tasks,), the most frequent answer or NO_LABEL on a tie or without answers.

    `agreement`: shape (tasks,), the share of that answer among the task's answers, 0 without.
    """

    label: Ints
    agreement: Floats


class Scores(NamedTuple):
    """Per worker, shape (workers,): known answers seen, and how many were given right."""

    seen: Ints
    right: Ints


def plurality(task: Ints, answer: Ints, *, tasks: int, answers: int) -> Labels:
    """The most frequent answer of each task. A tie gives no label."""
    counts = np.zeros((tasks, max(1, answers)), dtype=np.int64)
    np.add.at(counts, (task, answer), 1)
    best = counts.max(axis=1)
    tied = (counts == best[:, None]).sum(axis=1) > 1
    label = np.where(tied | (best == 0), NO_LABEL, counts.argmax(axis=1))
    total = counts.sum(axis=1)
    agreement = np.divide(best, total, out=np.zeros(tasks), where=total > 0)
    return Labels(label.astype(np.int64), agreement)


def known_answer_scores(task: Ints, worker: Ints, answer: Ints, known: Ints, *, workers: int) -> Scores:
    """`known`: shape (tasks,), the known answer or NO_LABEL."""
    is_known = known[task] != NO_LABEL
    seen = np.bincount(worker[is_known], minlength=workers)
    right = np.bincount(worker[is_known & (answer == known[task])], minlength=workers)
    return Scores(seen.astype(np.int64), right.astype(np.int64))
