"""A drawn honest crowd, and cheats added to it as further workers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from piecework.quality.answers import Answers, Ints, answers_of
from tests.piecework.quality.drawn import draw_crowd


@dataclass(frozen=True)
class Drawn:
    answers: Answers
    truth: Ints


def honest(seed: int, *, tasks: int = 240, workers: int = 40, per_task: int = 6, labels: int = 3) -> Drawn:
    answers, truth = draw_crowd(
        tasks=tasks, workers=workers, per_task=per_task, labels=labels, skill=(0.6, 0.9), seed=seed
    )
    return Drawn(answers, truth)


def tasks_of(crowd: Drawn, worker: int) -> tuple[Ints, Ints]:
    """A worker's tasks and labels, in order."""
    own = crowd.answers.worker == worker
    return crowd.answers.task[own], crowd.answers.label[own]


def joined(crowd: Drawn, task: Ints, label: Ints) -> Drawn:
    """The crowd with one more worker, who answers last."""
    answers = crowd.answers
    together = answers_of(
        np.concatenate([answers.task, task]),
        np.concatenate([answers.worker, np.full(task.size, answers.workers)]),
        np.concatenate([answers.label, label]),
        tasks=answers.tasks,
        workers=answers.workers + 1,
        labels=answers.labels,
    )
    return Drawn(together, crowd.truth)
