"""The committed gas snapshot against the contracts as they are."""

from __future__ import annotations

import copy

import pytest

from bench.gas.run import measure_ours
from bench.gas.snapshot import SIZES, known, moved


@pytest.mark.slow
def test_no_figure_moved_without_its_snapshot() -> None:
    found = moved(known(), measure_ours(SIZES))
    assert not found, "gas moved by over 1 %: " + "; ".join(found) + ". If wanted: python -m bench.gas.snapshot"


def test_a_figure_that_moves_by_more_than_one_percent_is_named() -> None:
    before = known()
    now = copy.deepcopy(before)
    now["direct"]["1/1"]["new"] = int(now["direct"]["1/1"]["new"] * 1.011)
    del now["one_packet"]["1/1"]["new"]
    found = moved(before, now)
    assert [line.partition(":")[0] for line in found] == ["direct 1/1 new", "one_packet 1/1 new"]


def test_a_figure_that_moves_by_less_is_let_pass() -> None:
    before = known()
    now = copy.deepcopy(before)
    now["direct"]["1/1"]["new"] = int(now["direct"]["1/1"]["new"] * 1.009)
    assert moved(before, now) == []
