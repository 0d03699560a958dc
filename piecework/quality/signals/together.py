"""All signals of a batch together, with the share of workers wrongly looked at held below a rate.

A worker's evidence is its smallest p-value times the number of signals; of all workers the Benjamini-Hochberg rule
picks those to look at. Which signals are named for them is held to the same rate among the named (Y. Benjamini,
M. Bogomolov, "Selective Inference on Multiple Families of Hypotheses", 2014).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from piecework.quality.answers import Answers, Bools, Floats, Ints
from piecework.quality.infer import infer_labels
from piecework.quality.signals.chances import discoveries
from piecework.quality.signals.company import companies, first_voice, voices
from piecework.quality.signals.constant import constant_answers
from piecework.quality.signals.copying import copied_answers
from piecework.quality.signals.drops import skill_drops
from piecework.quality.signals.findings import Evidence, Signal
from piecework.quality.signals.guessing import random_answers
from piecework.quality.signals.honest import fit_honest
from piecework.quality.signals.pairs import compare_pairs
from piecework.quality.signals.rings import rings
from piecework.quality.signals.speed import Timing, too_fast
from piecework.quality.signals.twins import duplicate_accounts

FALSE_DISCOVERY_RATE = 0.05
NO_LINKS: Ints = np.zeros((0, 2), dtype=np.int64)


@dataclass(frozen=True)
class Finding:
    """One signal about one worker that the batch's rate lets through."""

    worker: int
    name: str
    p_value: float
    evidence: Evidence


@dataclass(frozen=True)
class Outlook:
    """`signals`: all that were computed. `combined`: (workers,), p-values of anything being odd. `flagged`: (workers,).

    `findings`: of flagged workers, the strongest of each first.
    """

    signals: tuple[Signal, ...]
    combined: Floats
    flagged: Bools
    findings: tuple[Finding, ...]


def look(
    answers: Answers,
    *,
    label: Ints | None = None,
    timing: Timing | None = None,
    links: Ints = NO_LINKS,
    rate: float = FALSE_DISCOVERY_RATE,
) -> Outlook:
    """Every signal that the data allow. `label`: (tasks,), as inferred; if None found here, with one voice for each
    company of workers (`company`).

    `links`: (links, 2), accounts paid for by the same hand or working in turns; see `links`.
    """
    company = companies(answers)
    if label is None:
        label = infer_labels(answers.take(first_voice(answers, company))).label
    honest = fit_honest(answers, label, voices(answers, company))
    errors = compare_pairs(honest, errors_only=True)
    signals = [
        copied_answers(honest, errors),
        rings(honest, errors, links),
        duplicate_accounts(honest, compare_pairs(honest, errors_only=False), links),
        constant_answers(answers, label),
        random_answers(answers),
        skill_drops(answers, label),
    ]
    if timing is not None and timing.worker.size:
        signals.insert(0, too_fast(timing, answers.workers))
    return combine(signals, answers.per_worker() > 0, rate)


def combine(signals: list[Signal], present: Bools, rate: float) -> Outlook:
    """`present`: (workers,), who answered at all: the others are not counted among those tested."""
    table = np.stack([signal.p_value for signal in signals])
    combined = np.minimum(1.0, table.min(axis=0) * len(signals))
    flagged = np.zeros(present.size, dtype=np.bool_)
    flagged[present] = combined[present] <= discoveries(combined[present], rate)
    flagged &= combined < 1.0
    share = rate * flagged.sum() / max(1, int(present.sum()))
    findings = []
    for worker in np.flatnonzero(flagged):
        # Within a worker the same rule, at the rate that is left after picking workers.
        bound = discoveries(table[:, worker], share)
        named = [signal for signal in signals if signal.p_value[worker] <= bound]
        for signal in sorted(named, key=lambda each: float(each.p_value[worker])):
            evidence = signal.evidence.get(int(worker), Evidence())
            findings.append(Finding(int(worker), signal.name, float(signal.p_value[worker]), evidence))
    return Outlook(tuple(signals), combined, flagged, tuple(findings))
