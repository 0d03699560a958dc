"""The page that `piecework infer --report` writes: a requester's report of a file of answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.reports.assembling import Crowd, label_report, share_view
from backend.reports.measured_report import Said, boxes_in_words, measured_report, number_alpha
from backend.reports.requester_page import render
from backend.reports.schemas import Measure, ModelView, RankedThing, RequesterReport
from piecework.quality.intervals import Share
from scripts.answers_file import AnswersFile

if TYPE_CHECKING:
    from scripts.infer import Outcome

_MEASURES: Mapping[str, Measure] = {"numbers": "near", "text": "similarity", "boxes": "overlap", "pairs": "ranking"}
_MOST_RANKED = 500


def page_of(
    name: str, file: AnswersFile, outcome: Outcome, report: Mapping[str, Any], truth: Mapping[str, str] | None
) -> str:
    """HTML. `truth` by task name scores the labels; `report` is what the command prints."""
    return render(_of(name, file, outcome, report, truth))


def _of(
    name: str, file: AnswersFile, outcome: Outcome, report: Mapping[str, Any], truth: Mapping[str, str] | None
) -> RequesterReport:
    if outcome.answers is None or outcome.found is None:
        return measured_report(_said(file, outcome, report), title=name)
    names = list(dict.fromkeys(file.answer))
    names += [f"(another answer {number})" for number in range(len(names), outcome.answers.labels)]
    number = {label: at for at, label in enumerate(names)}
    task_of = {task: at for at, task in enumerate(file.task_names)}
    # A true label that nobody gave is right for none.
    scored = {task_of[task]: number.get(label, -2) for task, label in (truth or {}).items() if task in task_of}
    crowd = Crowd(outcome.answers, file.task_names, file.worker_names, names)
    found = label_report(crowd, outcome.found, title=name, known={}, truth=scored)
    model = report.get("model")
    return found if model is None else found.model_copy(update={"model": _model(model)})


def _model(model: Mapping[str, Any]) -> ModelView:
    """As the command reports it."""
    accuracy = Share(**model["accuracy"]) if model["accuracy"] else None
    return ModelView(
        name=f"{model['name']} ({model['source']})",
        verdict=model["verdict"],
        predicted=model["predicted"],
        accuracy=share_view(accuracy),
        known_answers=None,
        labels_changed=model["labels_changed"],
        answers_saved=model["answers_saved"],
        saved_units=None,
        saved_cost=model["saved_cost"],
        answers_without=model["answers_without_model"],
    )


def _said(file: AnswersFile, outcome: Outcome, report: Mapping[str, Any]) -> Said:
    """Numbers, texts, boxes and comparisons: who agrees with what was found how well."""
    assert outcome.likeness is not None  # noqa: S101 - every kind but labels has it
    kind = report["kind"]
    is_pairs, is_numbers = kind == "pairs", kind == "numbers"
    answers = len(file.answer)
    values = [boxes_in_words(json.loads(value)) for value in outcome.values] if kind == "boxes" else outcome.values
    task = np.array(file.task)
    return Said(
        kind=kind,
        measure=_MEASURES[kind],
        # A comparison is held against the scores of all.
        task=np.arange(answers) if is_pairs else task,
        worker=np.array(file.worker),
        tasks=file.task_names,
        workers=file.worker_names,
        value=values,
        sure=outcome.sure or [None] * len(file.task_names),
        likeness=outcome.likeness,
        method=report["method"] | {"skills": report["skills"]},
        error=[row["typical_error"] for row in report["skills"]] if is_numbers else None,
        alpha=number_alpha(task, file.numbers()) if is_numbers else None,
        alone=is_pairs,
        ranking=[RankedThing(thing=row["item"], group=0, **_scores(row)) for row in report["ranking"][:_MOST_RANKED]]
        if is_pairs
        else [],
    )


def _scores(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("score", "error", "compared")}
