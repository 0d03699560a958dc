"""The models that can explain a crowd, behind one shape, so that evidence can choose between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from piecework.quality.answers import Answers, Floats
from piecework.quality.confusion import MAX_ITERATIONS, ConfusionPrior, fit_confusion
from piecework.quality.one_coin import OneCoinFit, OneCoinPrior, dense_log_posterior, fit_one_coin

# Above this many cells a table of (tasks, labels) or (workers, labels, labels) is not built.
MAX_CELLS = 8_000_000
# So strong a pull that all workers, or all labels, count as equal: the vote, as a model with a likelihood.
_EQUAL = 1e15
_PRIORS = {
    "one_coin": OneCoinPrior(),
    "weighted": OneCoinPrior(prevalence=_EQUAL),
    "majority": OneCoinPrior(worker=_EQUAL),
    "plurality": OneCoinPrior(worker=_EQUAL, prevalence=_EQUAL),
}


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
    return _dense(answers, "one_coin", max_iterations)


def weighted_model(answers: Answers, max_iterations: int = MAX_ITERATIONS) -> Fit:
    """A vote in which each worker counts by how often they agree with the plain vote: one round of `one_coin` with all
    labels equally common, so that each weight can be checked by hand."""
    return _dense(answers, "weighted", max_iterations)


def equal_model(answers: Answers, max_iterations: int = MAX_ITERATIONS) -> Fit:
    """One accuracy for everybody: the vote, in which a close call leans to the more common label."""
    return _dense(answers, "majority", max_iterations)


def plurality_model(answers: Answers, max_iterations: int = MAX_ITERATIONS) -> Fit:
    """One accuracy for everybody and all labels equally common: the plain vote."""
    return _dense(answers, "plurality", max_iterations)


MODELS: dict[str, Callable[[Answers, int], Fit]] = {
    "confusion": confusion_model,
    "one_coin": one_coin_model,
    "weighted": weighted_model,
    "majority": equal_model,
    "plurality": plurality_model,
}
# Those that evidence chooses between; the plain votes are there for who asks for them by name.
WEIGHED = ("confusion", "one_coin", "majority")


def fits_in_memory(answers: Answers, model: str) -> bool:
    """Whether `model` can be built densely for so many tasks, workers and labels."""
    cells = answers.tasks * answers.labels
    if model == "confusion":
        cells = max(cells, answers.workers * answers.labels**2, answers.size * answers.labels)
    return cells <= MAX_CELLS


def fit_on_pairs(answers: Answers, model: str, max_iterations: int = MAX_ITERATIONS) -> OneCoinFit:
    """Any model but "confusion", on the labels that somebody gave: its size does not grow with the labels."""
    fit = fit_one_coin(answers, _PRIORS[model], max_iterations=1 if model == "weighted" else max_iterations)
    return replace(fit, converged=True) if model == "weighted" else fit


def _dense(answers: Answers, model: str, max_iterations: int) -> Fit:
    fit = fit_on_pairs(answers, model, max_iterations)
    log_prevalence = np.log(fit.prevalence)[: answers.labels]
    support = dense_log_posterior(fit, answers) - log_prevalence
    return Fit(support, log_prevalence, fit.accuracy, None, fit.iterations, fit.converged)
