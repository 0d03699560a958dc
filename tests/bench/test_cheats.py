"""The bench of cheats on a small drawn crowd: it finds what was mixed in, and can tell that nothing was."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from bench.quality import cheats, report
from bench.quality.honest_crowds import GROUPS, Crowd
from bench.quality.mixing import KINDS, MAIN_KINDS, mix
from bench.quality.oracle import reach
from tests.piecework.quality.drawn import draw_crowd


def drawn() -> Crowd:
    answers, truth = draw_crowd(tasks=240, workers=30, per_task=6, labels=3, skill=(0.7, 0.9), seed=1)
    return Crowd("drawn", answers, truth, np.full(240, 80.0))


def test_cheats_are_mixed_in_by_the_share_asked_and_behind_the_crowd() -> None:
    crowd = drawn()
    mixed = mix(crowd, 0.3, np.random.default_rng(0))
    assert abs((mixed.kind >= 0).mean() - 0.3) < 0.04
    assert {KINDS[kind] for kind in mixed.kind[mixed.kind >= 0]} == set(MAIN_KINDS)
    assert (mixed.crowd.answers.label[: crowd.answers.size] == crowd.answers.label).all()


def test_most_of_what_was_mixed_in_is_found_and_the_table_says_so() -> None:
    with ThreadPoolExecutor(2) as pool:
        measured = {"drawn": cheats.measure_crowd(drawn(), 2, pool)}
    found = measured["drawn"]["mixed"]["20%, honest"]
    assert np.mean([found[f"{kind}: flagged"] for kind in MAIN_KINDS]) > 0.6
    assert found["crowd: flagged"] < 0.1
    rows = cheats.section_rows(measured)
    assert len(rows) == 8 + len(GROUPS)
    assert all("(±" in row[2] for row in rows[:-1])
    assert {len(row) for row in rows} == {len(report.COLUMNS)}
    assert report.joined()["cheats"] is cheats


def test_the_best_possible_test_finds_all_where_there_is_much_to_compare_and_few_where_there_is_little() -> None:
    crowd = drawn()
    few = replace(crowd, answers=crowd.answers.take(crowd.answers.task < 60))
    much, little = reach(crowd, 0), reach(few, 0)

    assert much["copiers, one known partner"] > 0.95
    assert little["copiers, after a search"] < much["copiers, after a search"] - 0.2
    for found in (much, little):
        assert found["ring members, after a search"] > 0.9, "who is half wrong together stands out on few tasks"
        assert found["copiers, after a search"] <= found["copiers, one known partner"]
    assert reach(crowd, 0) == much, "the seed decides"
