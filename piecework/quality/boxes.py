"""Bounding boxes: which things in a picture are there, and where, from the boxes that several workers drew.

Boxes of one place are put together, at most one of each worker; whether the thing is there, and what it is, is then a
label like any other, which those who drew nothing there deny. The idea is that of S. Branson, G. Van Horn, P. Perona,
"Lean Crowdsourcing: Combining Humans and Machines in an Online System", CVPR (2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from piecework.quality.answers import Answers, AnswersInvalid, Floats, Ints, answers_of, check_columns, ints
from piecework.quality.box_places import NO_PLACE, group_boxes, overlap
from piecework.quality.infer import Labelling, Parameters, infer_labels
from piecework.quality.numbers import LARGEST

PRIOR_ANSWERS = 4.0
# What is thought of a crowd's agreement before it has answered.
CROWD_AGREEMENT = 0.7
MOST_BOXES = 20_000
"""In one task: all pairs of them are compared."""
MODEL = "one_coin"
"""One accuracy a worker. With a table for each, one who draws boxes everywhere could make those who draw none there
look blind."""
_NOTHING = 0


@dataclass(frozen=True)
class Boxes:
    """`task`, `worker`: (answers,), one entry an answer, also one with no box in it. `answer`: (boxes,), which answer
    each box belongs to, `label`: (boxes,), `place`: (boxes, 4), x, y, width and height in any one unit."""

    task: Ints
    worker: Ints
    answer: Ints
    label: Ints
    place: Floats
    tasks: int
    workers: int
    labels: int


@dataclass(frozen=True)
class Consensus:
    """Things that are probably there, by task: `task`, `label`: (things,), `place`: (things, 4).

    `confidence`: (things,), the chance that it is there and is what the label says. `support`: (things,), the share of
    the task's workers who drew it with this label. `agreement`: (things,), how well their boxes lie on `place`, mean
    intersection over union. `thing`: (boxes,), which one each box shows, or NO_THING.
    `task_confidence`: (tasks,), expected F1 of the task's things with what is there; where none is found, the chance
    that nothing is; zero without answers. `skill`: (workers,), F1 with what the others drew, drawn towards the
    crowd's, from `compared` (workers,) boxes and things. `labelling`: how presence and labels were found, label 0
    being "nothing here".
    """

    task: Ints
    label: Ints
    place: Floats
    confidence: Floats
    support: Floats
    agreement: Floats
    thing: Ints
    task_confidence: Floats
    skill: Floats
    compared: Ints
    labelling: Labelling


NO_THING = NO_PLACE


@dataclass(frozen=True)
class Fits:
    """Each answer beside what was found in its task: `drawn` boxes, `there` things, `hits` of the former that show one
    of the latter under its label, `likeness` from 0 to 1: (answers,). `likeness` is the overlap of the hits with their
    things, in the mean of all boxes and things, so that what is missed or invented counts zero; nothing drawn where
    nothing is found is 1."""

    drawn: Ints
    there: Ints
    hits: Ints
    likeness: Floats

    @property
    def f1(self) -> Floats:
        """Twice the hits among boxes and things together; 1 where there are neither."""
        whole = self.drawn + self.there
        found: Floats = np.where(whole > 0, 2.0 * self.hits / np.maximum(whole, 1), 1.0)
        return found


def boxes_of(
    task: ArrayLike,
    worker: ArrayLike,
    answer: ArrayLike,
    label: ArrayLike,
    place: ArrayLike,
    *,
    tasks: int | None = None,
    workers: int | None = None,
    labels: int | None = None,
) -> Boxes:
    """Checks and wraps the columns of Boxes. Counts default to the highest number plus one.

    Raises AnswersInvalid for columns that do not fit, a box that is not finite or has no area, more than MOST_BOXES in
    one task, or two answers of a worker to one task.
    """
    of, by, at, kind = ints(task, "task"), ints(worker, "worker"), ints(answer, "answer"), ints(label, "label")
    where = np.asarray(place, dtype=np.float64).reshape(-1, 4)
    counts = [
        int(column.max(initial=-1)) + 1 if count is None else count
        for column, count in ((of, tasks), (by, workers), (kind, labels))
    ]
    check_columns(of, by, of.size, tasks=counts[0], workers=counts[1])
    if not at.size == kind.size == len(where):
        raise AnswersInvalid(f"answer, label and place must be as many: {at.size}, {kind.size}, {len(where)}")
    for name, column, count in (("answer", at, of.size), ("label", kind, counts[2])):
        if column.min(initial=0) < 0 or column.max(initial=-1) >= count:
            raise AnswersInvalid(f"{name} numbers must lie in 0..{count - 1}")
    # `<=` is false for what is no number.
    bad = ~(np.abs(where) <= LARGEST).all(axis=1) | (where[:, 2:] <= 0).any(axis=1)
    if bad.any():
        raise AnswersInvalid(f"box {int(np.argmax(bad))} has no area or a side that is no number up to {LARGEST:.0e}")
    crowded = np.bincount(of[at], minlength=counts[0])
    if crowded.max(initial=0) > MOST_BOXES:
        most = int(crowded.max())
        raise AnswersInvalid(f"task {int(crowded.argmax())} has {most} boxes; at most {MOST_BOXES} can be compared")
    return Boxes(of, by, at, kind, where, *counts)


def find_things(boxes: Boxes, parameters: Parameters | None = None) -> Consensus:
    """What is there, where, and how good each worker is, from answers alone; see MODEL for what is taken without
    `parameters`."""
    of_answer = boxes.answer
    group, first = group_boxes(boxes.task[of_answer], boxes.worker[of_answer], boxes.label, boxes.place)
    group_task = boxes.task[of_answer[first]]
    votes, voter = _votes(boxes, group, group_task)
    found = infer_labels(votes, parameters or Parameters(model=MODEL))
    kept = found.label != _NOTHING
    number = np.where(kept, np.cumsum(kept) - 1, NO_THING)
    thing = number[group] if group.size else group
    shows = kept[group] & (boxes.label + 1 == found.label[group])
    place = _middle(boxes.place[shows], thing[shows], int(kept.sum()))
    drawn = np.bincount(thing[shows], minlength=len(place))
    lies_on = np.bincount(thing[shows], weights=overlap(boxes.place[shows], place[thing[shows]]), minlength=len(place))
    skill, compared = _skill(boxes, votes, voter, found.label)
    return Consensus(
        task=group_task[kept],
        label=found.label[kept] - 1,
        place=place,
        confidence=found.confidence[kept],
        support=drawn / np.maximum(votes.per_task()[kept], 1),
        agreement=lies_on / np.maximum(drawn, 1),
        thing=thing,
        task_confidence=_task_confidence(boxes, group_task, found, skill),
        skill=skill,
        compared=compared,
        labelling=found,
    )


def fit_answers(boxes: Boxes, found: Consensus) -> Fits:
    """`found` of these `boxes`."""
    answers = boxes.task.size
    shows = np.flatnonzero(found.thing != NO_THING)
    shows = shows[boxes.label[shows] == found.label[found.thing[shows]]]
    lies_on = overlap(boxes.place[shows], found.place[found.thing[shows]])
    of = boxes.answer[shows]
    drawn = np.bincount(boxes.answer, minlength=answers)
    there = np.bincount(found.task, minlength=boxes.tasks)[boxes.task]
    hits = np.bincount(of, minlength=answers)
    whole = drawn + there - hits
    likeness = np.bincount(of, weights=lies_on, minlength=answers) / np.maximum(whole, 1)
    # Rounding may leave the overlap of equal boxes a hair above one.
    return Fits(drawn, there, hits, np.where(whole > 0, np.minimum(likeness, 1.0), 1.0))


def _votes(boxes: Boxes, group: Ints, group_task: Ints) -> tuple[Answers, Ints]:
    """Each group as a task of its own, on which everybody who answered its picture says what is there, or nothing;
    and for each such vote, which answer it comes from."""
    order = np.argsort(boxes.task, kind="stable")
    count = np.bincount(boxes.task, minlength=boxes.tasks)
    start = np.cumsum(count) - count
    voters = count[group_task]
    begin = np.cumsum(voters) - voters
    item = np.repeat(np.arange(group_task.size), voters)
    voter = order[start[group_task[item]] + np.arange(item.size) - begin[item]]
    turn = np.empty(boxes.task.size, dtype=np.int64)
    turn[order] = np.arange(order.size) - start[boxes.task[order]]
    said = np.full(item.size, _NOTHING, dtype=np.int64)
    said[begin[group] + turn[boxes.answer]] = boxes.label + 1
    # Votes stand in the order of the answers, so that a tie goes to who answered first.
    sort = np.argsort(voter, kind="stable")
    item, voter, said = item[sort], voter[sort], said[sort]
    sizes = {"tasks": group_task.size, "workers": boxes.workers, "labels": max(2, boxes.labels + 1)}
    return answers_of(item, boxes.worker[voter], said, **sizes), voter


def _middle(place: Floats, thing: Ints, things: int) -> Floats:
    """Of each thing the median left, top, right and bottom edge of those who drew it as what it is."""
    found = np.zeros((things, 4))
    edges = place.copy()
    edges[:, 2:] += edges[:, :2]
    count = np.bincount(thing, minlength=things)
    start = np.cumsum(count) - count
    for side in range(4):
        column = edges[np.lexsort((edges[:, side], thing)), side]
        found[:, side] = (column[start + (count - 1) // 2] + column[start + count // 2]) / 2.0
    found[:, 2:] -= found[:, :2]
    return found


def _skill(boxes: Boxes, votes: Answers, voter: Ints, label: Ints) -> tuple[Floats, Ints]:
    """F1 of each worker's boxes with the things that at least half of the others drew alike and that were decided to
    be there. That nobody sees anything counts as one thing found."""
    answers, workers = boxes.task.size, boxes.workers
    right = votes.label == label[votes.task]
    others = np.bincount(votes.task[right], minlength=votes.tasks)[votes.task] - right
    company = votes.per_task()[votes.task] - 1
    is_thing = (label[votes.task] != _NOTHING) & (company > 0) & (2 * others >= company)
    expected = np.bincount(voter[is_thing], minlength=answers)
    hits = np.bincount(voter[is_thing & right], minlength=answers)
    drawn = np.bincount(boxes.answer, minlength=answers)
    alone = np.bincount(boxes.task, minlength=boxes.tasks)[boxes.task] < 2
    blank = ~alone & (drawn == 0) & (expected == 0)
    hits, whole = hits + blank, np.where(alone, 0, drawn + expected + 2 * blank)
    # Counted in boxes and things together, of which each hit is two.
    both = 2.0 * np.bincount(boxes.worker, weights=hits, minlength=workers)
    compared = np.bincount(boxes.worker, weights=whole, minlength=workers)
    crowd = (both.sum() + PRIOR_ANSWERS * CROWD_AGREEMENT) / (compared.sum() + PRIOR_ANSWERS)
    skill: Floats = (both + PRIOR_ANSWERS * crowd) / (compared + PRIOR_ANSWERS)
    return skill, compared.astype(np.int64)


def _task_confidence(boxes: Boxes, group_task: Ints, found: Labelling, skill: Floats) -> Floats:
    """See Consensus."""
    kept = found.label != _NOTHING
    # The chance that something is there: of those labelled "nothing" what their confidence leaves.
    there = np.where(kept, found.confidence, 1.0 - found.confidence)
    size = {"minlength": boxes.tasks}
    things = np.bincount(group_task[kept], **size)
    sure = np.bincount(group_task[kept], weights=there[kept], **size)
    expected = np.bincount(group_task, weights=there, **size)
    f1 = 2.0 * sure / np.maximum(things + expected, 1e-12)
    answered = np.bincount(boxes.task, **size)
    missed = np.exp(np.bincount(boxes.task, weights=np.log(np.maximum(1.0 - skill[boxes.worker], 1e-3)), **size))
    doubted = np.bincount(group_task, weights=np.log(np.maximum(1.0 - there, 1e-12)), **size)
    nothing = np.exp(doubted) * (1.0 - missed)
    return np.clip(np.where(answered == 0, 0.0, np.where(things > 0, f1, nothing)), 0.0, 1.0)
