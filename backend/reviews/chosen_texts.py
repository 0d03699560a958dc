"""Texts under the policy `inference`: of each task's answers the one that agrees best is the label.

Nobody is rejected for a text: another wording is no mistake, so known answers judge nobody here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from piecework.quality.answers import Answers, Floats, Ints
from piecework.quality.texts import choose_texts

METHOD = {"name": "piecework-texts", "version": 2, "parameters": {}}
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class ChosenTexts:
    """`label`: (tasks,), the number of the chosen text; `agreement`: (tasks,), how like the others' it is, 0 to 1;
    `likeness`: (answers,), how like the others' each text is; `skills`: one entry a worker, who agrees with the others
    how well."""

    label: Ints
    agreement: list[float]
    likeness: Floats
    skills: list[dict[str, Any]]


def choose(answers: Answers, workers: Sequence[str], texts: Sequence[str]) -> ChosenTexts:
    """`texts`: what each number of `answers.label` says. Every task must have an answer."""
    said = [texts[number] for number in answers.label.tolist()]
    found = choose_texts(answers.task, answers.worker, said, tasks=answers.tasks, workers=answers.workers)
    given = answers.per_worker().tolist()
    skills = [
        {"worker": name, "answers": given[number], "agreement": round(float(found.skill[number]), _DIGITS)}
        for number, name in enumerate(workers)
    ]
    # Rounding may leave the mean of ones a hair above one.
    agreement = np.minimum(found.agreement[found.chosen], 1.0).round(_DIGITS).tolist()
    return ChosenTexts(answers.label[found.chosen], agreement, np.minimum(found.agreement, 1.0), skills)


def decisions(
    answers: Answers, tasks: Sequence[str], workers: Sequence[str], label: Ints
) -> dict[tuple[str, str], tuple[str, str]]:
    """All are accepted, each with what became of it."""
    return {
        (tasks[task], workers[worker]): ("accepted", _CHOSEN if label[task] == said else _OTHER)
        for task, worker, said in zip(answers.task, answers.worker, answers.label, strict=True)
    }


_CHOSEN = "is the chosen text"
_OTHER = "another text was chosen, which is no fault"
