"""Dawid-Skene with priors: each worker has a table of what they say when a label is true.

A. P. Dawid and A. M. Skene, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm" (1979).
Here each row of a worker's table is drawn towards the worker's own overall accuracy, and that towards the crowd's,
so that a worker with one answer counts as an average one. Works in log space on the answers that exist: time is
proportional to answers x labels, memory to tasks x labels + workers x labels squared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from piecework.quality.answers import Answers, Floats
from piecework.quality.vote import crowd_accuracy, vote_shares

MAX_ITERATIONS = 100


@dataclass(frozen=True)
class ConfusionPrior:
    """Strengths, in answers: `row` of a table's row towards the worker's accuracy, `worker` of that towards the
    crowd's, `prevalence` of each label towards all being equally common."""

    row: float = 0.3
    worker: float = 8.0
    prevalence: float = 1.0


@dataclass(frozen=True)
class ConfusionFit:
    """`posterior`: (tasks, labels). `table`: (workers, labels said, labels true), columns sum to 1.

    `accuracy`: (workers,), overall. `prevalence`: (labels,). `log_posterior`: before normalising.
    """

    posterior: Floats
    log_posterior: Floats
    table: Floats
    accuracy: Floats
    prevalence: Floats
    iterations: int
    converged: bool


def fit_confusion(
    answers: Answers,
    prior: ConfusionPrior | None = None,
    *,
    start: Floats | None = None,
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = 1e-4,
) -> ConfusionFit:
    """Expectation-maximisation from the vote's shares, or from `start` (tasks, labels).

    Stops when no posterior moves by more than `tolerance`, or after `max_iterations`.
    """
    prior = prior or ConfusionPrior()
    model = _Tables(answers, prior)
    posterior = np.ascontiguousarray((vote_shares(answers) if start is None else start).T)
    converged, iterations = False, 0
    while iterations < max_iterations and not converged:
        iterations += 1
        table, accuracy, prevalence = model.maximise(posterior)
        log_posterior, updated = model.expect(table, prevalence)
        # Of two labels one mirrors the other.
        rows = slice(1) if answers.labels == 2 else slice(None)
        converged = bool(np.abs(updated[rows] - posterior[rows]).max(initial=0.0) < tolerance)
        posterior = updated
    return ConfusionFit(posterior.T, log_posterior.T, table, accuracy, prevalence, iterations, converged)


def tables_given(answers: Answers, posterior: Floats, prior: ConfusionPrior) -> Floats:
    """Each worker's table when the labels are known as well as `posterior` (tasks, labels) says."""
    return _Tables(answers, prior).maximise(np.ascontiguousarray(posterior.T))[0]


class _Tables:
    """The two steps of EM. Inside, labels come first: (labels, tasks), so that each label is one stretch of memory."""

    def __init__(self, answers: Answers, prior: ConfusionPrior) -> None:
        self.prior = prior
        self.answers = answers
        self.said = answers.worker * answers.labels + answers.label
        compared = answers.compared()
        # Where in a flat (labels, tasks) each of the compared answers finds the chance that it is right.
        self.agreed = answers.label[compared] * answers.tasks + answers.task[compared]
        self.given = np.bincount(self.said, minlength=answers.workers * answers.labels).astype(np.float64)
        self.per_worker = answers.per_worker().astype(np.float64)
        self.diagonal = np.arange(answers.labels)

    def maximise(self, posterior: Floats) -> tuple[Floats, Floats, Floats]:
        """Tables, accuracies and prevalence that fit the posterior best, priors included."""
        labels = self.answers.labels
        counts = self._counts(posterior)
        right = counts[:, self.diagonal, self.diagonal].sum(axis=1)
        # Alone on its task an answer only confirms itself, so the crowd is measured on the others: without that
        # anchor, and with few overlaps, labels can drift until they swap.
        agreed = posterior.ravel().take(self.agreed)
        crowd = crowd_accuracy(agreed.sum(), agreed.size)
        accuracy = (right + self.prior.worker * crowd) / (self.per_worker + self.prior.worker)
        wrong = (1.0 - accuracy) / max(1, labels - 1)
        table = counts + self.prior.row * wrong[:, None, None]
        table[:, self.diagonal, self.diagonal] += self.prior.row * (accuracy - wrong)[:, None]
        table /= table.sum(axis=1, keepdims=True)
        prevalence = posterior.sum(axis=1) + self.prior.prevalence
        return table, accuracy, prevalence / prevalence.sum()

    def expect(self, table: Floats, prevalence: Floats) -> tuple[Floats, Floats]:
        """Log posterior up to a constant a task, and the normalised posterior."""
        answers, labels = self.answers, self.answers.labels
        log_table = np.log(table.reshape(answers.workers * labels, labels))
        log_prevalence = np.log(prevalence)
        log_posterior = np.zeros((labels, answers.tasks))
        # The last label is the reference: one sum over the answers less, which halves the work for two labels.
        for label in range(labels - 1):
            column = (log_table[:, label] - log_table[:, -1]).take(self.said)
            log_posterior[label] = np.bincount(answers.task, weights=column, minlength=answers.tasks)
            log_posterior[label] += log_prevalence[label] - log_prevalence[-1]
        return log_posterior, softmax_columns(log_posterior)

    def _counts(self, posterior: Floats) -> Floats:
        answers, labels = self.answers, self.answers.labels
        counts = np.empty((answers.workers * labels, labels))
        rest = self.given.copy()
        for label in range(labels - 1):
            column = np.bincount(self.said, weights=posterior[label].take(answers.task), minlength=rest.size)
            counts[:, label] = column
            rest -= column
        if labels:
            counts[:, -1] = np.maximum(rest, 0.0)
        return counts.reshape(answers.workers, labels, labels)


def softmax_columns(log_weight: Floats) -> Floats:
    """Columns that sum to 1, from logarithms (labels, tasks) up to a constant a column."""
    if log_weight.shape[0] == 2:
        second = 1.0 / (1.0 + np.exp(np.minimum(log_weight[0] - log_weight[1], 700.0)))
        return np.stack([1.0 - second, second])
    weight = np.exp(log_weight - log_weight.max(axis=0, initial=-np.inf))
    total: Floats = weight / weight.sum(axis=0)
    return total
