"""Intervals: known values, ends that stay in 0..1, and a real crowd's truth that lies within."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from piecework.quality.infer import infer_labels
from piecework.quality.intervals import NORMAL_95, counted_share, label_accuracy, wilson
from piecework.quality.summary import estimated_accuracy
from tests.piecework.quality.conftest import Crowd
from tests.piecework.quality.drawn import draw_crowd


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    # R. G. Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_agrees_with_published_values(right: int, count: int, low: float, high: float) -> None:
    share = counted_share(right, count)
    assert share is not None
    assert (share.low, share.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_a_share_of_nothing_is_none() -> None:
    assert counted_share(0, 0) is None
    assert label_accuracy(np.zeros(0), np.zeros(0)) is None


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_a_share_lies_in_its_interval_and_that_in_0_to_1(count: int, part: float) -> None:
    share = counted_share(part * count, count)
    assert share is not None
    assert 0 <= share.low <= share.value + 1e-12
    assert share.value - 1e-12 <= share.high <= 1


def test_more_observations_make_an_interval_narrower() -> None:
    low, high = wilson(np.full(3, 0.8), np.array([5.0, 50.0, 500.0]))
    assert (np.diff(high - low) < 0).all()
    assert wilson(np.array([0.0]), np.array([0.0]))[1][0] == pytest.approx(1.0)


def test_many_sure_labels_still_leave_the_error_of_their_confidence() -> None:
    sure = np.full(1_000_000, 0.9)
    found = label_accuracy(sure, sure, calibration_deviation=0.02)
    assert found is not None
    assert found.high - found.low == pytest.approx(2 * NORMAL_95 * 0.02, rel=1e-3)


def test_the_interval_holds_the_share_of_right_labels_of_drawn_crowds() -> None:
    held = 0
    for seed in range(20):
        answers, truth = draw_crowd(tasks=120, workers=15, per_task=5, labels=3, skill=(0.5, 0.9), seed=seed)
        found = infer_labels(answers)
        share = estimated_accuracy(answers, found)
        assert share is not None
        held += share.low <= (found.label == truth).mean() <= share.high
    assert held >= 18, f"the truth lay within in {held} of 20"


def test_the_interval_holds_the_share_of_right_labels_of_a_real_crowd(real_crowd: Crowd) -> None:
    found = infer_labels(real_crowd.answers)
    known = real_crowd.truth >= 0
    share = estimated_accuracy(real_crowd.answers, found)
    assert share is not None
    assert share.low <= (found.label == real_crowd.truth)[known].mean() <= share.high
