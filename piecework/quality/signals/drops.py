"""Sudden drops of skill: from some answer on, far fewer agree with the label than before.

If nothing changed, the agreeing answers lie anywhere among the worker's answers to tasks of the same difficulty. The
number after a split then follows a sum of hypergeometric distributions, one a difficulty, and its tail is exact
(N. Mantel, W. Haenszel, "Statistical Aspects of the Analysis of Data from Retrospective Studies", 1959; taken exactly).
The best of a few splits pays for the number of splits.
"""

from __future__ import annotations

import numpy as np

from piecework.quality.answers import Answers, Bools, Floats, Ints
from piecework.quality.signals.chances import hypergeometric, log_choose
from piecework.quality.signals.findings import SHOWN_BELOW, SKILL_DROP, Evidence, Signal
from piecework.quality.vote import NO_LABEL

LEAST_ANSWERS = 20
LEAST_AFTER = 8
LEAST_DROP = 0.2
_SPLITS = 12
_LEVELS = 3
_MOST_TASKS = 20


def skill_drops(answers: Answers, label: Ints) -> Signal:
    """`label`: (tasks,), as inferred. Answers count in the order in which they were given."""
    counted = answers.take(answers.compared() & (label[answers.task] != NO_LABEL))
    right = counted.label == label[counted.task]
    level = _difficulty(counted, right)
    log_factorial = log_choose(int(counted.per_worker().max(initial=0)))
    p_value = np.ones(answers.workers)
    evidence = {}
    order = np.argsort(counted.worker, kind="stable")
    for own in np.split(order, np.cumsum(counted.per_worker())[:-1]):
        if own.size < LEAST_ANSWERS:
            continue
        worker = int(counted.worker[own[0]])
        p_value[worker], split = _best_split(right[own], level[own], log_factorial)
        if p_value[worker] < SHOWN_BELOW:
            after = own[split:]
            missed = counted.task[after[~right[after]]][:_MOST_TASKS]
            numbers = {
                "answers_before": float(split),
                "answers_after": float(own.size - split),
                "agreement_before": round(float(right[own[:split]].mean()), 4),
                "agreement_after": round(float(right[after].mean()), 4),
            }
            evidence[worker] = Evidence(tuple(int(task) for task in missed), (), numbers)
    return Signal(SKILL_DROP, p_value, evidence)


def _difficulty(counted: Answers, right: Bools) -> Ints:
    """Levels 0 (all others agree with the label) to 2 (many do not), (answers,), from the others' answers alone."""
    others = counted.per_task()[counted.task] - 1
    agree = np.bincount(counted.task, weights=right, minlength=counted.tasks)[counted.task] - right
    share = agree / np.maximum(others, 1)
    return np.where(share >= 1.0, 0, np.where(share >= 2 / 3, 1, 2))


def _best_split(right: Bools, level: Ints, log_factorial: Floats) -> tuple[float, int]:
    """The smallest p-value of the splits, paid for, and that split: answers before it."""
    size = right.size
    splits = np.unique(np.linspace(LEAST_AFTER, size - LEAST_AFTER, _SPLITS).astype(np.int64))
    best, where = 1.0, int(splits[0])
    for split in splits:
        before, after = float(right[:split].mean()), float(right[split:].mean())
        if before - after < LEAST_DROP:
            continue
        tail = _tail(right, level, int(split), log_factorial)
        if tail < best:
            best, where = tail, int(split)
    return min(1.0, best * splits.size), where


def _tail(right: Bools, level: Ints, split: int, log_factorial: Floats) -> float:
    """The chance of so few right answers after the split."""
    chance = np.ones(1)
    seen = 0
    for each in range(_LEVELS):
        here = level == each
        drawn = int(here[split:].sum())
        chance = np.convolve(chance, hypergeometric(int(here.sum()), int(right[here].sum()), drawn, log_factorial))
        seen += int(right[split:][here[split:]].sum())
    return float(min(1.0, chance[: seen + 1].sum()))
