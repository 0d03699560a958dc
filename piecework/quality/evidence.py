"""Which model explains answers that it has not seen? Held-out likelihood: no look at truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from piecework.quality.answers import Answers, Floats, Ints
from piecework.quality.calibration import RHO_GRID, tempered_posterior
from piecework.quality.models import MODELS, Fit

# Work (answers x labels) up to which every answer is held out once; larger crowds hold out fewer fifths.
_WORK = 60_000
_FOLDS = 5
_FLOOR = 1e-9
# A comparison needs no last digit.
_ITERATIONS = 30


@dataclass(frozen=True)
class Evidence:
    """Of one model: mean log likelihood of held-out answers for each correlation in RHO_GRID, and how many."""

    model: str
    log_likelihood: tuple[float, ...]
    held_out: int

    @property
    def best(self) -> float:
        """At the correlation that explains most."""
        return max(self.log_likelihood)

    @property
    def correlation(self) -> float:
        return RHO_GRID[int(np.argmax(self.log_likelihood))]


def weigh_models(answers: Answers, models: Sequence[str], *, seed: int) -> list[Evidence]:
    """Evidence for each model, from the same held-out answers; the same seed gives the same split."""
    if answers.size < 2:
        return [Evidence(model, (0.0,) * len(RHO_GRID), 0) for model in models]
    fold = np.random.default_rng(seed).permutation(answers.size) % _FOLDS
    work = max(1, answers.size * answers.labels)
    rounds = min(_FOLDS, max(1, _WORK // work))
    totals = {model: np.zeros(len(RHO_GRID)) for model in models}
    held_out = 0
    for number in range(rounds):
        away = fold == number
        kept = answers.take(~away)
        answered = kept.per_task()
        # With nothing left on its task, an answer would only test how common each label is.
        held = answers.take(away & (answered[answers.task] > 0))
        held_out += held.size
        for model in models:
            totals[model] += _surprise(MODELS[model](kept, _ITERATIONS), held, answered)
    return [Evidence(model, tuple((totals[model] / max(1, held_out)).tolist()), held_out) for model in models]


def _surprise(fit: Fit, held: Answers, answered: Ints) -> Floats:
    """Summed log likelihood of the held-out answers for each correlation."""
    chance = np.ascontiguousarray(fit.label_probability(held).T)
    support = fit.support[held.task]
    count = answered[held.task]
    sums = [
        np.log(
            np.maximum((tempered_posterior(support, fit.log_prevalence, count, rho).T * chance).sum(0), _FLOOR)
        ).sum()
        for rho in RHO_GRID
    ]
    return np.array(sums)
