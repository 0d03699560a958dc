"""Free text and translations: of each task's answers the one that agrees best with the others.

Agreement is character n-gram similarity, weighed by how well each worker agrees elsewhere; workers and weights are
found in turn. The idea is reliability-aware sequence aggregation: J. Li, F. Fukumoto, "A Dataset of Crowdsourced Word
Sequences: Collections and Answer Aggregation for Ground Truth Creation" (2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from piecework.quality.answers import Floats, Ints, check_columns
from piecework.quality.ngrams import chrf_table

PRIOR_ANSWERS = 4.0
# How much more an agreeing worker counts: a weight of agreement to this power.
SHARPNESS = 2.0
NO_ANSWER = -1


@dataclass(frozen=True)
class Choice:
    """`chosen`: (tasks,), the position of the best answer, or NO_ANSWER. `agreement`: (answers,), 0..1, with the
    others of its task. `skill`: (workers,), mean agreement drawn towards the crowd's."""

    chosen: Ints
    agreement: Floats
    skill: Floats
    iterations: int


def choose_texts(
    task: Ints, worker: Ints, texts: Sequence[str], *, tasks: int, workers: int, max_iterations: int = 20
) -> Choice:
    """`task`, `worker`: (answers,), `texts`: as many.

    Among equals the better worker's answer is chosen, then the first. Raises AnswersInvalid for arrays that do not fit.
    """
    check_columns(task, worker, len(texts), tasks=tasks, workers=workers)
    order = np.argsort(task, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(task, minlength=tasks))[:-1]) if tasks else []
    tables = [_similarity([texts[i] for i in group]) for group in groups]
    skill = np.ones(workers)
    agreement = np.zeros(len(texts))
    # Alone on its task an answer agrees with nobody, which says nothing about its worker.
    compared = np.bincount(task, minlength=tasks)[task] > 1
    given = np.bincount(worker[compared], minlength=workers)
    iterations, settled = 0, False
    while iterations < max_iterations and not settled:
        iterations += 1
        before = agreement
        agreement = np.zeros(len(texts))
        for group, table in zip(groups, tables, strict=True):
            weight = skill[worker[group]] ** SHARPNESS
            others = weight.sum() - weight
            agreement[group] = np.divide(table @ weight, others, where=others > 0, out=np.zeros(group.size))
        crowd = agreement[compared].mean() if compared.any() else 0.0
        sums = np.bincount(worker, weights=agreement, minlength=workers)
        skill = (sums + PRIOR_ANSWERS * crowd) / (given + PRIOR_ANSWERS)
        settled = bool(np.abs(agreement - before).max(initial=0.0) < 1e-6)
    chosen = np.full(tasks, NO_ANSWER, dtype=np.int64)
    for number, group in enumerate(groups):
        if group.size:
            # Two answers agree with each other equally: then the better worker's is taken, then the first.
            rank = np.lexsort((np.arange(group.size), -skill[worker[group]], -np.round(agreement[group], 9)))
            chosen[number] = group[rank[0]]
    return Choice(chosen, agreement, skill, iterations)


def _similarity(texts: Sequence[str]) -> Floats:
    """Each answer (row) held against each other one as if that were the reference; nothing for likeness to itself.

    Recall counts more, as chrF is published: what an answer leaves out is lost, what it adds can be cut. Two answers
    alone do not tell which of them leaves out, so there both directions count the same.
    """
    table = chrf_table(texts, beta=1.0 if len(texts) == 2 else 2.0) if texts else np.zeros((0, 0))
    np.fill_diagonal(table, 0.0)
    return table
