"""Text answers and their likeness."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from piecework.quality.answers import AnswersInvalid
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


def shared_by_hand(one: str, two: str, length: int) -> int:
    left = Counter(one[i : i + length] for i in range(len(one) - length + 1))
    right = Counter(two[i : i + length] for i in range(len(two) - length + 1))
    return sum((left & right).values())


@given(st.lists(st.text("ab c", max_size=12), min_size=2, max_size=5))
def test_a_table_of_likeness_is_what_counting_says(texts: list[str]) -> None:
    table = chrf_table(texts, beta=1.0)
    for i, one in enumerate("".join(text.split()) for text in texts):
        for j, two in enumerate("".join(text.split()) for text in texts):
            lengths = [n for n in range(1, 7) if n <= min(len(one), len(two))]
            parts = [2 * shared_by_hand(one, two, n) / (len(one) + len(two) - 2 * n + 2) for n in lengths]
            expected = sum(parts) / len(parts) if parts else float(one == two)
            assert table[i, j] == pytest.approx(expected)


def test_long_texts_of_one_sign_and_many_answers_to_one_task_are_no_trouble() -> None:
    assert chrf("a" * 100_000, "a" * 50_000, beta=1.0) == pytest.approx(2 / 3, abs=1e-4)
    texts = [f"the house number {number % 7} is {'red' if number % 3 else 'blue'}" for number in range(150)]
    choice = choose_texts(np.zeros(150, dtype=np.int64), np.arange(150), texts, tasks=1, workers=150)
    assert "red" in texts[choice.chosen[0]]


def test_an_answer_alone_on_its_task_says_nothing_about_its_worker() -> None:
    task, worker = np.array([0, 0, 0, 1]), np.array([0, 1, 2, 0])
    choice = choose_texts(task, worker, ["a cat", "a cat", "a dog", "something else"], tasks=2, workers=3)
    assert choice.skill[0] == pytest.approx(choice.skill[1])
    assert choice.chosen[1] == 3


@given(st.randoms(use_true_random=False))
def test_order_of_text_answers_and_names_of_workers_change_nothing(random) -> None:  # type: ignore[no-untyped-def]
    texts = ["one red fox", "a red fox", "the red fox", "nine", "blue sea", "a blue sea", "the blue sea!", "x"]
    task, worker = np.repeat([0, 1], 4), np.tile(np.arange(4), 2)
    order, names = list(range(8)), list(range(4))
    random.shuffle(order)
    random.shuffle(names)
    plain = choose_texts(task, worker, texts, tasks=2, workers=4)
    shuffled = choose_texts(task[order], np.array(names)[worker[order]], [texts[i] for i in order], tasks=2, workers=4)
    assert [order[i] for i in shuffled.chosen] == plain.chosen.tolist()
    assert np.allclose(shuffled.skill[names], plain.skill)


def test_text_answers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(AnswersInvalid, match="answered a task twice"):
        choose_texts(np.array([0, 0]), np.array([1, 1]), ["a", "b"], tasks=1, workers=2)
    with pytest.raises(AnswersInvalid, match="different lengths"):
        choose_texts(np.array([0, 0]), np.array([0, 1]), ["a"], tasks=1, workers=2)
