"""Labels from a crowd's answers: fit the models, choose by evidence, temper the confidence, measure the workers.

The same answers, parameters and version give the same labels anywhere: `Parameters` holds every choice.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from piecework.quality.answers import Answers, Floats, Ints
from piecework.quality.calibration import SHARED_ERROR, allowed_correlation, tempered_posterior
from piecework.quality.confusion import MAX_ITERATIONS
from piecework.quality.evidence import Evidence, weigh_models
from piecework.quality.models import MODELS, WEIGHED, Fit, fit_on_pairs, fits_in_memory
from piecework.quality.skill import Skill, worker_skill
from piecework.quality.vote import NO_LABEL, best_label

METHOD = "piecework-labels"
VERSION = 1
_AUTO = "auto"


@dataclass(frozen=True)
class Parameters:
    """`model`: a name of MODELS, or "auto" to choose by evidence. `seed` splits the answers for that.

    `correlation`: None to estimate it. `shared_error`: allowance for errors that all workers share.
    """

    model: str = _AUTO
    seed: int = 0
    correlation: float | None = None
    shared_error: float = SHARED_ERROR

    def __post_init__(self) -> None:
        if self.model != _AUTO and self.model not in MODELS:
            raise ValueError(f"no model named {self.model!r}: choose auto, {', '.join(MODELS)}")
        for name, value in (("correlation", self.correlation), ("shared_error", self.shared_error)):
            if value is not None and not 0.0 <= value <= 1.0:
                raise ValueError(f"{name} must lie in 0..1, not {value}")


@dataclass(frozen=True)
class Labelling:
    """`label`: (tasks,), NO_LABEL without answers. `confidence`: (tasks,), the chance that the label is right.

    `posterior`: (tasks, labels), or None when there are too many labels to hold. `skill`: of each worker.
    `model`: the one used; `evidence`: of each that was weighed; `correlation`: between answers to one task.
    """

    label: Ints
    confidence: Floats
    posterior: Floats | None
    skill: Skill
    model: str
    evidence: tuple[Evidence, ...]
    correlation: float
    iterations: int
    converged: bool
    parameters: Parameters

    def method(self) -> dict[str, Any]:
        """What an auditor needs, beside the answers, to come to the same labels."""
        return {"name": METHOD, "version": VERSION, "parameters": asdict(self.parameters), "model": self.model}


def infer_labels(answers: Answers, parameters: Parameters | None = None) -> Labelling:
    """Labels, confidences and skills from answers alone.

    Raises ValueError when the model that was asked for by name is too large for the answers.
    """
    parameters = parameters or Parameters()
    chosen = fit_chosen(answers, parameters)
    return _infer_sparse(answers, parameters) if chosen is None else labelling_of(answers, chosen, parameters)


@dataclass(frozen=True)
class Chosen:
    """The model that explains the answers, `fit` to all of them. `correlation` holds the allowance already."""

    fit: Fit
    model: str
    evidence: tuple[Evidence, ...]
    correlation: float


def fit_chosen(answers: Answers, parameters: Parameters) -> Chosen | None:
    """The model that `parameters` name, or the one that evidence chooses; None if there are too many labels for it."""
    candidates = [parameters.model] if parameters.model != _AUTO else list(WEIGHED)
    candidates = [name for name in candidates if fits_in_memory(answers, name)]
    if not candidates:
        return None
    evidence: list[Evidence] = []
    if parameters.model == _AUTO or parameters.correlation is None:
        evidence = weigh_models(answers, candidates, seed=parameters.seed)
    chosen = max(reversed(evidence), key=lambda each: each.best).model if evidence else candidates[0]
    # Among equals the simplest model, which comes last, wins.
    estimated = next((each.correlation for each in evidence if each.model == chosen), 0.0)
    rho = parameters.correlation if parameters.correlation is not None else estimated
    rho = allowed_correlation(rho, parameters.shared_error)
    return Chosen(MODELS[chosen](answers, MAX_ITERATIONS), chosen, tuple(evidence), rho)


def labelling_of(answers: Answers, chosen: Chosen, parameters: Parameters) -> Labelling:
    """Labels by the untempered model, confidences by the tempered one."""
    fit, rho = chosen.fit, chosen.correlation
    certain = fit.support + fit.log_prevalence
    label = best_label(answers, certain)
    posterior = tempered_posterior(fit.support, fit.log_prevalence, answers.per_task(), rho)
    confidence = np.zeros(answers.tasks)
    labelled = label != NO_LABEL
    confidence[labelled] = posterior[labelled, label[labelled]]
    skill = worker_skill(answers, posterior[answers.task, answers.label])
    return Labelling(
        label, confidence, posterior, skill, chosen.model, chosen.evidence, rho, fit.iterations, fit.converged,
        parameters,
    )  # fmt: skip


def _infer_sparse(answers: Answers, parameters: Parameters) -> Labelling:
    """Too many labels for a table: one number a worker, on the labels that were given."""
    model = "one_coin" if parameters.model == _AUTO else parameters.model
    if model == "confusion":
        raise ValueError(f"tables of {answers.labels} labels are too large for these answers: choose one_coin or auto")
    fit = fit_on_pairs(answers, model)
    rho = allowed_correlation(parameters.correlation or 0.0, parameters.shared_error)
    # Answers come in order, so the first answer among equals is the first pair met.
    first = np.full(fit.pair_task.size, answers.size, dtype=np.int64)
    np.minimum.at(first, fit.pair_of, np.arange(answers.size))
    order = np.lexsort((first, -np.round(fit.pair_log, 9), fit.pair_task))
    top = order[np.unique(fit.pair_task[order], return_index=True)[1]]
    label = np.full(answers.tasks, NO_LABEL, dtype=np.int64)
    label[fit.pair_task[top]] = fit.pair_label[top]
    weight = 1.0 / (1.0 + np.maximum(answers.per_task() - 1, 0) * rho)
    log_prevalence = np.log(fit.prevalence)[fit.pair_label]
    log_weight = (fit.pair_log - log_prevalence) * weight[fit.pair_task] + log_prevalence
    total = np.exp(fit.unseen_log) + np.bincount(fit.pair_task, weights=np.exp(log_weight), minlength=answers.tasks)
    tempered = np.exp(log_weight) / total[fit.pair_task]
    confidence = np.zeros(answers.tasks)
    confidence[fit.pair_task[top]] = tempered[top]
    skill = worker_skill(answers, tempered[fit.pair_of])
    return Labelling(label, confidence, None, skill, model, (), rho, fit.iterations, fit.converged, parameters)
