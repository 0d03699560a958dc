"""Random answering: the answers tell nothing about the task.

Two things must hold. The worker agrees with the others no better than its own answers dealt to its tasks by lot (the
exact mean and variance under all permutations; W. Hoeffding, "A Combinatorial Central Limit Theorem", 1951); and that
is far below what this crowd's workers reach. Who is merely less skilled agrees better than a lot, and is left alone.
"""

from __future__ import annotations

import numpy as np

from piecework.quality.answers import Answers, Floats
from piecework.quality.signals.chances import normal_tail
from piecework.quality.signals.constant import NEARLY_ALL
from piecework.quality.signals.findings import RANDOM, SHOWN_BELOW, Evidence, Signal

LEAST_ANSWERS = 8
NO_BETTER_THAN_LOT = 1.28
_LEAST_WORKERS = 5
_LEAST_SPREAD = 0.08
_MOST_TASKS = 20


def random_answers(answers: Answers) -> Signal:
    """Agreement is the share of a task's other answers that say the same."""
    given = answers.take(answers.compared())
    gain, error, above_lot, agree = _gains(given)
    measured = np.isfinite(gain)
    p_value = np.ones(answers.workers)
    if measured.sum() >= _LEAST_WORKERS:
        # Cheats sit below the median, so the upper half tells how far honest workers spread.
        middle, high = np.quantile(gain[measured], [0.5, 0.84])
        spread = max(_LEAST_SPREAD, float(high - middle))
        below = (middle - gain[measured]) / np.sqrt(spread**2 + error[measured] ** 2)
        p_value[measured] = np.where(above_lot[measured] < NO_BETTER_THAN_LOT, normal_tail(below), 1.0)
    evidence = {}
    for worker in np.flatnonzero(p_value < SHOWN_BELOW):
        own = np.flatnonzero(given.worker == worker)
        lone = given.task[own[np.argsort(agree[own], kind="stable")]][:_MOST_TASKS]
        numbers = {
            "answers": float(own.size),
            "agreement": round(float(agree[own].mean()), 4),
            "above_lot": round(float(above_lot[worker]), 2),
        }
        evidence[int(worker)] = Evidence(tuple(int(task) for task in lone), (), numbers)
    return Signal(RANDOM, p_value, evidence)


def _gains(given: Answers) -> tuple[Floats, Floats, Floats, Floats]:
    """Of each worker: agreement between a lot's (0) and the best possible (1), its standard error under a lot, and how
    many such errors it is above 0; not a number without enough varied answers. And of each answer: its agreement."""
    counts = np.bincount(given.task * given.labels + given.label, minlength=given.tasks * given.labels)
    counts = counts.reshape(given.tasks, given.labels)
    others = (given.per_task() - 1)[given.task]
    agree = (counts[given.task, given.label] - 1) / others
    gain, error, above = (np.full(given.workers, np.nan) for _ in range(3))
    order = np.argsort(given.worker, kind="stable")
    for own in np.split(order, np.cumsum(given.per_worker())[:-1]):
        said = np.bincount(given.label[own], minlength=given.labels)
        if own.size < LEAST_ANSWERS or said.max() > NEARLY_ALL * own.size:
            continue
        share = counts[given.task[own]].astype(np.float64)
        share[np.arange(own.size), given.label[own]] -= 1
        share /= others[own][:, None]
        lot = said / own.size
        expected = share @ lot
        apart = share - expected[:, None] - share.mean(axis=0) + expected.mean()
        variance = float((apart**2 @ said).sum()) / (own.size - 1)
        reach = float((share.max(axis=1) - expected).sum())
        if variance <= 0.0 or reach <= 0.0:
            continue
        worker = given.worker[own[0]]
        excess = float(agree[own].sum() - expected.sum())
        gain[worker], error[worker] = excess / reach, np.sqrt(variance) / reach
        above[worker] = excess / np.sqrt(variance)
    return gain, error, above, agree
