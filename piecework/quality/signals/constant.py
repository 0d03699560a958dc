"""Constant answering: (nearly) always the same label, also on tasks that do not deserve it.

The chance that an honest worker gives the label on a task comes from the others' answers to it. People lean to one
label or another; how much, the crowd itself tells (the spread of its workers' leanings), and the test averages over
that, so a habit is not taken for a cheat.
"""

from __future__ import annotations

import numpy as np

from piecework.quality.answers import Answers, Floats, Ints
from piecework.quality.signals.chances import coins_tail
from piecework.quality.signals.findings import CONSTANT, SHOWN_BELOW, Evidence, Signal

LEAST_ANSWERS = 8
NEARLY_ALL = 0.9
_USUAL = 1.0
_GOOD = 0.97
_LEAST_LEANING = 0.3
_NODES = 15
_MOST_TASKS = 20


def constant_answers(answers: Answers, label: Ints) -> Signal:
    """`label`: (tasks,), as inferred. Only answers to tasks that others answered too count."""
    given = answers.take(answers.compared())
    favourite, count, total = _favourites(given)
    chance = others_chance(given, favourite[given.worker])
    # Where it is the label a good worker gives it, however often the others fail.
    chance = np.where(label[given.task] == favourite[given.worker], np.maximum(chance, _GOOD), chance)
    leaning = _leaning(given, favourite, chance, total)
    asked = np.flatnonzero((total >= LEAST_ANSWERS) & (count >= NEARLY_ALL * total))
    p_value = np.ones(answers.workers)
    evidence = {}
    for worker in asked:
        own = np.flatnonzero(given.worker == worker)
        # Any label could have been the favourite one.
        p_value[worker] = min(1.0, answers.labels * _tail(chance[own], int(count[worker]), leaning))
        if p_value[worker] < SHOWN_BELOW:
            matching = own[given.label[own] == favourite[worker]]
            unlikely = given.task[matching[np.argsort(chance[matching], kind="stable")]][:_MOST_TASKS]
            numbers = {
                "answers": float(total[worker]),
                "same_answers": float(count[worker]),
                "same_expected": round(float(chance[own].sum()), 2),
            }
            evidence[int(worker)] = Evidence(tuple(int(task) for task in unlikely), (), numbers)
    return Signal(CONSTANT, p_value, evidence)


def others_chance(given: Answers, label: Ints) -> Floats:
    """For each answer the share of `label` (answers,) among the others' answers to its task, smoothed: (answers,)."""
    counts = np.bincount(given.task * given.labels + given.label, minlength=given.tasks * given.labels)
    said = counts[given.task * given.labels + label] - (given.label == label)
    common = np.bincount(given.label, minlength=given.labels)[label] / max(1, given.size)
    share: Floats = (said + _USUAL * common) / (given.per_task()[given.task] - 1 + _USUAL)
    return np.clip(share, 1e-6, 1.0 - 1e-6)


def _favourites(given: Answers) -> tuple[Ints, Ints, Ints]:
    said = np.bincount(given.worker * given.labels + given.label, minlength=given.workers * given.labels)
    table = said.reshape(given.workers, given.labels)
    return table.argmax(axis=1), table.max(axis=1, initial=0), table.sum(axis=1)


def _leaning(given: Answers, favourite: Ints, chance: Floats, total: Ints) -> float:
    """Standard deviation of honest workers' leaning to their favourite label, in logits; robust to a minority."""
    said = given.label == favourite[given.worker]
    pull = np.bincount(given.worker, weights=said - chance, minlength=given.workers)
    slope = np.bincount(given.worker, weights=chance * (1.0 - chance), minlength=given.workers) + 1.0
    measured = total >= LEAST_ANSWERS
    if measured.sum() < 3:
        return 1.0
    # A worker's favourite is chosen for its excess, so the median leaning is the half-normal's.
    return max(_LEAST_LEANING, float(np.median(np.abs(pull / slope)[measured])) / 0.6745)


def _tail(chance: Floats, count: int, leaning: float) -> float:
    """The chance of at least `count` when the worker's leaning is drawn from a normal distribution."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    logit = np.log(chance) - np.log1p(-chance)
    shifted = 1.0 / (1.0 + np.exp(-(logit[None, :] + leaning * nodes[:, None])))
    group = np.repeat(np.arange(_NODES), chance.size)
    tails = coins_tail(shifted.ravel(), group, np.full(_NODES, count))
    return float((weights * tails).sum() / weights.sum())
