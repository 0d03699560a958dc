"""Each signal on drawn crowds: it finds its cheat, and it can be fooled by what it must not know."""

from __future__ import annotations

import numpy as np
import pytest

from piecework.quality.answers import Answers
from piecework.quality.infer import infer_labels
from piecework.quality.signals.constant import constant_answers
from piecework.quality.signals.copying import copied_answers
from piecework.quality.signals.drops import skill_drops
from piecework.quality.signals.findings import Signal
from piecework.quality.signals.guessing import random_answers
from piecework.quality.signals.honest import fit_honest
from piecework.quality.signals.links import funding_links, handover_links
from piecework.quality.signals.pairs import compare_pairs
from piecework.quality.signals.rings import rings
from piecework.quality.signals.together import NO_LINKS
from piecework.quality.signals.twins import duplicate_accounts
from tests.piecework.quality.signals.drawn_cheats import Drawn, honest, joined, tasks_of

SURE = 1e-3


def copying(answers: Answers) -> Signal:
    model = fit_honest(answers, infer_labels(answers).label)
    return copied_answers(model, compare_pairs(model, errors_only=True))


def constant(answers: Answers) -> Signal:
    return constant_answers(answers, infer_labels(answers).label)


def ring_signal(answers: Answers, links: np.ndarray = NO_LINKS) -> Signal:
    model = fit_honest(answers, infer_labels(answers).label)
    return rings(model, compare_pairs(model, errors_only=True), links)


def twin_signal(answers: Answers, links: np.ndarray = NO_LINKS) -> Signal:
    model = fit_honest(answers, infer_labels(answers).label)
    return duplicate_accounts(model, compare_pairs(model, errors_only=False), links)


def test_who_repeats_anothers_mistakes_is_found_and_who_was_repeated_is_not() -> None:
    crowd = honest(1)
    victim = 5
    found = copying(joined(crowd, *tasks_of(crowd, victim)).answers)
    copier = crowd.answers.workers
    assert found.p_value[copier] < SURE
    assert found.evidence[copier].partners == (victim,)
    assert found.p_value[victim] > 0.05, "whoever answered first cannot have copied"
    tasks, labels = tasks_of(crowd, victim)
    wrong = set(tasks[labels != crowd.truth[tasks]].tolist())
    assert set(found.evidence[copier].tasks) & wrong


def test_agreeing_on_right_answers_is_no_copying() -> None:
    """Two who are always right agree on everything."""
    crowd = honest(2)
    for _ in range(2):
        tasks = np.arange(0, 240, 4)
        crowd = joined(crowd, tasks, crowd.truth[tasks])
    assert copying(crowd.answers).p_value[-2:].min() > 0.05


def test_a_ring_is_found_with_its_partners() -> None:
    crowd = honest(3)
    first = crowd.answers.workers
    crowd = with_ring(crowd, members=4, tasks=40, seed=5)
    found = ring_signal(crowd.answers)
    members = range(first, first + 4)
    assert all(found.p_value[member] < SURE for member in members)
    assert set(found.evidence[first].partners) <= set(members)
    assert found.p_value[:first].min() > SURE


def test_one_copier_is_no_ring() -> None:
    crowd = honest(1)
    found = ring_signal(joined(crowd, *tasks_of(crowd, 3)).answers)
    assert found.p_value[-1] > 0.05


def test_a_payer_in_common_makes_shared_errors_weigh_more_and_alone_means_nothing() -> None:
    crowd = with_ring(honest(4), members=3, tasks=14, seed=6)
    first = crowd.answers.workers - 3
    linked = funding_links(np.full(3, 99), np.arange(first, first + 3))
    blind, told = ring_signal(crowd.answers), ring_signal(crowd.answers, linked)
    assert (told.p_value[first:] < blind.p_value[first:]).all()
    assert told.evidence[first].numbers["linked_partners"] == 2
    strangers = funding_links(np.full(6, 99), np.arange(6))
    assert ring_signal(crowd.answers, strangers).p_value[:6].min() > 0.01


def with_ring(crowd: Drawn, *, members: int, tasks: int, seed: int) -> Drawn:
    """Accounts that repeat one blind mind; the order in which they answer differs from task to task."""
    random = np.random.default_rng(seed)
    chosen = random.choice(crowd.answers.tasks, tasks, replace=False)
    mind = random.integers(crowd.answers.labels, size=tasks)
    first = crowd.answers.workers
    for _ in range(members):
        crowd = joined(crowd, chosen, mind)
    order = np.arange(crowd.answers.size)
    late = np.flatnonzero(crowd.answers.worker >= first)
    order[late] = random.permutation(late)
    return Drawn(crowd.answers.take(order), crowd.truth)


def test_one_person_with_two_accounts_is_found() -> None:
    crowd = honest(7, tasks=300, workers=30, per_task=8)
    tasks, labels = tasks_of(crowd, 5)
    found = twin_signal(joined(crowd, tasks, labels).answers)
    assert found.p_value[-1] < SURE
    assert found.evidence[30].partners == (5,)


def test_two_good_workers_are_not_one_person() -> None:
    crowd = honest(2)
    for _ in range(2):
        tasks = np.arange(0, 240, 4)
        crowd = joined(crowd, tasks, crowd.truth[tasks])
    assert twin_signal(crowd.answers).p_value[-2:].min() > 0.05


def test_always_the_same_answer_is_found_and_tasks_that_deserve_it_are_not() -> None:
    crowd = honest(8)
    tasks = np.arange(0, 240, 6)
    cheat = constant(joined(crowd, tasks, np.full(tasks.size, 1)).answers)
    assert cheat.p_value[-1] < SURE
    deserved = np.flatnonzero(crowd.truth == 1)[:40]
    fair = constant(joined(crowd, deserved, np.full(deserved.size, 1)).answers)
    assert fair.p_value[-1] > 0.05


def test_a_lot_is_found_and_a_weak_worker_is_not() -> None:
    crowd = honest(9, per_task=8)
    random = np.random.default_rng(2)
    tasks = np.arange(0, 240, 3)
    blind = random.integers(3, size=tasks.size)
    assert random_answers(joined(crowd, tasks, blind).answers).p_value[-1] < 0.01
    weak = np.where(random.random(tasks.size) < 0.55, crowd.truth[tasks], blind)
    assert random_answers(joined(crowd, tasks, weak).answers).p_value[-1] == 1.0


def test_a_sudden_drop_is_found_where_it_is() -> None:
    crowd = honest(10, per_task=8)
    random = np.random.default_rng(3)
    tasks = random.permutation(240)[:60]
    label = np.where(np.arange(60) < 30, crowd.truth[tasks], random.integers(3, size=60))
    joined_crowd = joined(crowd, tasks, label)
    found = skill_drops(joined_crowd.answers, infer_labels(joined_crowd.answers).label)
    assert found.p_value[-1] < SURE
    assert 20 <= found.evidence[40].numbers["answers_before"] <= 40


def test_a_rise_and_a_steady_weakness_are_no_drop() -> None:
    crowd = honest(10, per_task=8)
    random = np.random.default_rng(3)
    tasks = random.permutation(240)[:60]
    rising = np.where(np.arange(60) >= 30, crowd.truth[tasks], random.integers(3, size=60))
    steady = random.integers(3, size=60)
    for label in (rising, steady):
        answers = joined(crowd, tasks, label).answers
        assert skill_drops(answers, infer_labels(answers).label).p_value[-1] > 0.05


def test_harder_tasks_at_the_end_are_no_drop() -> None:
    """Everybody does worse on them: without counting difficulties apart the same worker looks like a drop."""
    random = np.random.default_rng(4)
    truth = random.integers(2, size=80)
    task, worker = np.tile(np.arange(80), 15), np.repeat(np.arange(15), 80)
    hard = task >= 40
    right = random.random(task.size) < np.where(hard, 0.62, 0.98)
    answers = Answers(task, worker, np.where(right, truth[task], 1 - truth[task]), 80, 15, 2)
    label = infer_labels(answers).label
    assert skill_drops(answers, label).p_value.min() > 0.005
    from piecework.quality.signals import drops

    with pytest.MonkeyPatch.context() as planted:
        planted.setattr(drops, "_difficulty", lambda counted, _: np.zeros(counted.size, dtype=np.int64))
        assert skill_drops(answers, label).p_value.min() < 0.005, "this check must be able to fail"


def test_a_shop_that_pays_for_many_links_nobody() -> None:
    assert funding_links(np.zeros(21, dtype=np.int64) + 100, np.arange(21)).tolist() == [[n, 100] for n in range(21)]
    assert [0, 1] in funding_links(np.full(20, 100), np.arange(20)).tolist()
    assert funding_links(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)).shape == (0, 2)


def test_taking_turns_links_and_working_at_the_same_time_does_not() -> None:
    start = np.arange(8) * 100.0
    turns = np.array([0, 1] * 4)
    assert handover_links(turns, start, start + 95).tolist() == [[0, 1]]
    overlapping = start + np.where(turns == 0, 150, 95)
    assert handover_links(turns, start, overlapping).size == 0
    assert handover_links(turns, start * 10, start * 10 + 95).size == 0
