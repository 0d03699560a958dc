"""Duplicate accounts: two accounts that answer as one person would.

One person repeats right and wrong answers alike, so all shared answers count, not errors alone, and nearly all must
match. Accounts that are linked (the same payer, or one starts when the other stops) share half of the test's weight.
"""

from __future__ import annotations

import numpy as np

from piecework.quality.answers import Ints
from piecework.quality.signals.copying import pair_evidence, suspects, weighted
from piecework.quality.signals.findings import DUPLICATE, SHOWN_BELOW, Evidence, Signal
from piecework.quality.signals.honest import Honest
from piecework.quality.signals.links import is_linked
from piecework.quality.signals.pairs import Pairs
from piecework.quality.signals.rings import partner_weights

LEAST_SHARED = 10
LEAST_ALIKE = 0.9


def duplicate_accounts(honest: Honest, pairs: Pairs, links: Ints) -> Signal:
    """`pairs`: compared on all answers. `links`: (links, 2), worker numbers."""
    workers = honest.answers.workers
    linked = is_linked(workers, links)
    worker, partner, pair = suspects(pairs)
    value = weighted(pairs.p_value[pair], partner_weights(worker, linked[worker, partner], workers))
    alike = (pairs.shared[pair] >= LEAST_SHARED) & (pairs.matched[pair] >= LEAST_ALIKE * pairs.shared[pair])
    value = np.where(alike, value, 1.0)
    p_value = np.ones(workers)
    np.minimum.at(p_value, worker, value)
    evidence = {}
    for number in np.flatnonzero(p_value < SHOWN_BELOW):
        own = np.flatnonzero(worker == number)
        best = own[np.argmin(value[own])]
        found = pair_evidence(honest, pairs, int(pair[best]), int(partner[best]), errors_only=False)
        numbers = found.numbers | {"linked": float(linked[number, partner[best]])}
        evidence[int(number)] = Evidence(found.tasks, found.partners, numbers)
    return Signal(DUPLICATE, p_value, evidence)
