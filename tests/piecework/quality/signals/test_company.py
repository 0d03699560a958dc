"""Accounts of one hand count as one voice, so that they cannot outvote the people who would show them up."""

from __future__ import annotations

import numpy as np
import pytest

from piecework.quality.signals import together
from piecework.quality.signals.company import companies, first_voice, voices
from piecework.quality.signals.together import look
from tests.piecework.quality.signals.drawn_cheats import Drawn, honest, joined

MEMBERS, TASKS = 5, 40


def outvoting_ring(seed: int) -> tuple[Drawn, range]:
    """Sixty honest people of whom three answer a task, and five accounts that repeat one mind, half of it wrong."""
    crowd = honest(seed, tasks=800, workers=60, per_task=3)
    random = np.random.default_rng(1_000 + seed)
    task = random.choice(800, TASKS, replace=False)
    wrong = (crowd.truth[task] + random.integers(1, 3, TASKS)) % 3
    mind = np.where(random.random(TASKS) < 0.5, crowd.truth[task], wrong)
    for _ in range(MEMBERS):
        order = random.permutation(TASKS)
        said = np.where(random.random(TASKS) < 0.95, mind, random.integers(0, 3, TASKS))
        crowd = joined(crowd, task[order], said[order])
    return crowd, range(60, 60 + MEMBERS)


def found_of(seeds: range) -> tuple[float, float]:
    """Shares of ring members and of honest people that are flagged, over all seeds."""
    members, others = [], []
    for seed in seeds:
        crowd, ring = outvoting_ring(seed)
        flagged = look(crowd.answers).flagged
        members.append(flagged[list(ring)].mean())
        others.append(flagged[: ring.start].mean())
    return float(np.mean(members)), float(np.mean(others))


def test_a_ring_that_outvotes_honest_people_is_found_and_they_are_not() -> None:
    members, others = found_of(range(10))

    assert members >= 0.7
    assert others <= 0.01


def test_with_a_vote_for_each_account_the_ring_passes_and_the_honest_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: a company of workers counts as many times as it has accounts."""
    monkeypatch.setattr(together, "companies", lambda answers: np.arange(answers.workers))

    members, _ = found_of(range(10))

    assert members <= 0.1


def test_companies_are_those_with_the_same_tasks_and_answers() -> None:
    crowd, ring = outvoting_ring(3)
    company = companies(crowd.answers)

    assert {int(company[member]) for member in ring} == {ring.start}
    assert (company[: ring.start] == np.arange(ring.start)).all(), "honest people meet on few tasks"


def test_a_company_has_one_vote_a_task_however_many_answer() -> None:
    crowd, _ = outvoting_ring(4)
    answers = crowd.answers
    company = companies(answers)
    weight, first = voices(answers, company), first_voice(answers, company)

    alone = len({*zip(answers.task.tolist(), company[answers.worker].tolist(), strict=True)})
    assert first.sum() == alone
    assert weight.sum() == pytest.approx(alone)
    assert (weight[answers.worker < 60] == 1.0).all()
    assert set(weight.tolist()) == {1.0, 1 / MEMBERS}
