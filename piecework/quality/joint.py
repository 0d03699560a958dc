"""When a task that is asked answer by answer may stop beside a model: people and the model together are sure enough.

The model is measured by the cautious tables, on answers that came after it spoke (`trust.py`), and only ever ends a
task early whose label is people's own too: where it contradicts them, more people are asked. What decides is the same
for a running batch (`asking.py`) and for whoever computes its stops again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from piecework.quality.adaptive import Assessment, Policy, explained_by, posterior_of_label
from piecework.quality.answers import Answers, Bools, Floats, Ints
from piecework.quality.calibration import tempered_posterior
from piecework.quality.confusion import ConfusionPrior, tables_given
from piecework.quality.joining import with_evidence
from piecework.quality.predictions import Predictions
from piecework.quality.trust import Measured, Trust, measure_model
from piecework.quality.vote import NO_LABEL, best_label

METHOD = "piecework-joined-bought"
VERSION = 1


@dataclass(frozen=True)
class Joint:
    """`label`: (tasks,), NO_LABEL where no person answered. `posterior`: (tasks,), how sure people and model are of it;
    `confidence`: (tasks,), the same where the task may stop at it, else 0."""

    trust: Trust
    label: Ints
    posterior: Floats
    confidence: Floats


def measure_beside(
    bought: Answers, found: Assessment, predictions: Predictions, policy: Policy, *, spoke_after: int,
    known: Ints | None = None,
) -> Measured:  # fmt: skip
    """How far to trust the model by what was bought since it spoke, after so many answers. `known`: (tasks,), NO_LABEL
    where no answer is known."""
    chosen = explained_by(found.table, bought, found.fit, policy)
    return measure_model(bought, chosen, predictions, seed=policy.seed, known=known, spoke_after=spoke_after)


def assess_beside(bought: Answers, found: Assessment, measured: Measured, policy: Policy) -> Joint:
    """What all answers and the model say together. An untrusted model leaves everything as people alone have it."""
    if not measured.trust.is_trusted:
        return Joint(measured.trust, found.label, found.posterior, found.confidence)
    answered, log_prevalence = bought.per_task(), np.log(found.fit.prevalence)
    evidence = measured.beside(answered)
    posterior, stops = joint_posterior(found.support, found.cautious, log_prevalence, answered, evidence, policy)
    label = best_label(bought, found.support + log_prevalence + evidence)
    return Joint(measured.trust, label, posterior, np.where(stops, posterior, 0.0))


def joint_posterior(
    support: Floats, cautious: Floats, log_prevalence: Floats, answered: Ints, evidence: Floats, policy: Policy
) -> tuple[Floats, Bools]:
    """(tasks,): how sure the cautious tables and the evidence are of the label that the tables as fitted and the
    evidence give; and whether a task may stop at that: enough have answered, and it is people's own label."""
    posterior = with_evidence(tempered_posterior(cautious, log_prevalence, answered, policy.correlation), evidence)
    people, both = support + log_prevalence, support + log_prevalence + evidence
    rows = np.arange(posterior.shape[0])
    sure: Floats = posterior[rows, both.argmax(axis=1)]
    spoken = (evidence != 0.0).any(axis=1)
    enough = answered >= policy.least_answers
    enough |= spoken & (answered + 1 >= policy.least_answers) & (answered >= policy.least_people)
    stops: Bools = enough & (people.argmax(axis=1) == both.argmax(axis=1))
    return sure, stops


def needed_alone(bought: Answers, found: Assessment, policy: Policy, cap: int) -> Ints:
    """(tasks,): the fewest further answers after which people alone may stop, if newcomers all gave the likeliest
    label; up to the `cap` of a task. 0 where they may stop already."""
    newcomer = Answers(bought.task, bought.worker, bought.label, bought.tasks, bought.workers + 1, bought.labels)
    log_prevalence, answered = np.log(found.fit.prevalence), bought.per_task()
    likely = (found.support + log_prevalence).argmax(axis=1)
    says = [
        np.log(tables_given(newcomer, found.fit.posterior, prior)[-1])[likely]
        for prior in (ConfusionPrior(), policy.cautious)
    ]
    needed: Ints = np.maximum(cap - answered, 0)
    for more in range(int(needed.max(initial=0)), -1, -1):
        support, cautious = (
            known + more * said for known, said in zip((found.support, found.cautious), says, strict=True)
        )
        sure = posterior_of_label(support, cautious, log_prevalence, answered + more, policy)
        enough = (sure >= policy.confidence) & (answered + more >= policy.least_answers)
        needed[enough & (more < needed)] = more
    needed[found.label == NO_LABEL] = np.maximum(cap - answered, 0)[found.label == NO_LABEL]
    return needed
