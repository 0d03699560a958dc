"""Comparisons of two things from a CSV file (`left,right,worker,answer`), and the ranking that they give."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from piecework.quality.answers import Floats
from piecework.quality.rankings import LEFT, RIGHT, TIE, comparisons_of, rank
from scripts.answers_file import AnswersFile, FileInvalid, rows_of

COLUMNS = ("left", "right", "worker", "answer")
_WORDS = {"left": LEFT, "a": LEFT, "right": RIGHT, "b": RIGHT, "tie": TIE}
# Things of which each pair is looked at to score an order.
_MOST_SCORED = 5_000


@dataclass(frozen=True)
class PairsFile(AnswersFile):
    """`task_names` are the things, `task` is the left one of each comparison, `right` the other."""

    right: list[int]
    outcome: list[int]


def has_pairs(columns: list[str]) -> bool:
    """Whether a file with these columns holds comparisons."""
    return "left" in columns and "right" in columns


def read_pairs(path: Path) -> PairsFile:
    """Raises FileInvalid with the line of the fault. A worker's second answer to the same two things, whichever stood
    left, is left out."""
    things: dict[str, int] = {}
    workers: dict[str, int] = {}
    left: list[int] = []
    right: list[int] = []
    worker: list[int] = []
    outcome: list[int] = []
    answers, lines = [], []
    seen, repeated, composed = set(), 0, 0
    for line, (one, two, by, said), changed in rows_of(path, COLUMNS):
        if not one or not two or not by:
            raise FileInvalid(f"{path}:{line}: left, right and worker must not be empty")
        if one == two:
            raise FileInvalid(f"{path}:{line}: {one[:80]!r} is compared with itself: leave the row out")
        word = LEFT if said == one else RIGHT if said == two else _WORDS.get(said.casefold())
        if word is None:
            raise FileInvalid(
                f"{path}:{line}: the answer {said[:80]!r} is neither left, right, tie nor the name of one of the two"
            )
        pair = things.setdefault(one, len(things)), things.setdefault(two, len(things))
        person = workers.setdefault(by, len(workers))
        composed += changed
        key = (person, *sorted(pair))
        if key in seen:
            repeated += 1
            continue
        seen.add(key)
        for column, value in zip((left, right, worker, outcome), (*pair, person, word), strict=True):
            column.append(value)
        answers.append(said)
        lines.append(line)
    if not answers:
        raise FileInvalid(f"{path} holds no comparisons: nothing to infer from")
    return PairsFile(
        path, left, worker, answers, lines, list(things), list(workers), repeated, composed, right, outcome
    )


def infer_pairs(file: PairsFile) -> tuple[dict[str, Any], list[str], list[float | None], Floats]:
    """What the command reports, a score for each thing, and whether each comparison says what the scores say, a tie by
    half."""
    started = time.perf_counter()
    sizes = {"items": len(file.task_names), "workers": len(file.worker_names)}
    found = rank(comparisons_of(file.task, file.right, file.worker, file.outcome, **sizes))
    seconds = time.perf_counter() - started
    errors = found.error.tolist()
    report = {
        "seconds": round(seconds, 6),
        "method": {"name": "piecework-pairs", "version": 1, "parameters": {}},
        "converged": found.converged,
        "tie": found.tie if np.isfinite(found.tie) else None,
        "ranking": [
            {
                "item": file.task_names[item],
                "score": round(float(found.score[item]), 6),
                "error": None if np.isnan(errors[item]) else round(errors[item], 6),
                "compared": int(found.compared[item]),
            }
            for item in found.order().tolist()
        ],
        "skills": [
            {"worker": name, "reliability": round(trust, 6)}
            for name, trust in zip(file.worker_names, found.reliability.tolist(), strict=True)
        ],
    }
    apart = found.score[np.array(file.task)] - found.score[np.array(file.right)]
    agrees = (1.0 + np.array(file.outcome) * np.sign(np.round(apart, 9))) / 2.0
    return report, [f"{score:.6f}" for score in found.score.tolist()], [None] * len(file.task_names), agrees


def score_order(values: dict[str, str], truth: dict[str, str]) -> dict[str, Any]:
    """Of all pairs of things whose true scores differ, the share that stands in the right order; ties count half."""
    if len(values) > _MOST_SCORED:
        raise FileInvalid(f"the truth of at most {_MOST_SCORED:,} things can be scored, not of {len(values):,}")
    try:
        true = np.array([float(truth[thing]) for thing in values])
    except ValueError as fault:
        raise FileInvalid("the truth of a thing is a number, higher for better: another cannot be scored") from fault
    found = np.array([float(value) for value in values.values()])
    signs = np.sign(found[:, None] - found[None]) * np.sign(true[:, None] - true[None])
    apart = np.sign(true[:, None] - true[None]) != 0
    return {"accuracy": float((signs[apart].mean() + 1.0) / 2.0) if apart.any() else None}
