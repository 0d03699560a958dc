"""One number a worker: the chance of a right answer, wrong ones falling evenly on the other labels.

The one-parameter case of Dawid-Skene, with a prior that draws each worker towards the crowd. Works on the pairs
(task, label) that somebody gave, so thousands of labels cost no more than two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from piecework.quality.answers import Answers, Floats, Ints
from piecework.quality.vote import crowd_accuracy

MAX_ITERATIONS = 100
# Up to so many labels a table of them is quicker than a list of pairs.
_FEW_LABELS = 8
# Up to so many cells counting is quicker than sorting.
_COUNTED = 1_000_000


@dataclass(frozen=True)
class OneCoinPrior:
    """Strengths, in answers: `worker` towards the crowd's accuracy, `prevalence` of each label towards equal."""

    worker: float = 4.0
    prevalence: float = 1.0


@dataclass(frozen=True)
class OneCoinFit:
    """Posterior of the pairs that were given; `unseen`: (tasks,), what is left for all labels that nobody gave.

    `pair_task`, `pair_label`, `pair_posterior`, `pair_log`: (pairs,). `pair_of`: (answers,), the pair of each answer.
    `accuracy`: (workers,). `prevalence`: (labels,).
    """

    pair_task: Ints
    pair_label: Ints
    pair_posterior: Floats
    pair_log: Floats
    pair_of: Ints
    unseen: Floats
    unseen_log: Floats
    accuracy: Floats
    prevalence: Floats
    iterations: int
    converged: bool


def fit_one_coin(
    answers: Answers,
    prior: OneCoinPrior | None = None,
    *,
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = 1e-4,
) -> OneCoinFit:
    """Expectation-maximisation from the vote's shares. Stops when no posterior moves by more than `tolerance`."""
    prior = prior or OneCoinPrior()
    labels = max(2, answers.labels)
    cells, pair_of = _pairs(answers, labels)
    pair_task, pair_label = cells // labels, cells % labels
    per_task = answers.per_task()
    # Workers are measured on tasks that somebody else answered too: alone, an answer would only confirm itself.
    compared = answers.compared()
    worker, measured = answers.worker[compared], pair_of[compared]
    per_worker = np.bincount(worker, minlength=answers.workers)
    votes = np.bincount(pair_of, minlength=cells.size)
    posterior: Floats = votes / np.maximum(per_task[pair_task], 1)
    unseen: Floats = (per_task == 0).astype(np.float64)
    given = _Given(pair_task, pair_label, answers.tasks, labels)
    converged, iterations = False, 0
    while iterations < max_iterations and not converged:
        iterations += 1
        right = np.bincount(worker, weights=posterior.take(measured), minlength=answers.workers)
        crowd = crowd_accuracy(right.sum(), worker.size)
        accuracy = (right + prior.worker * crowd) / (per_worker + prior.worker)
        prevalence = _prevalence(pair_label, posterior, unseen, labels, prior.prevalence)
        odds = np.log(accuracy) - np.log((1.0 - accuracy) / (labels - 1))
        pair_log = np.bincount(pair_of, weights=odds.take(answers.worker), minlength=cells.size).astype(np.float64)
        pair_log += np.log(prevalence).take(pair_label)
        unseen_log = given.log_left(prevalence)
        updated, unseen = _normalise(given, pair_log, unseen_log)
        converged = bool(np.abs(updated - posterior).max(initial=0.0) < tolerance)
        posterior = updated
    return OneCoinFit(
        pair_task, pair_label, posterior, pair_log, pair_of, unseen, unseen_log,
        accuracy, prevalence, iterations, converged,
    )  # fmt: skip


def dense_log_posterior(fit: OneCoinFit, answers: Answers) -> Floats:
    """The same as a table of logarithms (tasks, labels), for as many labels as fit in memory."""
    table = np.broadcast_to(np.log(fit.prevalence), (answers.tasks, fit.prevalence.size)).copy()
    table[fit.pair_task, fit.pair_label] = fit.pair_log
    return table[:, : answers.labels]


def _pairs(answers: Answers, labels: int) -> tuple[Ints, Ints]:
    """The cells task x labels + label that somebody gave, sorted, and each answer's place among them."""
    cell = answers.task * labels + answers.label
    if answers.tasks * labels > _COUNTED:
        cells, pair_of = np.unique(cell, return_inverse=True)
        return cells, pair_of
    given = np.bincount(cell, minlength=answers.tasks * labels) > 0
    return np.flatnonzero(given), (np.cumsum(given) - 1)[cell]


class _Given:
    """The labels that each task was given. With few labels tasks stand in a table and have one of a few sets of labels,
    so that little is computed for each; the sums are the same to the last digit."""

    def __init__(self, pair_task: Ints, pair_label: Ints, tasks: int, labels: int) -> None:
        self.task, self.label, self.tasks, self.labels = pair_task, pair_label, tasks, labels
        self.is_few = labels <= _FEW_LABELS
        if self.is_few:
            self.place = pair_label * tasks + pair_task
            self.set_of = np.bincount(pair_task, weights=1 << pair_label, minlength=tasks).astype(np.int64)
            self.sets, self.in_set = np.nonzero(np.arange(1 << labels)[:, None] >> np.arange(labels) & 1)
        else:
            self.starts = np.flatnonzero(np.diff(pair_task, prepend=-1))

    def log_left(self, prevalence: Floats) -> Floats:
        """Of each task, (tasks,): the logarithm of how common the labels are that nobody gave it."""
        task, label, tasks = (
            (self.sets, self.in_set, 1 << self.labels) if self.is_few else (self.task, self.label, self.tasks)
        )
        left = 1.0 - np.bincount(task, weights=prevalence.take(label), minlength=tasks)
        # Where every label was given nothing is left; the floor keeps its logarithm finite.
        logs: Floats = np.log(np.maximum(left, 1e-12))
        return logs.take(self.set_of) if self.is_few else logs

    def highest(self, value: Floats) -> Floats:
        """Of each task, (tasks,): the highest value of its pairs, minus infinity without one."""
        if self.is_few:
            top: Floats = self._table(value, -np.inf).max(axis=0)
            return top
        top = np.full(self.tasks, -np.inf)
        if self.starts.size:
            top[self.task[self.starts]] = np.maximum.reduceat(value, self.starts)
        return top

    def total(self, value: Floats) -> Floats:
        """Of each task, (tasks,): the sum over its pairs."""
        if self.is_few:
            total: Floats = self._table(value, 0.0).sum(axis=0)
            return total
        return np.bincount(self.task, weights=value, minlength=self.tasks).astype(np.float64)

    def _table(self, value: Floats, empty: float) -> Floats:
        table = np.full(self.labels * self.tasks, empty)
        table[self.place] = value
        return table.reshape(self.labels, self.tasks)


def _normalise(given: _Given, pair_log: Floats, unseen_log: Floats) -> tuple[Floats, Floats]:
    """Chances of the pairs, and of what nobody gave each task."""
    top = np.maximum(unseen_log, given.highest(pair_log))
    weight = np.exp(pair_log - top.take(given.task))
    rest = np.exp(unseen_log - top)
    total = rest + given.total(weight)
    return weight / total.take(given.task), rest / total


def _prevalence(pair_label: Ints, posterior: Floats, unseen: Floats, labels: int, strength: float) -> Floats:
    """Label frequencies; what no pair holds is spread evenly."""
    seen = np.bincount(pair_label, weights=posterior, minlength=labels)
    prevalence = seen + unseen.sum() / labels + strength
    share: Floats = prevalence / prevalence.sum()
    return share
