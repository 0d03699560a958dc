"""All signals of a batch: the rate of wrong suspicion is kept, on drawn and on real crowds."""

from __future__ import annotations

import numpy as np
import pytest

from piecework.quality.answers import Answers
from piecework.quality.signals import findings
from piecework.quality.signals.findings import Evidence, Signal
from piecework.quality.signals.reasons import REASONS, reason_of
from piecework.quality.signals.speed import Timing, too_fast
from piecework.quality.signals.together import Outlook, combine, look
from tests.piecework.quality.conftest import Crowd
from tests.piecework.quality.signals.drawn_cheats import honest, joined, tasks_of


def uniform_signals(random: np.random.Generator, workers: int, cheats: int) -> list[Signal]:
    tables = random.random((5, workers))
    tables[2, :cheats] = random.random(cheats) * 1e-5
    return [Signal(name, p, {}) for name, p in zip(findings.NAMES, tables, strict=False)]


def false_share(outlook: Outlook, cheats: int) -> float:
    return float(outlook.flagged[cheats:].sum() / max(1, outlook.flagged.sum()))


@pytest.mark.parametrize("cheats", [0, 4, 15])
def test_the_share_of_wrongly_flagged_workers_stays_below_the_rate(cheats: int) -> None:
    random = np.random.default_rng(cheats)
    present = np.ones(50, dtype=np.bool_)
    share = [false_share(combine(uniform_signals(random, 50, cheats), present, 0.1), cheats) for _ in range(400)]
    assert np.mean(share) < 0.1 + 3 * np.std(share) / 20
    if cheats:
        assert combine(uniform_signals(random, 50, cheats), present, 0.1).flagged[:cheats].mean() > 0.9


def test_without_paying_for_many_workers_the_same_check_fails() -> None:
    random = np.random.default_rng(0)
    share = [
        float((np.stack([s.p_value for s in uniform_signals(random, 50, 4)]).min(axis=0)[4:] < 0.1).mean())
        for _ in range(50)
    ]
    assert np.mean(share) > 0.3


def test_flagged_workers_of_real_crowds_are_guessers_or_changed(real_crowd: Crowd) -> None:
    """These crowds were paid and not checked: three of rte answer as a coin would; of products two drop by a quarter
    and more, and three say the rarer label nearly always and are right on a fifth at most. Nobody else is flagged."""
    answers = real_crowd.answers
    outlook = look(answers)
    right = answers.label == real_crowd.truth[answers.task]
    assert outlook.flagged.mean() < 0.03
    for finding in outlook.findings:
        own = np.flatnonzero(answers.worker == finding.worker)
        if finding.name == findings.RANDOM:
            assert right[own].mean() < 0.55
        elif finding.name == findings.CONSTANT:
            assert right[own].mean() < 0.25
        else:
            assert finding.name == findings.SKILL_DROP
            before = int(finding.evidence.numbers["answers_before"])
            assert right[own[:before]].mean() - right[own[before:]].mean() > 0.2


def test_p_values_of_real_crowds_are_no_smaller_than_they_say(real_crowd: Crowd) -> None:
    """By signal, the share of workers below 0.01: known guessers aside, about one in a hundred may be."""
    for signal in look(real_crowd.answers).signals:
        if signal.name not in (findings.RANDOM, findings.CONSTANT, findings.SKILL_DROP):
            assert (signal.p_value < 0.01).mean() <= 0.02, signal.name


def test_a_flagged_worker_has_a_named_signal_with_evidence() -> None:
    crowd = honest(1)
    outlook = look(joined(crowd, *tasks_of(crowd, 5)).answers)
    assert outlook.flagged.tolist() == [False] * 40 + [True]
    names = {finding.name for finding in outlook.findings}
    assert names <= {findings.COPIED, findings.DUPLICATE}
    assert all(finding.evidence.tasks and finding.evidence.partners == (5,) for finding in outlook.findings)


def test_every_signal_has_a_reason_that_its_numbers_fill() -> None:
    crowd = honest(11, per_task=8)
    random = np.random.default_rng(1)
    tasks = random.permutation(240)[:60]
    blind, constant = random.integers(3, size=60), np.full(60, 2)
    dropping = np.where(np.arange(60) < 30, crowd.truth[tasks], blind)
    cheats = [(tasks, blind), (tasks, constant), (tasks, dropping), tasks_of(crowd, 0), tasks_of(crowd, 1)]
    timing = Timing(
        np.arange(40), np.arange(40), np.ones(40, np.int64), np.append(np.ones(39), 0.01) * 60, np.full(40, 99.0)
    )
    seen = {findings.TOO_FAST: reason_of(findings.TOO_FAST, too_fast(timing, 40).evidence[39].numbers)}
    for task, label in [*cheats, (tasks, blind)]:
        extra = joined(joined(crowd, task, label), task, label)
        order = np.arange(extra.answers.size)
        order[-2 * task.size :] = random.permutation(order[-2 * task.size :])
        for answers in (joined(crowd, task, label).answers, extra.answers.take(order)):
            for signal in look(answers).signals:
                for evidence in signal.evidence.values():
                    seen[signal.name] = reason_of(signal.name, evidence.numbers)
    assert set(seen) == set(REASONS) == set(findings.NAMES)
    assert not any("{" in reason.seen for reason in seen.values())


def test_the_numbering_of_workers_changes_nothing() -> None:
    crowd = honest(1)
    answers = joined(crowd, *tasks_of(crowd, 3)).answers
    shuffle = np.random.default_rng(0).permutation(answers.workers)
    renamed = Answers(answers.task, shuffle[answers.worker], answers.label, answers.tasks, answers.workers, 3)
    one, two = look(answers), look(renamed)
    assert two.combined[shuffle] == pytest.approx(one.combined, rel=1e-6)


def test_too_few_answers_flag_nobody() -> None:
    nobody = Answers(*(np.zeros(0, dtype=np.int64),) * 3, 0, 0, 2)
    assert look(nobody).flagged.size == 0
    one = np.zeros(1, dtype=np.int64)
    assert not look(Answers(one, one, one, 1, 1, 2)).flagged.any()
    same = honest(1, tasks=6, workers=4, per_task=2)
    assert not look(same.answers).flagged.any()
    assert Evidence().numbers == {}
