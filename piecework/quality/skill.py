"""How good a worker is, and how sure that is: a Beta distribution from answers weighed by their chance of being right.

The prior is an average worker of this crowd, worth `PRIOR_ANSWERS` answers, so a newcomer is neither trusted nor
condemned.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from piecework.quality.answers import Answers, Floats, Ints
from piecework.quality.intervals import NORMAL_95, wilson
from piecework.quality.vote import crowd_accuracy

PRIOR_ANSWERS = 4.0


@dataclass(frozen=True)
class Skill:
    """Of each worker, shape (workers,): expected share of right answers, its standard deviation, and the
    answers that it rests on: those to tasks that somebody else answered too."""

    accuracy: Floats
    deviation: Floats
    answers: Ints

    def interval(self, width: float = NORMAL_95) -> tuple[Floats, Floats]:
        """Low and high ends, by Wilson's score interval on the pseudo-counts; `width` in standard deviations."""
        return wilson(self.accuracy, (self.answers + PRIOR_ANSWERS).astype(np.float64), width)


def worker_skill(answers: Answers, right: Floats, prior_answers: float = PRIOR_ANSWERS) -> Skill:
    """`right`: (answers,), the chance that each answer is right."""
    compared = answers.compared()
    worker, right = answers.worker[compared], right[compared]
    given = np.bincount(worker, minlength=answers.workers)
    sums = np.bincount(worker, weights=right, minlength=answers.workers)
    crowd = crowd_accuracy(right.sum(), right.size)
    count = given + prior_answers
    accuracy = np.clip((sums + prior_answers * crowd) / count, 0.0, 1.0)
    deviation = np.sqrt(accuracy * (1.0 - accuracy) / (count + 1.0))
    return Skill(accuracy, deviation, given)
