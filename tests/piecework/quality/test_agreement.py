"""Krippendorff's alpha against published examples, its own definition, and laws that it must obey."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from piecework.quality import agreement
from piecework.quality.agreement import LEVELS, krippendorff_alpha
from piecework.quality.answers import AnswersInvalid
from tests.piecework.quality.conftest import Crowd

# K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011): sections A, B and C.
TWO_BINARY = ["0100000010", "1110010000"]
TWO_NOMINAL = ["aabbdcccedda", "babbbccceddd"]
FOUR_WITH_GAPS = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
# The example of Wikipedia's article "Krippendorff's alpha": three coders, fifteen units.
THREE_WITH_GAPS = [".....34121133.3", "1.213343.......", "..21344.21133.4"]


def columns(rows: list[str]) -> tuple[list[int], list[int]]:
    answers = [(unit, ord(sign)) for row in rows for unit, sign in enumerate(row) if sign != "."]
    return [unit for unit, _ in answers], [value for _, value in answers]


def by_definition(task: list[int], value: list[float], level: str) -> float:
    """Straight from the coincidence matrix, pair by pair."""
    groups = [[v for t, v in zip(task, value, strict=True) if t == unit] for unit in set(task)]
    groups = [group for group in groups if len(group) > 1]
    pool = [v for group in groups for v in group]

    def apart(one: float, two: float) -> float:
        if level == "nominal":
            return float(one != two)
        if level == "interval":
            return (one - two) ** 2
        low, high = min(one, two), max(one, two)
        between = sum(low <= v <= high for v in pool) - (pool.count(low) + pool.count(high)) / 2
        return between**2 if low != high else 0.0

    observed = sum(apart(a, b) / (len(group) - 1) for group in groups for a, b in permutations(group, 2))
    expected = sum(apart(a, b) for a, b in permutations(pool, 2))
    return 1 - (len(pool) - 1) * observed / expected


@pytest.mark.parametrize(
    ("rows", "level", "published"),
    [
        (TWO_BINARY, "nominal", 0.095),
        (TWO_NOMINAL, "nominal", 0.692),
        (FOUR_WITH_GAPS, "nominal", 0.743),
        (FOUR_WITH_GAPS, "ordinal", 0.815),
        (FOUR_WITH_GAPS, "interval", 0.849),
        (THREE_WITH_GAPS, "nominal", 0.691),
        (THREE_WITH_GAPS, "interval", 0.811),
    ],
)
def test_published_examples_come_out_to_the_last_printed_digit(rows: list[str], level: str, published: float) -> None:
    assert round(krippendorff_alpha(*columns(rows), level=level).alpha, 3) == published


def test_the_same_examples_tell_the_levels_apart() -> None:
    """Were ordinal taken for interval, or nominal for either, the examples would notice."""
    found = {level: round(krippendorff_alpha(*columns(FOUR_WITH_GAPS), level=level).alpha, 3) for level in LEVELS}
    assert len(set(found.values())) == len(LEVELS)


many = st.lists(st.tuples(st.integers(0, 5), st.integers(-3, 3)), min_size=2, max_size=30)


@settings(max_examples=150, deadline=None)
@given(many, st.sampled_from(LEVELS))
def test_alpha_is_what_its_definition_says(answers: list[tuple[int, int]], level: str) -> None:
    task, value = [t for t, _ in answers], [float(v) for _, v in answers]
    found = krippendorff_alpha(task, value, level=level, resamples=0)
    pool = {v for t, v in answers if task.count(t) > 1}
    if len(pool) < 2:
        assert np.isnan(found.alpha)
    else:
        assert found.alpha == pytest.approx(by_definition(task, value, level), abs=1e-9)
        assert found.alpha <= 1.0 + 1e-12


@settings(max_examples=60, deadline=None)
@given(many, st.sampled_from(LEVELS), st.randoms(use_true_random=False))
def test_order_of_answers_and_names_of_tasks_change_nothing(answers, level, random) -> None:  # type: ignore[no-untyped-def]
    names = list(range(6))
    shuffled = list(answers)
    random.shuffle(names)
    random.shuffle(shuffled)
    one = krippendorff_alpha([t for t, _ in answers], [v for _, v in answers], level=level, resamples=0)
    two = krippendorff_alpha([names[t] for t, _ in shuffled], [v for _, v in shuffled], level=level, resamples=0)
    assert one.alpha == pytest.approx(two.alpha, abs=1e-9, nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(many, st.permutations(range(7)), st.floats(0.01, 1e6), st.floats(-1e6, 1e6))
def test_each_level_keeps_what_it_may(answers, names, stretch, shift) -> None:  # type: ignore[no-untyped-def]
    """Nominal: any new names. Ordinal: any growing function. Interval: another unit and another zero."""
    task, value = [t for t, _ in answers], np.array([v for _, v in answers])
    assume(np.ptp(value) > 0)
    for level, changed in (
        ("nominal", np.array(names)[value + 3]),
        ("ordinal", np.exp(value)),
        ("interval", stretch * value + shift),
    ):
        one = krippendorff_alpha(task, value, level=level, resamples=0).alpha
        two = krippendorff_alpha(task, changed, level=level, resamples=0).alpha
        assert one == pytest.approx(two, abs=1e-6, nan_ok=True)


def test_pure_chance_lies_about_nothing_and_perfect_agreement_at_one() -> None:
    random = np.random.default_rng(1)
    task = np.repeat(np.arange(400), 5)
    chance = krippendorff_alpha(task, random.integers(4, size=task.size))
    assert chance.low < 0 < chance.high
    assert abs(chance.alpha) < 0.05
    assert krippendorff_alpha(task, task % 4).alpha == 1.0


def test_the_interval_holds_the_alpha_of_the_crowd_that_it_was_drawn_from() -> None:
    """Of 100 samples of 60 tasks, about 95 intervals hold the alpha of very many tasks; one of half the width does
    not."""
    random = np.random.default_rng(2)
    truth = random.integers(3, size=60_000)
    said = np.where(random.random((60_000, 4)) < 0.7, truth[:, None], random.integers(3, size=(60_000, 4)))
    whole = krippendorff_alpha(np.repeat(np.arange(60_000), 4), said.ravel(), resamples=0).alpha
    held = narrow = 0
    for sample in range(100):
        part = said[60 * sample : 60 * (sample + 1)].ravel()
        found = krippendorff_alpha(np.repeat(np.arange(60), 4), part, resamples=200, seed=sample)
        held += found.low <= whole <= found.high
        narrow += abs(whole - found.alpha) < (found.high - found.low) / 8
    assert held >= 88
    assert narrow < 75, "the same count must see intervals that are too narrow"


def test_the_same_seed_gives_the_same_interval() -> None:
    one, two = (krippendorff_alpha(*columns(FOUR_WITH_GAPS), seed=3) for _ in range(2))
    assert one == two


def slow_interval(task: list[int], value: list[float], level: str, resamples: int, seed: int) -> tuple[float, float]:
    """Each resample written out as a crowd of its own, in which a task that was drawn twice is two tasks."""
    groups = [[v for t, v in zip(task, value, strict=True) if t == unit] for unit in sorted(set(task))]
    groups = [group for group in groups if len(group) > 1]
    random = np.random.default_rng(seed)
    found = []
    for _ in range(resamples):
        drawn = [groups[place] for place in random.integers(len(groups), size=len(groups))]
        if len({v for group in drawn for v in group}) > 1:
            units = [unit for unit, group in enumerate(drawn) for _ in group]
            found.append(by_definition(units, [v for group in drawn for v in group], level))
    low, high = np.quantile(found, (0.025, 0.975))
    return float(low), float(high)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("cells", [1, 8_000_000])
def test_the_interval_is_that_of_crowds_drawn_and_compared_one_by_one(
    level: str, cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a table of values and without one, in one block and in many."""
    monkeypatch.setattr(agreement, "_MOST_CELLS", cells)
    monkeypatch.setattr(agreement, "_BLOCK", 50 if cells == 1 else 1_000)
    task, value = columns(FOUR_WITH_GAPS)
    found = krippendorff_alpha(task, value, level=level, resamples=20, seed=5)
    slow = slow_interval(task, [float(v) for v in value], level, 20, 5)
    assert (found.low, found.high) == pytest.approx(slow, abs=1e-12)
    assert slow_interval(task, [float(v) for v in value], level, 20, 6) != pytest.approx(slow, abs=1e-3)


def test_an_outlier_takes_no_digits_from_the_resamples_that_lack_it() -> None:
    """Where all but one task lie together, squares about the mean of all would leave nothing of what differs there."""
    task, value = np.repeat(np.arange(12), 2), np.tile([0.0, 1e-6], 12) + np.repeat(np.arange(12.0), 2) * 1e-6
    value[-2:] = 1e6
    found = krippendorff_alpha(task, value, level="interval", resamples=60, seed=1)
    slow = slow_interval(task.tolist(), value.tolist(), "interval", 60, 1)
    assert (found.low, found.high) == pytest.approx(slow, abs=1e-6)


@pytest.mark.parametrize("level", LEVELS)
def test_nothing_to_compare_is_no_number_and_no_error(level: str) -> None:
    for task, value in (([], []), ([0], [1]), ([0, 1, 2], [1, 2, 3]), ([0, 0, 1, 1], [5, 5, 5, 5])):
        found = krippendorff_alpha(task, value, level=level)
        assert np.isnan(found.alpha)
    assert np.isnan(krippendorff_alpha([0, 0], [1, 2], level=level).low), "one task cannot be resampled"


def test_a_hundred_thousand_tasks_with_as_many_values_need_no_table() -> None:
    task = np.repeat(np.arange(100_000), 2)
    value = np.arange(200_000) // 2 * 10.0 + np.tile([0.0, 1e-3], 100_000)
    assert krippendorff_alpha(task, value, level="interval", resamples=2).alpha > 0.999
    assert krippendorff_alpha(task, value, level="nominal", resamples=2).alpha < 1e-3


def test_bad_arrays_are_refused_with_what_is_wrong() -> None:
    with pytest.raises(AnswersInvalid, match="no level named 'ratio'"):
        krippendorff_alpha([0, 0], [1, 2], level="ratio")
    with pytest.raises(AnswersInvalid, match="finite"):
        krippendorff_alpha([0, 0], [1, np.nan])
    with pytest.raises(AnswersInvalid, match="one length"):
        krippendorff_alpha([0, 0, 1], [1, 2])


def test_real_crowds_agree_beyond_chance(real_crowd: Crowd) -> None:
    found = krippendorff_alpha(real_crowd.answers.task, real_crowd.answers.label, resamples=100)
    assert 0 < found.low < found.alpha < found.high < 1
