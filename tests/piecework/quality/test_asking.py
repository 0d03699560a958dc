"""Which tasks the next worker of a crowd gets, answer by answer."""

from __future__ import annotations

import numpy as np
import pytest

from piecework.quality import asking as module
from piecework.quality.adaptive import Policy, assess, replay_purchase, value_candidates
from piecework.quality.answers import Answers, Bools, Ints
from piecework.quality.asking import Asking
from tests.piecework.quality.drawn import draw_crowd

RANDOM = np.random.default_rng(5)


def room(tasks: int, *, cap: int = 6, target: float = 0.9, shared: float = 0.0, labels: int = 2) -> Asking:
    policy = Policy(confidence=target, shared_tasks=shared, seed=3)
    return Asking(labels=labels, cap=cap, policy=policy, choosable=np.ones(tasks, dtype=np.bool_))


def fitted(asking: Asking) -> Asking:
    answers = asking.answers()
    asking.install(answers, assess(answers, asking.policy))
    return asking


def filled(pool: Answers, **changes: float) -> Asking:
    asking = room(pool.tasks, labels=pool.labels, cap=12, **changes)  # type: ignore[arg-type]
    for task, worker, label in zip(pool.task.tolist(), pool.worker.tolist(), pool.label.tolist(), strict=True):
        asking.add(task, worker, label)
    return asking


def nothing(asking: Asking) -> Bools:
    return np.zeros(asking.choosable.size, dtype=np.bool_)


def tasks_for(
    asking: Asking, worker: int | None, assigned: Ints | None = None, barred: Bools | None = None
) -> list[int]:
    given = asking.answered if assigned is None else assigned
    return asking.rank(worker, given, nothing(asking) if barred is None else barred, RANDOM).tasks.tolist()


def test_after_a_fit_the_confidences_are_those_of_the_whole_digit_for_digit() -> None:
    pool, _ = draw_crowd(tasks=80, workers=15, per_task=5, labels=3, skill=(0.6, 0.9), seed=2)
    asking = filled(pool)
    whole = assess(asking.answers(), asking.policy).confidence
    assert not np.array_equal(asking.confidence(), whole), "answer by answer is not the same: this check can fail"
    assert np.array_equal(fitted(asking).confidence(), whole)


def test_answers_that_came_during_a_fit_are_not_lost() -> None:
    pool, _ = draw_crowd(tasks=40, workers=10, per_task=5, labels=2, skill=(0.6, 0.9), seed=2)
    asking = filled(pool.take(np.arange(150)))
    early = asking.answers()
    found = assess(early, asking.policy)
    for task, worker, label in zip(pool.task[150:].tolist(), pool.worker[150:].tolist(), pool.label[150:], strict=True):
        asking.add(task, worker, int(label))
    asking.install(early, found)
    assert asking.size == pool.size
    assert np.array_equal(asking.answered, pool.per_task())
    assert not asking.is_fitted
    assert sorted(
        zip(*(column.tolist() for column in (asking.answers().task, asking.answers().worker)), strict=True)
    ) == (sorted(zip(pool.task.tolist(), pool.worker.tolist(), strict=True)))


def test_all_answers_taken_at_once_are_those_taken_one_by_one() -> None:
    pool, _ = draw_crowd(tasks=40, workers=10, per_task=5, labels=2, skill=(0.6, 0.9), seed=2)
    number: dict[int, int] = {}
    worker = np.array([number.setdefault(each, len(number)) for each in pool.worker.tolist()])
    pool = Answers(pool.task, worker, pool.label, pool.tasks, len(number), pool.labels)
    one_by_one, at_once = fitted(filled(pool)), room(pool.tasks, cap=12)
    at_once.install(pool, assess(pool, at_once.policy))
    assert np.array_equal(at_once.confidence(), one_by_one.confidence())
    assert (at_once.size, at_once.workers) == (pool.size, len(number))
    for each in (one_by_one, at_once):
        each.add(0, len(number), 1)
    assert np.array_equal(at_once.confidence(), one_by_one.confidence())


def test_a_sure_task_is_not_asked_again_until_a_late_answer_makes_it_unsure() -> None:
    pool, _ = draw_crowd(tasks=60, workers=8, per_task=3, labels=2, skill=(0.85, 0.95), seed=4)
    asking = fitted(filled(pool, target=0.9))
    stopped = np.flatnonzero(asking.stopped())
    assert stopped.size > 20
    assert not set(stopped.tolist()) & set(tasks_for(asking, None))
    agreed = next(t for t in stopped.tolist() if len(set(pool.label[pool.task == t].tolist())) == 1)
    said = int(pool.label[pool.task == agreed][0])
    for worker in range(20, 25):
        asking.add(agreed, worker, 1 - said)
    assert agreed in tasks_for(asking, None)


def test_a_task_at_its_cap_is_not_asked_however_unsure() -> None:
    asking = room(2, cap=4)
    for worker, label in enumerate((0, 1, 0, 1)):
        asking.add(0, worker, label)
    assert tasks_for(asking, None) == [1]
    assert not asking.is_done()


def test_a_task_waits_for_answers_under_way_that_could_make_it_sure() -> None:
    pool, _ = draw_crowd(tasks=60, workers=8, per_task=5, labels=2, skill=(0.9, 0.97), seed=4)
    asking = room(61, target=0.9, cap=12)
    for t, w, label in zip(pool.task.tolist(), pool.worker.tolist(), pool.label.tolist(), strict=True):
        asking.add(t, w, label)
    fitted(asking)
    task, assigned = 60, asking.answered.copy()
    assert task in tasks_for(asking, None, assigned)
    assigned[task] = 1
    assert task in tasks_for(asking, None, assigned), "one answer never stops a task"
    assigned[task] = 4
    ranking = asking.rank(None, assigned, nothing(asking), RANDOM)
    assert task not in ranking.tasks
    assert ranking.waits


def test_of_two_equal_tasks_the_one_with_fewer_answers_under_way_comes_first() -> None:
    asking = room(4, cap=12, target=0.999)
    assigned = np.array([1, 0, 2, 1])
    order = tasks_for(asking, None, assigned)
    assert order[0] == 1
    assert order[-1] == 2


def crowd_with_a_guesser() -> tuple[Asking, Answers]:
    """Workers 0 to 4 are nearly always right, worker 5 guesses; task 60 is not answered."""
    pool, _ = draw_crowd(tasks=60, workers=6, per_task=6, labels=2, skill=(0.92, 0.97), seed=9)
    label = np.where(pool.worker == 5, np.random.default_rng(1).integers(2, size=pool.size), pool.label)
    asking = room(61, cap=12, target=0.95)
    for t, w, said in zip(pool.task.tolist(), pool.worker.tolist(), label.tolist(), strict=True):
        asking.add(t, w, said)
    return fitted(asking), pool


def test_tasks_are_left_to_better_workers_who_are_at_work_and_can_take_them() -> None:
    asking, _ = crowd_with_a_guesser()
    free, held = nothing(asking), nothing(asking)
    held[60] = True
    assert asking.left_for_better(5, [0, 1], [free, held], asking.answered)[60]
    assert not asking.left_for_better(5, [1], [held], asking.answered)[60], "who holds it cannot take it"
    assert not asking.left_for_better(5, [], [], asking.answered)[60], "nobody else is at work"
    assert not asking.left_for_better(0, [1, 5], [free, free], asking.answered)[60], "they are as good, or worse"


def test_a_better_worker_is_left_a_few_tasks_and_not_the_batch() -> None:
    asking, _ = crowd_with_a_guesser()
    wide = room(500, cap=12, target=0.95)
    for t, w, said in zip(
        *(column.tolist() for column in (asking.answers().task, asking.answers().worker, asking.answers().label)),
        strict=True,
    ):
        wide.add(t, w, said)
    fitted(wide)
    left = wide.left_for_better(5, [0, 1], [nothing(wide), nothing(wide)], wide.answered)
    assert int(left.sum()) == 2 * module.LEFT


@pytest.mark.parametrize("is_left", [True, False])
def test_a_rule_that_prefers_nobody_would_be_seen(monkeypatch: pytest.MonkeyPatch, *, is_left: bool) -> None:
    """The second run plants the bug: no worker is ever better."""
    if not is_left:
        monkeypatch.setattr(module, "BETTER", float("inf"))
    asking, _ = crowd_with_a_guesser()
    assert bool(asking.left_for_better(5, [0], [nothing(asking)], asking.answered)[60]) is is_left


def test_measuring_tasks_come_first_and_only_while_something_is_left_to_ask() -> None:
    asking = room(50, cap=3, shared=0.1, target=0.9)
    first = tasks_for(asking, None)[:5]
    assert sorted(first) == sorted(np.flatnonzero(asking._shared).tolist())
    for worker in range(3):
        for task in range(50):
            if task not in first:
                asking.add(task, worker, 0)
    assert set(tasks_for(asking, None)) == set(first), "they need answers of their own"
    for task in first:
        for worker in (0, 1):
            asking.add(task, worker, 0)
    assert fitted(asking).is_done()
    assert tasks_for(asking, 7) == []


def test_a_simulated_crowd_stops_early_and_loses_little() -> None:
    """Workers come at random and take five tasks each, several at a time; nobody looks at the truth."""
    pool, truth = draw_crowd(tasks=120, workers=12, per_task=12, labels=2, skill=(0.6, 0.95), seed=6)
    said = {(t, w): n for t, w, n in zip(pool.task.tolist(), pool.worker.tolist(), pool.label.tolist(), strict=True)}
    asking, rng = room(120, cap=12, target=0.95, shared=0.06), np.random.default_rng(1)
    held, assigned = np.zeros((12, 120), dtype=np.bool_), np.zeros(120, dtype=np.int64)
    number: dict[int, int] = {}
    for _ in range(2_000):
        worker = int(rng.integers(12))
        others = [other for other in range(12) if other != worker]
        left = asking.left_for_better(number.get(worker), [number.get(o) for o in others], list(held[others]), assigned)
        tasks = asking.rank(number.get(worker), assigned, held[worker] | left, rng).tasks[:5]
        held[worker, tasks] = True
        assigned[tasks] += 1
        for task in tasks.tolist():
            asking.add(task, number.setdefault(worker, len(number)), said[task, worker])
        if asking.refit_is_due():
            fitted(asking)
        if asking.is_fitted and asking.is_done():
            break
    assert asking.is_done()
    assert asking.size < 0.6 * pool.size
    right = float((assess(asking.answers(), asking.policy).label == truth).mean())
    assert right > float((assess(pool, asking.policy).label == truth).mean()) - 0.04


def test_the_gateway_and_a_file_stop_the_same_tasks() -> None:
    """What `piecework infer --adaptive` bought, given to the gateway one by one: both call the same tasks sure."""
    pool, _ = draw_crowd(tasks=60, workers=15, per_task=8, labels=3, skill=(0.6, 0.95), seed=8)
    policy = Policy(confidence=0.9, seed=3, shared_tasks=0.06)
    bought = pool.take(replay_purchase(pool, policy))
    asking = Asking(labels=3, cap=8, policy=policy, choosable=np.ones(60, dtype=np.bool_))
    number: dict[int, int] = {}
    workers = [number.setdefault(each, len(number)) for each in bought.worker.tolist()]
    for task, worker, label in zip(bought.task.tolist(), workers, bought.label.tolist(), strict=True):
        asking.add(task, worker, label)
    nobody = np.zeros(0, dtype=np.int64)
    in_file = value_candidates(bought, nobody, nobody, policy).confidence
    assert np.allclose(fitted(asking).confidence(), in_file, atol=1e-9)
    assert int(asking.stopped().sum()) > 0
    assert asking.is_done()
