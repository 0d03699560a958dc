"""Models that are simulated, to see what a model of known accuracy is worth and what a hostile one can do.

They are drawn from the truth, which the library never sees: each gives a label a task.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from piecework.quality.answers import Answers, Ints
from piecework.quality.vote import vote_shares

Model = Callable[[Answers, Ints, np.random.Generator], Ints]
"""From people's answers, the truth (tasks,) with a label for each task, and chance, to labels (tasks,)."""
LEAST_OF_THE_WORST = 20
"""Answers of the worker who is taken for the worst, if anybody gave so many."""


def right_at(share: float) -> Model:
    """Errs evenly over the other labels, whatever the task."""

    def said(answers: Answers, truth: Ints, random: np.random.Generator) -> Ints:
        wrong = (truth + random.integers(1, answers.labels, truth.size)) % answers.labels
        return np.where(random.random(truth.size) < share, truth, wrong)

    return said


def by_lot(answers: Answers, truth: Ints, random: np.random.Generator) -> Ints:
    return random.integers(answers.labels, size=truth.size)


def always_the_usual(_answers: Answers, truth: Ints, _random: np.random.Generator) -> Ints:
    return np.full(truth.size, np.bincount(truth).argmax())


def always_the_rarest(_answers: Answers, truth: Ints, _random: np.random.Generator) -> Ints:
    return np.full(truth.size, np.bincount(truth).argmin())


def turned_round(answers: Answers, truth: Ints, random: np.random.Generator) -> Ints:
    """Nine times in ten the label after the right one."""
    return (right_at(0.9)(answers, truth, random) + 1) % answers.labels


def copy_of_the_busiest(answers: Answers, _truth: Ints, random: np.random.Generator) -> Ints:
    return _copy_of(answers, int(answers.per_worker().argmax()), random)


def copy_of_the_worst(answers: Answers, truth: Ints, random: np.random.Generator) -> Ints:
    right = np.bincount(answers.worker, weights=answers.label == truth[answers.task], minlength=answers.workers)
    given = answers.per_worker()
    share = np.where(given >= min(LEAST_OF_THE_WORST, given.max()), right / np.maximum(given, 1), 2.0)
    return _copy_of(answers, int(share.argmin()), random)


def the_plain_vote(answers: Answers, _truth: Ints, _random: np.random.Generator) -> Ints:
    """An echo: the most frequent of the very answers."""
    return vote_shares(answers).argmax(axis=1)


def _copy_of(answers: Answers, worker: int, random: np.random.Generator) -> Ints:
    """By lot where that worker gave no answer."""
    said = by_lot(answers, np.zeros(answers.tasks, dtype=np.int64), random)
    own = answers.worker == worker
    said[answers.task[own]] = answers.label[own]
    return said


HOSTILE: tuple[Model, ...] = (
    by_lot,
    always_the_usual,
    always_the_rarest,
    turned_round,
    copy_of_the_busiest,
    copy_of_the_worst,
    the_plain_vote,
)
