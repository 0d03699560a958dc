"""Boxes from a CSV file, each answer a JSON list of them, and the things that they show."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np

from piecework.quality.answers import Floats
from piecework.quality.box_places import matched
from piecework.quality.boxes import MODEL, boxes_of, find_things, fit_answers
from piecework.quality.infer import Parameters
from piecework.quality.numbers import LARGEST
from scripts.answers_file import AnswersFile, FileInvalid

_SIDES = ("x", "y", "width", "height")
_DIGITS = 6
Box = tuple[str, tuple[float, ...]]


def infer_boxes(
    file: AnswersFile, parameters: Parameters
) -> tuple[dict[str, Any], list[str], list[float | None], Floats]:
    """What the command reports, for each task its things as JSON with their confidence, and how like them each answer
    is. Raises FileInvalid."""
    labels: dict[str, int] = {}
    of: list[int] = []
    kind: list[int] = []
    places: list[tuple[float, ...]] = []
    for number, (line, text) in enumerate(zip(file.line, file.answer, strict=True)):
        for label, sides in boxes_in(text, f"{file.path}:{line}"):
            of.append(number)
            kind.append(labels.setdefault(label, len(labels)))
            places.append(sides)
    sizes = {"tasks": len(file.task_names), "workers": len(file.worker_names), "labels": len(labels)}
    started = time.perf_counter()
    model = MODEL if parameters.model == "auto" else parameters.model
    boxes = boxes_of(file.task, file.worker, of, kind, places, **sizes)
    found = find_things(boxes, Parameters(model=model, seed=parameters.seed))
    seconds = time.perf_counter() - started
    names = list(labels)
    things: list[list[dict[str, Any]]] = [[] for _ in file.task_names]
    for number, task in enumerate(found.task.tolist()):
        at = dict(zip(_SIDES, found.place[number].round(_DIGITS).tolist(), strict=True))
        things[task].append(
            {
                "label": names[found.label[number]],
                **at,
                "confidence": round(float(found.confidence[number]), _DIGITS),
                "support": round(float(found.support[number]), _DIGITS),
                "agreement": round(float(found.agreement[number]), _DIGITS),
            }
        )
    report = {
        "seconds": round(seconds, 6),
        "method": {"name": "piecework-boxes", "version": 1, "parameters": {"presence": found.labelling.method()}},
        "boxes": len(of),
        "things": len(found.task),
        "skills": [
            {"worker": name, "f1": round(skill, _DIGITS), "compared": compared}
            for name, skill, compared in zip(
                file.worker_names, found.skill.tolist(), found.compared.tolist(), strict=True
            )
        ],
    }
    values = [json.dumps(each, ensure_ascii=False) for each in things]
    return report, values, list(found.task_confidence.tolist()), fit_answers(boxes, found).likeness


def boxes_in(text: str, where: str) -> list[Box]:
    """Labels with x, y, width and height; `where` names the place in an error. A label may be left out."""
    try:
        listed = json.loads(text)
        boxes = [(box.get("label", ""), tuple(float(box[side]) for side in _SIDES)) for box in listed]
        if not isinstance(listed, list) or not all(isinstance(label, str) for label, _ in boxes):
            raise TypeError
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as fault:
        example = '[{"label": "cat", "x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4}]'
        raise FileInvalid(f"{where}: boxes are a JSON list such as {example}, or [] for none") from fault
    for label, sides in boxes:
        if not all(abs(side) <= LARGEST for side in sides) or min(sides[2:]) <= 0:
            why = f"has no area or a side that is no number up to {LARGEST:.0e}"
            raise FileInvalid(f"{where}: the box {sides} of {label!r} {why}: leave it out")
    return boxes


def score_boxes(values: dict[str, str], truth: dict[str, str]) -> dict[str, Any]:
    """F1 with the true boxes: a thing is right that lies on one of its label by half, each once."""
    right = found = there = 0
    for task, value in values.items():
        ours, true = boxes_in(value, "found"), boxes_in(truth[task], f"the truth of {task}")
        right += _matched(ours, true)
        found, there = found + len(ours), there + len(true)
    return {
        "accuracy": 2.0 * right / (found + there) if found + there else 1.0,
        "precision": right / found if found else None,
        "recall": right / there if there else None,
    }


def _matched(ours: list[Box], true: list[Box]) -> int:
    number = {label: at for at, label in enumerate(dict.fromkeys(label for label, _ in [*ours, *true]))}
    columns = [
        (np.array([number[label] for label, _ in boxes]), np.array([sides for _, sides in boxes]).reshape(-1, 4))
        for boxes in (ours, true)
    ]
    return matched(*columns[0], *columns[1])
