"""Tasks of the type `preference`: which of two is better is a label; where tasks share things, these are ranked too.

A thing is what a side shows, a text or a picture, under the task's question. Things that comparisons connect, three or
more of them, are ranked together (`piecework.quality.rankings`); a pair on its own has its label and needs no ranking.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from piecework.quality.answers import Answers, Bools, Ints
from piecework.quality.rankings import LEFT, MAX_ITERATIONS, PRIOR_DEVIATION, RIGHT, TIE, Ranking, comparisons_of, rank

TASK_TYPE = "preference"
LEAST_THINGS = 3
"""In a ranking: two alone have their label."""
SIDES = ("a", "b")
_OUTCOMES = {"a": LEFT, "b": RIGHT, "tie": TIE}
LEAST_ROUNDS, MOST_WORK = 50, 5_000_000
"""Rounds of the fit at least, and comparisons times rounds beyond that: a batch of very many comparisons that hardly
agree must not hold up a gateway. `converged` says whether it was enough."""
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Thing:
    """`task` and `side` show it; `group`: things of one group were compared with each other, if by way of others."""

    task: str
    side: str
    group: int


@dataclass(frozen=True, slots=True)
class Pairs:
    """What each task compares, as numbers of `things`, by task id. Only things that are ranked are there."""

    compared: Mapping[str, tuple[int, int]]
    things: Sequence[Thing]


@dataclass(frozen=True, slots=True)
class Ranked:
    """`found`: of `things` and of the batch's workers; `reliability` counts where `compares`, (workers,), says so."""

    found: Ranking
    things: Sequence[Thing]
    compares: Bools

    def order(self) -> list[int]:
        """Things by group, the best of each first."""
        group = np.array([thing.group for thing in self.things], dtype=np.int64)
        return [int(at) for at in np.lexsort((-np.round(self.found.score, _DIGITS), group))]

    def error(self, thing: int) -> float | None:
        error: float = self.found.error[thing]
        return None if np.isnan(error) else round(float(error), _DIGITS)


def pairs_of(task_type: str, tasks: Iterable[tuple[str, Mapping[str, Any]]]) -> Pairs | None:
    """`tasks`: all of the batch's, with their content, in any order. None if they compare no two things."""
    if task_type != TASK_TYPE:
        return None
    number: dict[str, int] = {}
    shown: list[tuple[str, str]] = []
    compared: dict[str, tuple[int, int]] = {}
    for task, content in sorted(tasks, key=lambda each: each[0]):
        names = [_name(content, side) for side in SIDES]
        if names[0] == names[1]:
            continue  # nothing is compared
        for name, side in zip(names, SIDES, strict=True):
            if name not in number:
                number[name] = len(shown)
                shown.append((task, side))
        compared[task] = number[names[0]], number[names[1]]
    group = _groups(len(shown), compared.values())
    sizes = np.bincount(group, minlength=1) if shown else np.zeros(1, dtype=np.int64)
    # The largest group first; groups are numbered by the first thing in them.
    kept = [int(at) for at in np.argsort(-sizes, kind="stable") if sizes[at] >= LEAST_THINGS]
    place = {at: rank_ for rank_, at in enumerate(kept)}
    ranked = [thing for thing in range(len(shown)) if int(group[thing]) in place]
    renumbered = {thing: at for at, thing in enumerate(ranked)}
    return Pairs(
        {task: (renumbered[a], renumbered[b]) for task, (a, b) in compared.items() if a in renumbered},
        [Thing(*shown[thing], place[int(group[thing])]) for thing in ranked],
    )


def rank_things(answers: Answers, tasks: Sequence[str], values: Sequence[Any], pairs: Pairs) -> Ranked | None:
    """`values`: the JSON of each number of `answers.label`. None where nothing is to be ranked."""
    if not pairs.things:
        return None
    said = [_OUTCOMES.get(value) if isinstance(value, str) else None for value in values]
    rows = [
        (*pairs.compared[tasks[task]], worker, outcome)
        for task, worker, label in zip(
            answers.task.tolist(), answers.worker.tolist(), answers.label.tolist(), strict=True
        )
        if (outcome := said[label]) is not None and tasks[task] in pairs.compared
    ]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    rounds = min(MAX_ITERATIONS, max(LEAST_ROUNDS, MOST_WORK // max(1, len(rows))))
    found = rank(comparisons_of(*columns, items=len(pairs.things), workers=answers.workers), max_iterations=rounds)
    compares = np.bincount(columns[2], minlength=answers.workers) > 0
    return Ranked(found, pairs.things, compares)


def disclosed(ranked: Ranked | None, workers: Sequence[str]) -> dict[str, Any]:
    """What a results file says: each thing by a task and side that show it, the best of each group first."""
    parameters = {"prior_deviation": int(PRIOR_DEVIATION), "least_rounds": LEAST_ROUNDS, "most_work": MOST_WORK}
    method = {"name": "piecework-pairs", "version": 1, "parameters": parameters}
    if ranked is None:
        return {"method": method, "converged": True, "things": [], "reliability": []}
    found = ranked.found
    return {
        "method": method,
        "converged": found.converged,
        "things": [
            {
                "task": ranked.things[at].task,
                "side": ranked.things[at].side,
                "group": ranked.things[at].group,
                "score": round(float(found.score[at]), _DIGITS),
                "error": ranked.error(at),
                "compared": int(found.compared[at]),
            }
            for at in ranked.order()
        ],
        "reliability": [
            {"worker": name, "reliability": round(float(found.reliability[at]), _DIGITS)}
            for at, name in enumerate(workers)
            if ranked.compares[at]
        ],
    }


def _name(content: Mapping[str, Any], side: str) -> str:
    """By which two sides show the same thing under the same question."""
    fields = [content.get("question"), content.get(side), content.get(f"image_{side}")]
    return json.dumps(fields, sort_keys=True, ensure_ascii=False)


def _groups(things: int, compared: Iterable[tuple[int, int]]) -> Ints:
    """(things,), the lowest number of a thing that comparisons connect it with."""
    parent = list(range(things))

    def root(thing: int) -> int:
        while parent[thing] != thing:
            parent[thing] = parent[parent[thing]]
            thing = parent[thing]
        return thing

    for pair in compared:
        low, high = sorted(map(root, pair))
        parent[high] = low
    return np.array([root(thing) for thing in range(things)], dtype=np.int64)
