"""The models that can explain a crowd, behind one shape, so that evidence can choose between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from piecework.quality.answers import Answers, Floats
from piecework.quality.confusion import MAX_ITERATIONS, ConfusionPrior, fit_confusion
from piecework.quality.one_coin import OneCoinPrior, dense_log_posterior, fit_one_coin

# Above this many cells a table of (tasks, labels) or (workers, labels, labels) is not built.
MAX_CELLS = 8_000_000
# So strong a pull that all workers count as equal: the vote, as a model with a likelihood.
_EQUAL = 1e9


@dataclass(frozen=True)
class Fit:
    """`support`: (tasks, labels), the log likelihood of the task's answers for each label, up to a constant a row.

    `log_prevalence`: (labels,). `accuracy`: (workers,). `table`: (workers, labels said, labels true), or None for a
    model in which `accuracy` says all.
    """

    support: Floats
    log_prevalence: Floats
    accuracy: Floats
    table: Floats | None
    iterations: int
    converged: bool

    def label_probability(self, answers: Answers) -> Floats:
        """The chance that each answer's worker says what they said, for each true label: (answers, labels)."""
        labels = answers.labels
        if self.table is not None:
            rows: Floats = self.table.reshape(-1, labels)[answers.worker * labels + answers.label]
            return rows
        accuracy = self.accuracy[answers.worker]
        wrong = (1.0 - accuracy) / max(1, labels - 1)
        chance = np.repeat(wrong[:, None], labels, axis=1)
        chance[np.arange(answers.size), answers.label] = accuracy
        return chance


def confusion_model(answers: Answers, max_iterations: int = MAX_ITERATIONS) -> Fit:
    """A confusion table a worker: the richest model."""
    fit = fit_confusion(answers, ConfusionPrior(), max_iterations=max_iterations)
    log_prevalence = np.log(fit.prevalence)
    support = fit.log_posterior - log_prevalence
    return Fit(support, log_prevalence, fit.accuracy, fit.table, fit.iterations, fit.converged)


def one_coin_model(answers: Answers, max_iterations: int = MAX_ITERATIONS) -> Fit:
    """One accuracy a worker."""
    return _one_coin(answers, OneCoinPrior(), max_iterations)


def equal_model(answers: Answers, max_iterations: int = MAX_ITERATIONS) -> Fit:
    """One accuracy for everybody: the majority vote."""
    return _one_coin(answers, OneCoinPrior(worker=_EQUAL), max_iterations)


MODELS: dict[str, Callable[[Answers, int], Fit]] = {
    "confusion": confusion_model,
    "one_coin": one_coin_model,
    "majority": equal_model,
}


def fits_in_memory(answers: Answers, model: str) -> bool:
    """Whether `model` can be built densely for so many tasks, workers and labels."""
    cells = answers.tasks * answers.labels
    if model == "confusion":
        cells = max(cells, answers.workers * answers.labels**2, answers.size * answers.labels)
    return cells <= MAX_CELLS


def _one_coin(answers: Answers, prior: OneCoinPrior, max_iterations: int) -> Fit:
    fit = fit_one_coin(answers, prior, max_iterations=max_iterations)
    log_prevalence = np.log(fit.prevalence)[: answers.labels]
    support = dense_log_posterior(fit, answers) - log_prevalence
    return Fit(support, log_prevalence, fit.accuracy, None, fit.iterations, fit.converged)
