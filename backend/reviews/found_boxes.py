"""Boxes under the policy `inference`: of each task the things that most see, where those who drew them see them.

An answer says the same as what was found, or as a known answer, if at least half of the boxes of both, taken together,
lie on each other by half under one label (F1). What is no box, which the gateway takes from nobody, is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.reviews.kinds import BOX
from backend.reviews.measured import Measured
from piecework.domain.canonical import read_back
from piecework.quality.answers import Answers, Floats, Ints
from piecework.quality.box_places import LEAST_OVERLAP, matched
from piecework.quality.boxes import MODEL, Boxes, Consensus, Fits, boxes_of, find_things, fit_answers
from piecework.quality.infer import Parameters

SAME_F1 = 0.5
"""From which on an answer says the same."""
MOST_BOXES = 5_000
"""In one task; of each answer the first are counted, all answers having an equal part. All pairs are compared."""
TOLERANCE = 2e-6
_DIGITS = 6
_FARTHEST = 1e6
"""A place in shares of a picture, or in its points."""
_SIDES = BOX[1:]
Drawn = list[tuple[str, tuple[float, ...]]]


@dataclass(frozen=True, slots=True)
class Found:
    """`things`: by task number, as a label has them. `labels`: names of box labels; `iou`: (workers,), how well each
    worker's boxes lie on the things, None without."""

    boxes: Boxes
    consensus: Consensus
    fits: Fits
    things: list[list[dict[str, Any]]]
    labels: list[str]
    iou: list[float | None]


def find(answers: Answers, values: Sequence[Any], seed: int) -> Found:
    """`values`: the JSON of each number of `answers.label`."""
    part = MOST_BOXES // np.maximum(answers.per_task(), 1)
    drawn = [drawn_in(values[answers.label[at]])[: part[answers.task[at]]] for at in range(answers.size)]
    names = sorted({label for each in drawn for label, _ in each})
    number = {name: at for at, name in enumerate(names)}
    of = [at for at, each in enumerate(drawn) for _ in each]
    label = [number[name] for each in drawn for name, _ in each]
    place = [sides for each in drawn for _, sides in each]
    sizes = {"tasks": answers.tasks, "workers": answers.workers, "labels": len(names)}
    boxes = boxes_of(answers.task, answers.worker, of, label, place, **sizes)
    consensus = find_things(boxes, Parameters(model=MODEL, seed=seed))
    fits = fit_answers(boxes, consensus)
    sums = np.bincount(answers.worker, weights=fits.likeness, minlength=answers.workers)
    given = answers.per_worker()
    iou = [round(float(total / count), _DIGITS) if count else None for total, count in zip(sums, given, strict=True)]
    return Found(boxes, consensus, fits, _things(consensus, names, answers.tasks), names, iou)


def measure(answers: Answers, workers: Sequence[str], values: Sequence[Any], known: Ints, seed: int) -> Measured:
    """`values`: the JSON of each number of `answers.label` and of `known`, (tasks,)."""
    found = find(answers, values, seed)
    fits, is_known = found.fits, known >= 0
    right = {int(task): drawn_in(values[known[task]]) for task in np.flatnonzero(is_known)}
    knows = np.zeros(answers.size, dtype=np.bool_)
    for at in np.flatnonzero(is_known[answers.task]).tolist():
        knows[at] = _is_same(drawn_in(values[answers.label[at]]), right[int(answers.task[at])])
    found_known = np.zeros(answers.tasks, dtype=np.bool_)
    for task, boxes in right.items():
        found_known[task] = _is_same(drawn_in(found.things[task]), boxes)
    skill, given = found.consensus.skill, answers.per_worker().tolist()
    return Measured(
        name="boxes",
        method={
            "name": "piecework-boxes",
            "version": 1,
            "parameters": {
                "presence": found.consensus.labelling.method(),
                "least_overlap": LEAST_OVERLAP,
                "same_f1": SAME_F1,
                "most_boxes": MOST_BOXES,
            },
        },
        value=found.things,
        sure=np.minimum(found.consensus.task_confidence, 1.0).round(_DIGITS).tolist(),
        same=fits.f1 >= SAME_F1,
        knows=knows,
        found_known=found_known,
        said=[
            f" ({hits} of its {drawn} lie on one of the {there})"
            for hits, drawn, there in zip(fits.hits.tolist(), fits.drawn.tolist(), fits.there.tolist(), strict=True)
        ],
        likeness=fits.likeness,
        skills=[
            {
                "worker": name,
                "answers": given[number],
                "agreement": round(float(skill[number]), _DIGITS),
                "iou": found.iou[number],
            }
            for number, name in enumerate(workers)
        ],
        accuracy=skill,
        tolerance=TOLERANCE,
    )


def drawn_in(answer: Any) -> Drawn:
    """The boxes of an answer."""
    listed = answer if isinstance(answer, list) else []
    found = [_box(item) for item in listed]
    return [each for each in found if each is not None]


def _box(item: Any) -> tuple[str, tuple[float, ...]] | None:
    if not isinstance(item, Mapping) or not isinstance(item.get("label"), str):
        return None
    sides: list[float] = []
    for name in _SIDES:
        side = item.get(name)
        if isinstance(side, bool) or not isinstance(side, (int, float)) or not abs(side) <= _FARTHEST:
            return None
        sides.append(float(side))
    return (item["label"], tuple(sides)) if min(sides[2:]) > 0.0 else None


def _things(found: Consensus, names: Sequence[str], tasks: int) -> list[list[dict[str, Any]]]:
    things: list[list[dict[str, Any]]] = [[] for _ in range(tasks)]
    for number, task in enumerate(found.task.tolist()):
        place: Floats = found.place[number].round(_DIGITS)
        things[task].append({"label": names[found.label[number]]} | dict(zip(_SIDES, place.tolist(), strict=True)))
    # As a reader has them: 1.0 is 1.
    read: list[list[dict[str, Any]]] = read_back({"things": things})["things"]
    return read


def _is_same(one: Drawn, other: Drawn) -> bool:
    whole = len(one) + len(other)
    if whole == 0:
        return True
    number = {label: at for at, label in enumerate(dict.fromkeys(label for label, _ in [*one, *other]))}
    columns = [
        (np.array([number[label] for label, _ in each]), np.array([sides for _, sides in each]).reshape(-1, 4))
        for each in (one, other)
    ]
    return 2 * matched(*columns[0], *columns[1]) >= SAME_F1 * whole
