"""Links between accounts that are no answers: who paid whose way in, who starts working when another stops.

A link alone says nothing: a family, a village or an exchange pays for many. It only tells where to look first.
"""

from __future__ import annotations

import numpy as np

from piecework.quality.answers import Bools, Floats, Ints

MOST_OF_A_SOURCE = 20
"""A source that pays for more accounts is a shop, not a person: it links nobody."""


def funding_links(source: Ints, worker: Ints) -> Ints:
    """Pairs of workers with a source in common: (links, 2). `source`, `worker`: (edges,), who paid whom.

    Numbers from 0 in both columns are one numbering, so that a worker who pays for another is linked with it.
    """
    edges = np.unique(np.stack([source, worker], axis=1), axis=0) if source.size else np.zeros((0, 2), dtype=np.int64)
    edges = edges[edges[:, 0] != edges[:, 1]]
    found = [edges]
    for payer in np.unique(edges[:, 0]):
        paid = edges[edges[:, 0] == payer, 1]
        if paid.size <= MOST_OF_A_SOURCE:
            one, two = np.triu_indices(paid.size, 1)
            found.append(np.stack([paid[one], paid[two]], axis=1))
    return np.unique(np.sort(np.concatenate(found), axis=1), axis=0)


def handover_links(worker: Ints, start: Floats, end: Floats, *, gap_seconds: float = 60.0, least: int = 3) -> Ints:
    """Pairs who are never at work together and often start within `gap_seconds` of the other's end: (links, 2).

    `worker`, `start`, `end`: (sessions,), seconds.
    """
    order = np.lexsort((end, start))
    worker, start, end = worker[order], start[order], end[order]
    handed: dict[tuple[int, int], int] = {}
    for before in range(worker.size):
        first, last = np.searchsorted(start, [end[before], end[before] + gap_seconds])
        for after in range(int(first), int(last)):
            one, two = sorted((int(worker[before]), int(worker[after])))
            if one != two:
                handed[(one, two)] = handed.get((one, two), 0) + 1
    often = [pair for pair, count in handed.items() if count >= least and not _together(worker, start, end, *pair)]
    return np.array(sorted(often), dtype=np.int64).reshape(-1, 2)


def _together(worker: Ints, start: Floats, end: Floats, one: int, two: int) -> bool:
    own = (worker == one) | (worker == two)
    latest = np.maximum.accumulate(end[own])[:-1]
    who = worker[own]
    return bool(((start[own][1:] < latest) & (who[1:] != who[:-1])).any())


def is_linked(workers: int, links: Ints) -> Bools:
    """(workers, workers), symmetric. Links to others than the batch's workers are left out."""
    table = np.zeros((workers, workers), dtype=np.bool_)
    inside = links[(links < workers).all(axis=1)] if links.size else np.zeros((0, 2), dtype=np.int64)
    table[inside[:, 0], inside[:, 1]] = True
    table[inside[:, 1], inside[:, 0]] = True
    return table
