"""Labels from people and a model together: the model is one more worker, trusted as far as people's answers show.

Skills, and so whatever a worker is judged by, stay those of people alone: no model's answer is evidence against
anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from piecework.quality.answers import Answers, Floats, Ints
from piecework.quality.calibration import tempered_posterior
from piecework.quality.confusion import softmax_columns
from piecework.quality.infer import Chosen, Labelling, Parameters, fit_chosen, infer_labels, labelling_of
from piecework.quality.predictions import Predictions
from piecework.quality.trust import Measured, Trust, measure_model, trust_parameters, untrusted
from piecework.quality.vote import NO_LABEL, best_label

Predictor = Callable[[Answers], Predictions]
"""What a model says when people have given these answers. What it says of a task it must not have learned from
people's answers to that task."""
METHOD = "piecework-joined"
VERSION = 1
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True)
class Joined:
    """`people`: what people say alone. `labelling`: with the model; the same object when it is not trusted.

    Tasks that nobody answered have a label in `labelling` where the model's word tells something.
    """

    people: Labelling
    labelling: Labelling
    trust: Trust

    def method(self) -> dict[str, Any]:
        """What an auditor needs, beside the answers and the predictions, to come to the same labels."""
        joined = {"name": METHOD, "version": VERSION, "parameters": trust_parameters()}
        return self.people.method() | {"joined": joined}


@dataclass(frozen=True)
class Saving:
    """Answers of people that the model spares at equal confidence.

    `share` of all `answers` that would be needed with the model to be as sure, in the mean of all tasks, as people
    alone are with all of them (`confidence`).
    """

    share: float
    answers: int
    confidence: float

    @property
    def saved(self) -> int:
        """Answers not needed."""
        return self.answers - round(self.share * self.answers)


def infer_with_model(
    answers: Answers,
    predictions: Predictions,
    parameters: Parameters | None = None,
    *,
    known: Ints | None = None,
    measured_by: Chosen | None = None,
) -> Joined:
    """`known`: (tasks,), NO_LABEL where no answer is known; they measure the model, and can only lower its trust.

    `measured_by`: another account of people's answers than the one that labels, to measure the model by.
    """
    parameters = parameters or Parameters()
    chosen = fit_chosen(answers, parameters)
    if chosen is None:
        people = infer_labels(answers, parameters)
        return Joined(people, people, untrusted("too_many_labels", predictions))
    people = labelling_of(answers, chosen, parameters)
    measured = measure_model(answers, measured_by or chosen, predictions, seed=parameters.seed, known=known)
    if not measured.trust.is_trusted:
        return Joined(people, people, measured.trust)
    return Joined(people, _joined(answers, measured_by or chosen, people, measured), measured.trust)


def with_evidence(posterior: Floats, evidence: Floats) -> Floats:
    """People's posterior (tasks, labels) with a model's log likelihood (tasks, labels) added."""
    joined: Floats = softmax_columns((np.log(np.maximum(posterior, 1e-300)) + evidence).T).T
    return joined


def answers_saved(
    answers: Answers, predictor: Predictor, parameters: Parameters | None = None, *, known: Ints | None = None
) -> Saving:
    """By drawing fewer answers at random (the parameters' seed) until people and model are as sure as people alone.

    The model is measured anew on each draw. Tasks that got no answer count with what the model's word makes of them.
    """
    parameters = parameters or Parameters()
    whole = infer_with_model(answers, predictor(answers), parameters, known=known)
    target = _mean_confidence(whole.people, answers)
    if not whole.trust.is_trusted:
        return Saving(1.0, answers.size, target)
    order = np.random.default_rng([parameters.seed, answers.size]).permutation(answers.size)
    before = (0.0, 0.0)
    for share in (*SHARES, 1.0):
        drawn = answers.take(np.sort(order[: max(1, round(share * answers.size))]))
        found = whole if share == 1.0 else infer_with_model(drawn, predictor(drawn), parameters, known=known)
        reached = _mean_confidence(found.labelling, answers)
        if reached >= target:
            low, least = before
            needed = share if reached <= least else low + (share - low) * max(0.0, target - least) / (reached - least)
            return Saving(needed, answers.size, target)
        before = (share, reached)
    return Saving(1.0, answers.size, target)


def _joined(answers: Answers, chosen: Chosen, people: Labelling, measured: Measured) -> Labelling:
    fit, evidence = chosen.fit, measured.evidence
    posterior = with_evidence(
        tempered_posterior(fit.support, fit.log_prevalence, answers.per_task(), chosen.correlation), evidence
    )
    certain = fit.support + fit.log_prevalence + evidence
    spoken = (answers.per_task() == 0) & (evidence != 0.0).any(axis=1)
    label = best_label(answers, certain)
    label[spoken] = certain[spoken].argmax(axis=1)
    labelled = label != NO_LABEL
    confidence = np.zeros(answers.tasks)
    confidence[labelled] = posterior[labelled, label[labelled]]
    return replace(people, label=label, confidence=confidence, posterior=posterior)


def _mean_confidence(found: Labelling, answers: Answers) -> float:
    """Over all tasks; one without a label counts as a guess among all labels."""
    sure = np.where(found.label == NO_LABEL, 1.0 / max(1, answers.labels), found.confidence)
    return float(sure.mean()) if sure.size else 0.0
