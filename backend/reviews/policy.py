"""The policy `agreement`, version 1: known answers and plurality decide.

- The label of a task is its known answer, else the plurality of its answers; a tie gives none.
- Disagreement alone is no fault: an answer is rejected only if its worker gave fewer than `reject_gold_below` of at
  least three known
  answers right, and the answer itself differs from the label. Everything else is accepted.

Anybody can compute it again from the results file, the answer files and the revealed known answers; `piecework audit`
does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from piecework.quality.majority import NO_LABEL, known_answer_scores, plurality

NAME = "agreement"
VERSION = 1
MINIMUM_KNOWN_SEEN = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """One submitted answer."""

    task: str
    worker: str
    answer: Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the policy says: labels by task, and a decision with its reason by (task, worker)."""

    labels: dict[str, tuple[Any, float | None]]
    decisions: dict[tuple[str, str], tuple[str, str]]


def decide(
    answers: Sequence[Answer], gold: Mapping[str, Any], reject_gold_below: float | None, *, revealed: bool = True
) -> Outcome:
    """Decides every answer. Until the known answers are `revealed` they count mistakes but stand in no label."""
    tasks = sorted({item.task for item in answers})
    workers = sorted({item.worker for item in answers})
    values: dict[str, Any] = {}
    for item in answers:
        values.setdefault(answer_text(item.answer), item.answer)
    for value in gold.values():
        values.setdefault(answer_text(value), value)
    keys = sorted(values)
    task_of, worker_of, answer_of = (_numbers(names) for names in (tasks, workers, keys))
    task = np.array([task_of[item.task] for item in answers], dtype=np.int64)
    worker = np.array([worker_of[item.worker] for item in answers], dtype=np.int64)
    answer = np.array([answer_of[answer_text(item.answer)] for item in answers], dtype=np.int64)
    known = np.array([answer_of[answer_text(gold[t])] if t in gold else NO_LABEL for t in tasks], dtype=np.int64)
    found = plurality(task, answer, tasks=len(tasks), answers=len(keys))
    label = np.where((known != NO_LABEL) & revealed, known, found.label)
    scores = known_answer_scores(task, worker, answer, known, workers=len(workers))
    labels: dict[str, tuple[Any, float | None]] = {}
    for name, number in task_of.items():
        if revealed and known[number] != NO_LABEL:
            labels[name] = (values[keys[known[number]]], 1.0)
        elif label[number] != NO_LABEL:
            labels[name] = (values[keys[label[number]]], round(float(found.agreement[number]), 6))
        else:
            labels[name] = (None, None)
    decisions = {}
    for item in answers:
        t, w, a = task_of[item.task], worker_of[item.worker], answer_of[answer_text(item.answer)]
        seen, right = int(scores.seen[w]), int(scores.right[w])
        failed = reject_gold_below is not None and seen >= MINIMUM_KNOWN_SEEN and right < reject_gold_below * seen
        decisions[(item.task, item.worker)] = _decision(
            agrees=bool(label[t] == a), labelled=bool(label[t] != NO_LABEL), failed=failed, seen=seen, right=right
        )
    return Outcome(labels, decisions)


def _decision(*, agrees: bool, labelled: bool, failed: bool, seen: int, right: int) -> tuple[str, str]:
    if agrees:
        return "accepted", "agrees with the label"
    if failed and labelled:
        return "rejected", f"differs from the label, and only {right} of {seen} known answers were right"
    return "accepted", "differs from the label, which alone is no fault" if labelled else "the task has no label: a tie"


def answer_text(answer: Any) -> str:
    """By which answers are equal or not."""
    return json.dumps(answer, sort_keys=True, ensure_ascii=False)


def _numbers(names: Sequence[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}
