"""Numeric answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piecework.quality.numbers import REACH, estimate_numbers, settle_numbers


def crowd(seed: int, spoiled: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = random.normal(50, 20, size=200)
    task, worker = np.repeat(np.arange(200), 7), np.tile(np.arange(7), 200)
    answer = truth[task] + random.normal(0, 1 + 3 * worker)
    wild = random.random(task.size) < spoiled
    answer[wild] = random.uniform(-1000, 1000, size=int(wild.sum()))
    return task, worker, answer, truth


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_outliers_and_careless_workers_fade(seed: int) -> None:
    task, worker, answer, truth = crowd(seed, spoiled=0.1)
    estimate = estimate_numbers(task, worker, answer, tasks=200, workers=7)
    ours = np.abs(estimate.value - truth).mean()
    mean = np.abs(np.bincount(task, weights=answer) / 7 - truth).mean()
    median = np.abs(np.median(answer.reshape(200, 7), axis=1) - truth).mean()
    assert ours < 0.5 * median < 0.5 * mean
    assert (np.diff(estimate.scale[:5]) > 0).all(), "workers are drawn from steady to shaky"


def test_moving_and_stretching_all_answers_moves_and_stretches_the_result() -> None:
    task, worker, answer, _ = crowd(4, spoiled=0.05)
    plain = estimate_numbers(task, worker, answer, tasks=200, workers=7)
    moved = estimate_numbers(task, worker, answer * 1000.0 + 7e5, tasks=200, workers=7)
    assert np.allclose(moved.value, plain.value * 1000.0 + 7e5, rtol=1e-6)
    assert np.allclose(moved.error, plain.error * 1000.0, rtol=1e-4)


def test_equal_answers_one_answer_and_none_are_no_trouble() -> None:
    estimate = estimate_numbers(np.array([0, 0, 2]), np.array([0, 1, 0]), np.array([5.0, 5.0, 8.0]), tasks=4, workers=3)
    assert estimate.value[[0, 2]].tolist() == [5.0, 8.0]
    assert np.isnan(estimate.value[[1, 3]]).all()
    assert np.isfinite(estimate.scale).all()


def test_a_task_whose_answers_are_all_far_apart_keeps_a_value() -> None:
    task, worker, answer, _ = crowd(5, spoiled=0.0)
    answer[:7] = [-9e5, -8e5, -7e5, 7e5, 8e5, 9e5, 9.5e5]
    estimate = estimate_numbers(task, worker, answer, tasks=200, workers=7)
    assert np.isfinite(estimate.value).all()


def test_an_infinite_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        estimate_numbers(np.array([0]), np.array([0]), np.array([np.inf]), tasks=1, workers=1)


def test_numbers_at_the_ends_of_floating_point_are_refused_or_taken() -> None:
    task, worker = np.zeros(3, dtype=np.int64), np.arange(3)
    with pytest.raises(ValueError, match="at most"):
        estimate_numbers(task, worker, np.array([3e300, -3e300, 3.0]), tasks=1, workers=3)
    tiny = estimate_numbers(task, worker, np.array([3e-300, -3e-300, 3.0]), tasks=1, workers=3)
    assert abs(tiny.value[0]) < 1e-80
    assert np.isfinite(tiny.error).all()


def test_numeric_answers_that_do_not_fit_are_refused() -> None:
    for task, worker, message in (
        ([0, 0], [0, 0], "answered a task twice"),
        ([-1, 0], [0, 0], "task numbers must lie in"),
        ([0], [0, 1], "different lengths"),
    ):
        with pytest.raises(ValueError, match=message):
            estimate_numbers(np.array(task), np.array(worker), np.array([1.0, 9.0]), tasks=1, workers=2)


@pytest.mark.parametrize("seed", [6, 7])
def test_the_standard_error_is_about_as_large_as_the_error(seed: int) -> None:
    task, worker, answer, truth = crowd(seed, spoiled=0.0)
    estimate = estimate_numbers(task, worker, answer, tasks=200, workers=7)
    assert 0.7 < float(np.sqrt(np.mean(((estimate.value - truth) / estimate.error) ** 2))) < 1.4


def test_order_of_numbers_and_names_of_workers_change_nothing() -> None:
    task, worker, answer, _ = crowd(8, spoiled=0.1)
    random = np.random.default_rng(8)
    order, names = random.permutation(task.size), random.permutation(7)
    plain = estimate_numbers(task, worker, answer, tasks=200, workers=7)
    mixed = estimate_numbers(task[order], names[worker[order]], answer[order], tasks=200, workers=7)
    assert np.allclose(plain.value, mixed.value)
    assert np.allclose(plain.scale, mixed.scale[names])


def test_a_number_that_most_gave_is_taken_to_the_last_digit_and_nothing_else_says_the_same() -> None:
    task, worker = np.repeat(np.arange(6), 3), np.tile(np.arange(3), 6)
    answer = np.repeat([0.1, 7, 1e6, 3, 5, 8], 3)
    answer[2] = 1e9  # a slip of the keyboard
    answer[5] = 7.5
    found = settle_numbers(task, worker, answer, tasks=6, workers=3)
    assert found.value.tolist() == [0.1, 7, 1e6, 3, 5, 8]
    assert np.flatnonzero(~found.near).tolist() == [2, 5]


def test_one_slip_does_not_make_the_crowd_look_wild() -> None:
    """Where most say the very same, the typical error is that of those who do not; a mean would be the slip's."""
    task, worker = np.repeat(np.arange(40), 3), np.tile(np.arange(3), 40)
    answer = np.repeat(np.arange(40.0), 3)
    answer[2::15] += 1.0
    answer[0] = 1e9
    assert estimate_numbers(task, worker, answer, tasks=40, workers=3).typical < 10


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_who_is_off_as_people_are_says_the_same_and_who_says_anything_does_not(seed: int) -> None:
    task, worker, answer, truth = crowd(seed, spoiled=0.0)
    answer = truth[task] + np.random.default_rng(seed).normal(0, 1, task.size)
    wild = worker == 6
    answer[wild] = np.random.default_rng(seed).uniform(-1000, 1000, size=int(wild.sum()))
    found = settle_numbers(task, worker, answer, tasks=200, workers=7)
    assert found.near[~wild].mean() > 0.98
    assert found.near[wild].mean() < 0.05


def test_a_task_on_which_people_lie_far_apart_reaches_further() -> None:
    task, worker = np.repeat(np.arange(20), 5), np.tile(np.arange(5), 20)
    answer = np.random.default_rng(2).normal(100, 1, 100)
    answer[:5] = [60, 80, 100, 120, 140]
    found = settle_numbers(task, worker, answer, tasks=20, workers=5)
    assert found.near[:5].all()
    assert found.reach[0] > 10 * found.reach[1] > REACH


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.floats(-1e6, 1e6, width=32)), min_size=1, max_size=30)
)
def test_a_settled_number_lies_among_the_answers_of_its_task(rows: list[tuple[int, int, float]]) -> None:
    first: dict[tuple[int, int], float] = {}
    for task, worker, value in rows:
        first.setdefault((task, worker), value)
    of, by = np.array([key[0] for key in first]), np.array([key[1] for key in first])
    answer = np.array(list(first.values()))
    found = settle_numbers(of, by, answer, tasks=5, workers=4)
    for task in range(5):
        here = answer[of == task]
        if not here.size:
            assert np.isnan(found.value[task])
            continue
        slack = 1e-9 * (1 + np.abs(here).max())
        assert here.min() - slack <= found.value[task] <= here.max() + slack
        assert np.count_nonzero(found.near[of == task]) >= 1 or here.size > 1
        if here.size > 2 and np.unique(here).size == 1:
            assert found.value[task] == here[0]
