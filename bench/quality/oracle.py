"""How many copiers and ring members any test could find: the best test there is, which knows what no test can know.

It knows the truth, every honest worker's chance of error on every task, how copies are made, and whom to compare the
suspect with. Then the likelihood ratio is the most powerful test (J. Neyman, E. Pearson, 1933). What it cannot find at
the level that a search among partners and signals leaves is in the data of nobody.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from bench.quality.honest_crowds import GROUPS, Crowd, honest_copy, trying
from bench.quality.mixing import FIDELITY, LEAST_TASKS, RING_RIGHT
from piecework.quality.answers import Floats, Ints
from piecework.quality.infer import infer_labels
from piecework.quality.signals.findings import NAMES
from piecework.quality.signals.honest import fit_honest
from piecework.quality.signals.together import FALSE_DISCOVERY_RATE

ALONE = 0.01
"""Level for one suspect with one known partner."""
FLAGGED = 0.2
"""Share of workers that may be flagged: with it and the rate the rule's level follows."""
_DRAWS = 4_000
_SUSPECTS = 100


def reach(crowd: Crowd, seed: int) -> dict[str, float]:
    """Shares of copiers and ring members found at the level `ALONE`, and at the one that a search leaves: the false
    discovery rate by the number of signals and of the suspect's partners."""
    random = np.random.default_rng(seed)
    scored = honest_copy(crowd, random, GROUPS[0], np.zeros(crowd.answers.workers, dtype=np.bool_))
    answers, label = crowd.answers, infer_labels(crowd.answers).label
    error = 1.0 / (1.0 + np.exp(-trying(fit_honest(answers, label).logit, answers)))
    count = answers.per_worker()
    hosts = np.flatnonzero(count >= min(LEAST_TASKS, int(count.max())))
    sums: dict[str, list[float]] = defaultdict(list)
    for _ in range(_SUSPECTS):
        own = np.flatnonzero(answers.worker == random.choice(hosts))
        task, truth = answers.task[own], scored.truth[answers.task[own]]
        partners = np.unique(answers.worker[np.isin(answers.task, task)]).size
        searching = FALSE_DISCOVERY_RATE * FLAGGED / len(NAMES) / partners
        wrong = (truth + random.integers(1, answers.labels, size=truth.size)) % answers.labels
        minds = {
            "copiers": scored.answers.label[own],
            "ring members": np.where(random.random(truth.size) < RING_RIGHT, truth, wrong),
        }
        for kind, mind in minds.items():
            power = _power(mind, truth, error[own], answers.labels, random, (ALONE, searching))
            sums[f"{kind}, one known partner"].append(power[0])
            sums[f"{kind}, after a search"].append(power[1])
    return {name: float(np.mean(values)) for name, values in sums.items()}


def _power(
    mind: Ints, truth: Ints, error: Floats, labels: int, random: np.random.Generator, levels: tuple[float, ...]
) -> list[float]:
    """The chance that who repeats `mind` (tasks,) is found at each level. `error`: (tasks,), of an honest worker."""
    honest_match = np.where(mind == truth, 1.0 - error, error / (labels - 1))
    copied_match = FIDELITY + (1.0 - FIDELITY) / labels
    gain = np.log(copied_match / honest_match)
    loss = np.log((1.0 - copied_match) / (1.0 - honest_match))
    copied = np.sort(np.where(random.random((_DRAWS, mind.size)) < copied_match, gain, loss).sum(axis=1))[::-1]
    # What an honest worker would reach, weighed from the same draws: far tails need no rare draws.
    tail = np.cumsum(np.exp(-copied)) / _DRAWS
    return [float((tail <= level).mean()) for level in levels]
