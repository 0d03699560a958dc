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
    converged, iterations = False, 0
    while iterations < max_iterations and not converged:
        iterations += 1
        right = np.bincount(worker, weights=posterior[measured], minlength=answers.workers)
        crowd = crowd_accuracy(right.sum(), worker.size)
        accuracy = (right + prior.worker * crowd) / (per_worker + prior.worker)
        prevalence = _prevalence(pair_label, posterior, unseen, labels, prior.prevalence)
        odds = np.log(accuracy) - np.log((1.0 - accuracy) / (labels - 1))
        pair_log = np.bincount(pair_of, weights=odds[answers.worker], minlength=cells.size).astype(np.float64)
        pair_log += np.log(prevalence[pair_label])
        left = 1.0 - np.bincount(pair_task, weights=prevalence[pair_label], minlength=answers.tasks)
        # A task on which every label was given has nothing left; the floor keeps its logarithm finite.
        unseen_log = np.log(np.maximum(left, 1e-12))
        updated, unseen = _normalise(pair_task, pair_log, unseen_log)
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


def _normalise(pair_task: Ints, pair_log: Floats, unseen_log: Floats) -> tuple[Floats, Floats]:
    top = unseen_log.copy()
    starts = np.flatnonzero(np.diff(pair_task, prepend=-1))
    if starts.size:
        answered = pair_task[starts]
        top[answered] = np.maximum(top[answered], np.maximum.reduceat(pair_log, starts))
    weight = np.exp(pair_log - top[pair_task])
    rest = np.exp(unseen_log - top)
    total = rest + np.bincount(pair_task, weights=weight, minlength=top.size)
    return weight / total[pair_task], rest / total


def _prevalence(pair_label: Ints, posterior: Floats, unseen: Floats, labels: int, strength: float) -> Floats:
    """Label frequencies; what no pair holds is spread evenly."""
    seen = np.bincount(pair_label, weights=posterior, minlength=labels)
    prevalence = seen + unseen.sum() / labels + strength
    share: Floats = prevalence / prevalence.sum()
    return share
