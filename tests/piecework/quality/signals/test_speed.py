"""Times: only who is both unlike the batch and quicker than reading is too fast."""

from __future__ import annotations

import numpy as np
import pytest

from piecework.quality.answers import Floats
from piecework.quality.signals.speed import Timing, too_fast

WORKERS, STRETCHES = 20, 6


def timing(pace: Floats, signs: float, seed: int = 0) -> Timing:
    """Ten tasks a stretch, 12 seconds each for a worker of pace 1."""
    random = np.random.default_rng(seed)
    worker = np.repeat(np.arange(pace.size), STRETCHES)
    seconds = 120.0 * pace[worker] * np.exp(random.normal(0.0, 0.3, worker.size))
    tasks = np.full(worker.size, 10)
    return Timing(worker, np.arange(worker.size), tasks, seconds, np.full(worker.size, 10.0 * signs))


def ordinary(seed: int = 0) -> Floats:
    return np.exp(np.random.default_rng(seed).normal(0.0, 0.3, WORKERS))


def test_who_cannot_have_read_it_is_found() -> None:
    pace = ordinary()
    pace[7] = 0.08
    found = too_fast(timing(pace, signs=200), WORKERS)
    assert found.p_value[7] < 1e-3
    assert np.delete(found.p_value, 7).min() > 0.05
    assert found.evidence[7].numbers["seconds_a_task"] < 2
    assert found.evidence[7].numbers["usual_seconds_a_task"] == pytest.approx(12, rel=0.5)


def test_a_quick_worker_who_had_time_to_read_is_not() -> None:
    pace = ordinary()
    pace[7] = 0.08
    assert too_fast(timing(pace, signs=20), WORKERS).p_value[7] == 1.0


def test_where_all_are_quick_nobody_stands_out() -> None:
    assert too_fast(timing(ordinary() * 0.05, signs=200), WORKERS).p_value.min() > 1e-3


def test_pictures_have_no_length_and_the_batch_alone_decides() -> None:
    pace = ordinary()
    pace[7] = 0.08
    assert too_fast(timing(pace, signs=0), WORKERS).p_value[7] < 1e-3


def test_one_quick_stretch_is_no_signal() -> None:
    found = timing(ordinary(), signs=200)
    found.seconds[7 * STRETCHES] = 1.0
    assert too_fast(found, WORKERS).p_value[7] > 0.05


def test_long_texts_take_long_and_short_ones_do_not_look_quick() -> None:
    """Workers of short texts against workers of long ones: without the length, the first look too fast."""
    long, short = timing(ordinary(1), signs=2_000), timing(ordinary(2), signs=20)
    worker = np.concatenate([long.worker, short.worker + WORKERS])
    seconds = np.concatenate([long.seconds * 10, short.seconds * 0.1])
    tasks = np.full(worker.size, 10)
    signs = np.concatenate([long.signs, short.signs])
    both = Timing(worker, np.arange(worker.size), tasks, seconds, signs)
    assert too_fast(both, 2 * WORKERS).p_value.min() > 1e-3


def test_no_times_and_few_workers_give_no_signal() -> None:
    nobody = Timing(*(np.zeros(0, dtype=np.int64),) * 3, np.zeros(0), np.zeros(0))
    assert too_fast(nobody, 3).p_value.tolist() == [1.0] * 3
    pace = np.array([1.0, 1.0, 1.0, 0.01])
    assert too_fast(timing(pace, signs=200), 4).p_value.tolist() == [1.0] * 4
