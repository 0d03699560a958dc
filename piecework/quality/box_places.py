"""Which boxes of several workers show the same place."""

from __future__ import annotations

import numpy as np

from piecework.quality.answers import Bools, Floats, Ints

NO_PLACE = -1
LEAST_OVERLAP = 0.5
"""Boxes that overlap less show different things."""
# Cells of a table of boxes by boxes that is held at a time.
_CELLS = 4_000_000


def overlap(one: Floats, other: Floats) -> Floats:
    """Intersection over union of aligned boxes, (..., 4) each as x, y, width, height, which are broadcast."""
    low = np.maximum(one[..., :2], other[..., :2])
    high = np.minimum(one[..., :2] + one[..., 2:], other[..., :2] + other[..., 2:])
    sides = np.maximum(high - low, 0.0)
    shared = sides[..., 0] * sides[..., 1]
    whole = one[..., 2] * one[..., 3] + other[..., 2] * other[..., 3] - shared
    found: Floats = np.divide(shared, whole, where=whole > 0, out=np.zeros(np.shape(whole)))
    return found


def group_boxes(task: Ints, worker: Ints, label: Ints, place: Floats) -> tuple[Ints, Ints]:
    """For each box, (boxes,), the number of its group; and for each group, (groups,), the box that it began with.

    The box that those of most other workers lie on best begins a group; of each other worker the box that lies on it
    best joins, one of the same label first; then the next box that is left. Groups are numbered as their tasks are.
    """
    group = np.full(task.size, NO_PLACE, dtype=np.int64)
    first: list[int] = []
    order = np.lexsort((worker, task))
    for here in np.split(order, np.flatnonzero(np.diff(task[order])) + 1) if task.size else []:
        _group(here, worker[here], label[here], place[here], group, first)
    return group, np.array(first, dtype=np.int64)


def _group(here: Ints, worker: Ints, label: Ints, place: Floats, group: Ints, first: list[int]) -> None:
    """Boxes of one task, sorted by worker; `here`: their numbers."""
    begin = np.flatnonzero(np.diff(worker, prepend=-1))
    # Among equals the box that was given first.
    seeds = np.lexsort((here, -np.round(_welcome(worker, label, place, begin), 9)))
    left: Bools = np.ones(here.size, dtype=np.bool_)
    for seed in seeds:
        if not left[seed]:
            continue
        lies_on = overlap(place[seed], place)
        fits = left & (lies_on >= LEAST_OVERLAP) & (worker != worker[seed])
        fits[seed] = True
        rank = np.where(fits, lies_on + (label == label[seed]), -1.0)
        best = np.maximum.reduceat(rank, begin)
        top = (rank >= np.repeat(best, np.diff(begin, append=here.size))) & fits
        # Of a worker's boxes that lie on it equally well, one.
        joined = np.flatnonzero(top)
        joined = joined[np.unique(worker[joined], return_index=True)[1]]
        group[here[joined]] = len(first)
        left[joined] = False
        first.append(int(here[seed]))


def _welcome(worker: Ints, label: Ints, place: Floats, begin: Ints) -> Floats:
    """How well the best box of each other worker lies on each box, summed, those of another label half: (boxes,)."""
    size = worker.size
    found = np.zeros(size)
    rows = max(1, _CELLS // max(1, size))
    for start in range(0, size, rows):
        part = slice(start, min(start + rows, size))
        table = overlap(place[part, None], place[None])
        table[(table < LEAST_OVERLAP) | (worker[part, None] == worker[None])] = 0.0
        table *= np.where(label[part, None] == label[None], 1.0, 0.5)
        found[part] = np.maximum.reduceat(table, begin, axis=1).sum(axis=1)
    return found


def matched(one_label: Ints, one: Floats, other_label: Ints, other: Floats) -> int:
    """How many boxes of `one`, (n, 4), lie on one of `other`, (m, 4), by half and with its label; each once, the best
    overlap first."""
    if not one_label.size or not other_label.size:
        return 0
    table = overlap(one[:, None], other[None])
    table = np.where((one_label[:, None] == other_label[None]) & (table >= LEAST_OVERLAP), table, 0.0)
    count = 0
    while table.max() > 0:
        row, column = np.unravel_index(int(table.argmax()), table.shape)
        table[row], table[:, column] = 0.0, 0.0
        count += 1
    return count
