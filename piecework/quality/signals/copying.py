"""Copied answers: a worker repeats another one's mistakes.

Agreement on right answers is what honest people do; agreement on wrong ones beyond chance is not. Each worker is
tested against every partner and the smallest p-value pays for the number of partners (Bonferroni). Whoever answered
first cannot have copied: of a pair, the one who was nearly always earlier is left out.
"""

from __future__ import annotations

import numpy as np

from piecework.quality.answers import Bools, Floats, Ints
from piecework.quality.signals.findings import COPIED, SHOWN_BELOW, Evidence, Signal
from piecework.quality.signals.honest import Honest
from piecework.quality.signals.pairs import Pairs

ALWAYS = 0.9
_MOST_TASKS = 20


def copied_answers(honest: Honest, pairs: Pairs) -> Signal:
    """`pairs`: compared on errors only; the order of the answers is the order in which they were given."""
    answers = honest.answers
    worker, partner, pair = suspects(pairs)
    partners = np.bincount(worker, minlength=answers.workers)
    p_value = np.ones(answers.workers)
    np.minimum.at(p_value, worker, pairs.p_value[pair] * partners[worker])
    evidence = {}
    for number in np.flatnonzero(p_value < SHOWN_BELOW):
        own = np.flatnonzero(worker == number)
        best = own[np.argmin(pairs.p_value[pair[own]])]
        evidence[int(number)] = pair_evidence(honest, pairs, int(pair[best]), int(partner[best]), errors_only=True)
    return Signal(COPIED, p_value, evidence)


def suspects(pairs: Pairs) -> tuple[Ints, Ints, Ints]:
    """Each pair from both ends: who may have copied, from whom, and which pair; without those who came first."""
    both = np.arange(pairs.one.size)
    first: Bools = pairs.later < ALWAYS
    second: Bools = pairs.later > 1.0 - ALWAYS
    worker = np.concatenate([pairs.one[first], pairs.two[second]])
    partner = np.concatenate([pairs.two[first], pairs.one[second]])
    return worker, partner, np.concatenate([both[first], both[second]])


def pair_evidence(honest: Honest, pairs: Pairs, pair: int, partner: int, *, errors_only: bool) -> Evidence:
    """The matched tasks of one pair, errors first, and its counts."""
    tasks = pairs.tasks_matched(honest.answers, pair, honest.error if errors_only else None)
    numbers: dict[str, float] = {
        "shared_tasks": float(pairs.shared[pair]),
        "matches": float(pairs.matched[pair]),
        "matches_expected": round(float(pairs.expected[pair]), 2),
    }
    return Evidence(tuple(int(task) for task in tasks[:_MOST_TASKS]), (partner,), numbers)


def weighted(p_value: Floats, weight: Floats) -> Floats:
    """p-values divided by weights that sum to 1 over a worker's partners, at most 1.

    C. R. Genovese, K. Roeder, L. Wasserman, "False Discovery Control with P-value Weighting" (2006).
    """
    with np.errstate(divide="ignore"):
        return np.minimum(1.0, np.where(weight > 0.0, p_value / weight, 1.0))
