"""Workers who do the same tasks and nearly always say the same: together they count as one voice.

Five accounts of one hand outvote three honest people, and then those three look wrong. So for signals, and for nothing
else, workers with nearly the same tasks and answers share one vote a task, whoever is right: two honest friends lose a
vote by it, which makes a label a little less sure and accuses nobody.
"""

from __future__ import annotations

import numpy as np

from piecework.quality.answers import Answers, Bools, Floats, Ints
from piecework.quality.signals.pairs import meetings_by_pair

LEAST_SHARED = 10
OVERLAP = 0.8
ALIKE = 0.85


def companies(answers: Answers) -> Ints:
    """(workers,): the lowest number of those who keep company with each worker; its own if nobody does.

    Two keep company if they share `LEAST_SHARED` tasks, `OVERLAP` of the tasks of whoever has more, and say the same on
    `ALIKE` of those; and so do all who are joined by such pairs.
    """
    meetings = meetings_by_pair(answers)
    pairs, count = meetings.name.size, answers.per_worker()
    one, two = meetings.name // answers.workers, meetings.name % answers.workers
    matches = answers.label[meetings.first] == answers.label[meetings.second]
    matched = np.bincount(meetings.pair, weights=matches, minlength=pairs)
    shared = np.bincount(meetings.pair, minlength=pairs)
    together = shared >= np.maximum(LEAST_SHARED, OVERLAP * np.maximum(count[one], count[two]))
    together &= matched >= ALIKE * shared
    company = np.arange(answers.workers)
    for first, second in zip(one[together], two[together], strict=True):
        low, high = sorted((int(company[first]), int(company[second])))
        company[company == high] = low
    return company


def voices(answers: Answers, company: Ints) -> Floats:
    """(answers,): one divided by how many of the worker's company answered the task."""
    _, place, count = np.unique(_voice(answers, company), return_inverse=True, return_counts=True)
    weight: Floats = 1.0 / count[place]
    return weight


def first_voice(answers: Answers, company: Ints) -> Bools:
    """(answers,): whether the answer is the first of its company to its task."""
    _, first = np.unique(_voice(answers, company), return_index=True)
    kept = np.zeros(answers.size, dtype=np.bool_)
    kept[first] = True
    return kept


def _voice(answers: Answers, company: Ints) -> Ints:
    voice: Ints = answers.task * answers.workers + company[answers.worker]
    return voice
