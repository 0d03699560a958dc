"""Tails against counting by hand and against each other."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from piecework.quality.signals.chances import (
    coins_tail,
    discoveries,
    hypergeometric,
    log_choose,
    normal_deviations,
    normal_tail,
)


def by_enumeration(chance: list[float], heads: int) -> float:
    total = 0.0
    for throw in itertools.product((0, 1), repeat=len(chance)):
        if sum(throw) >= heads:
            total += math.prod(p if up else 1 - p for p, up in zip(chance, throw, strict=True))
    return total


def test_tails_of_unlike_coins_equal_the_sum_over_all_throws() -> None:
    random = np.random.default_rng(1)
    groups = [random.random(size).tolist() for size in (1, 2, 5, 9, 9, 4)]
    for heads in range(10):
        asked = np.array([min(heads, len(group) + 1) for group in groups])
        flat = np.array([p for group in groups for p in group])
        place = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
        expected = [by_enumeration(group, k) for group, k in zip(groups, asked, strict=True)]
        assert coins_tail(flat, place, asked) == pytest.approx(expected, abs=1e-12)


def test_a_tail_far_out_keeps_its_digits() -> None:
    chance = np.full(200, 0.01)
    found = coins_tail(chance, np.zeros(200, dtype=np.int64), np.array([60]))[0]
    exact = sum(math.comb(200, k) * 0.01**k * 0.99 ** (200 - k) for k in range(60, 201))
    assert found == pytest.approx(exact, rel=1e-9)
    assert found < 1e-60
    nearly_all = coins_tail(1 - chance, np.zeros(200, dtype=np.int64), np.array([199]))[0]
    assert nearly_all == pytest.approx(0.99**200 + 200 * 0.01 * 0.99**199, rel=1e-9)


def test_groups_without_coins_have_certain_and_impossible_tails() -> None:
    assert coins_tail(np.zeros(0), np.zeros(0, dtype=np.int64), np.array([0, 1])).tolist() == [1.0, 0.0]


def test_normal_tail_and_deviations_are_inverse() -> None:
    deviations = np.array([-3.0, 0.0, 1.5, 6.0])
    assert normal_deviations(normal_tail(deviations)) == pytest.approx(deviations, abs=1e-6)
    assert normal_tail(np.array([1.959964]))[0] == pytest.approx(0.025, abs=1e-6)


def test_hypergeometric_counts_as_combinations_do() -> None:
    table = log_choose(12)
    for total, marked, drawn in ((12, 5, 4), (7, 7, 3), (6, 0, 2), (9, 8, 6)):
        found = hypergeometric(total, marked, drawn, table)
        exact = [
            math.comb(marked, k) * math.comb(total - marked, drawn - k) / math.comb(total, drawn)
            for k in range(drawn + 1)
        ]
        assert found == pytest.approx(exact, abs=1e-12)


def test_the_benjamini_hochberg_rule_by_hand() -> None:
    p_value = np.array([0.001, 0.5, 0.012, 0.03, 0.9])
    assert discoveries(p_value, 0.05) == 0.03
    assert discoveries(p_value, 0.02) == 0.001
    assert discoveries(np.array([0.5, 0.9]), 0.05) == 0.0
    assert discoveries(np.zeros(0), 0.05) == 0.0
