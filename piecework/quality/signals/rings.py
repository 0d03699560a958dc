"""Rings and Sybil clusters: several accounts that make the same mistakes.

A worker is in a ring if at least two partners share its errors beyond chance: the second smallest p-value, paid for by
the number of partners (Y. Benjamini, R. Heller, "Screening for Partial Conjunction Hypotheses", 2008). Accounts paid
for by the same hand share half of the weight of the test between them, so fewer shared errors suffice there: being
linked is no fault, and without shared errors it leads to nothing.
"""

from __future__ import annotations

import numpy as np

from piecework.quality.answers import Bools, Floats, Ints
from piecework.quality.signals.copying import suspects, weighted
from piecework.quality.signals.findings import RING, SHOWN_BELOW, Evidence, Signal
from piecework.quality.signals.honest import Honest
from piecework.quality.signals.links import is_linked
from piecework.quality.signals.pairs import Pairs

LINKED_WEIGHT = 0.5
_MOST_TASKS = 20
_MOST_PARTNERS = 20


def rings(honest: Honest, pairs: Pairs, links: Ints) -> Signal:
    """`pairs`: compared on errors only. `links`: (links, 2), worker numbers; see `links`."""
    workers = honest.answers.workers
    linked = is_linked(workers, links)
    worker, partner, pair = suspects(pairs)
    weight = partner_weights(worker, linked[worker, partner], workers)
    value = weighted(pairs.p_value[pair], weight)
    # With the likeliest partner left out, the weights of the others sum to at most 1: the second smallest is paid for.
    p_value = np.ones(workers)
    order = np.lexsort((value, worker))
    place = np.arange(order.size) - np.searchsorted(worker[order], worker[order])
    second = order[place == 1]
    p_value[worker[second]] = value[second]
    evidence = {}
    for number in np.flatnonzero(p_value < SHOWN_BELOW):
        own = order[worker[order] == number]
        own = own[value[own] < SHOWN_BELOW][:_MOST_PARTNERS]
        evidence[int(number)] = _evidence(honest, pairs, partner[own], pair[own], linked[number, partner[own]])
    return Signal(RING, p_value, evidence)


def partner_weights(worker: Ints, linked: Bools, workers: int) -> Floats:
    """Weights of each worker's partners that sum to 1: half for all, half for the linked ones if there are any."""
    partners = np.bincount(worker, minlength=workers)[worker]
    kin = np.bincount(worker, weights=linked, minlength=workers)[worker]
    general = np.where(kin > 0, 1.0 - LINKED_WEIGHT, 1.0) / np.maximum(partners, 1)
    weight: Floats = general + np.where(linked, LINKED_WEIGHT / np.maximum(kin, 1.0), 0.0)
    return weight


def _evidence(honest: Honest, pairs: Pairs, partners: Ints, pair: Ints, linked: Bools) -> Evidence:
    tasks = [pairs.tasks_matched(honest.answers, int(each), honest.error) for each in pair]
    often, count = np.unique(np.concatenate(tasks), return_counts=True)
    most = often[np.argsort(-count, kind="stable")][:_MOST_TASKS]
    numbers = {
        "partners": float(partners.size),
        "linked_partners": float(linked.sum()),
        "matches": float(pairs.matched[pair].sum()),
        "matches_expected": round(float(pairs.expected[pair].sum()), 2),
    }
    return Evidence(tuple(int(task) for task in most), tuple(int(each) for each in partners), numbers)
