"""Text answers and their likeness."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from piecework.quality.ngrams import chrf, chrf_table
from piecework.quality.texts import NO_ANSWER, choose_texts


@given(st.text(), st.text())
def test_likeness_lies_between_nothing_and_one_and_is_one_for_itself(one: str, two: str) -> None:
    assert 0.0 <= chrf(one, two) <= 1.0
    assert chrf(one, one) == pytest.approx(1.0)


def test_likeness_by_hand() -> None:
    # "abc" and "abd": 2 of 3 signs, 1 of 2 pairs, 0 of 1 triples; longer n-grams do not exist.
    assert chrf("abc", "abd") == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert chrf("a b c", "abc") == 1.0
    assert chrf("", "abc") == 0.0


def test_recall_weighs_more_than_precision() -> None:
    table = chrf_table(["abcd", "abcdefgh"])
    assert table[1, 0] > table[0, 1]


def test_the_answer_that_agrees_with_the_others_is_chosen_and_good_workers_decide_ties() -> None:
    task = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    worker = np.array([2, 0, 1, 0, 1, 2, 2, 0])
    texts = ["zzzz", "the red house", "the red house here", "a small dog", "one small dog", "??", "qqq", "the sea"]
    choice = choose_texts(task, worker, texts, tasks=4, workers=3)
    assert texts[choice.chosen[0]].startswith("the red house")
    assert texts[choice.chosen[1]].endswith("small dog")
    assert texts[choice.chosen[2]] == "the sea", "two answers that share nothing: the better worker's"
    assert choice.chosen[3] == NO_ANSWER
    assert choice.skill.argmin() == 2
