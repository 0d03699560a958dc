"""Plurality and agreement with known answers, against a count by hand."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from piecework.quality.majority import NO_LABEL, known_answer_scores, plurality

TASKS, WORKERS, ANSWERS = 5, 4, 3
entries = st.lists(st.tuples(st.integers(0, TASKS - 1), st.integers(0, WORKERS - 1), st.integers(0, ANSWERS - 1)))


def ints(values: list[int]) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def test_the_most_frequent_answer_is_the_label_and_its_share_the_agreement() -> None:
    labels = plurality(ints([0, 0, 0, 1, 1, 1]), ints([2, 2, 1, 0, 0, 0]), tasks=2, answers=3)

    assert labels.label.tolist() == [2, 0]
    assert labels.agreement.tolist() == [pytest.approx(2 / 3), 1.0]


def test_a_tie_gives_no_label() -> None:
    labels = plurality(ints([0, 0, 0, 0]), ints([0, 0, 1, 1]), tasks=1, answers=2)

    assert labels.label.tolist() == [NO_LABEL]
    assert labels.agreement.tolist() == [0.5]


def test_a_task_without_answers_has_neither_label_nor_agreement() -> None:
    labels = plurality(ints([1]), ints([0]), tasks=3, answers=2)

    assert labels.label.tolist() == [NO_LABEL, 0, NO_LABEL]
    assert labels.agreement.tolist() == [0.0, 1.0, 0.0]


def test_nothing_at_all_is_taken() -> None:
    labels = plurality(ints([]), ints([]), tasks=0, answers=0)

    assert labels.label.shape == labels.agreement.shape == (0,)
    assert labels.label.dtype == np.int64


@given(entries)
def test_labels_are_what_a_count_by_hand_says(given_answers: list[tuple[int, int, int]]) -> None:
    labels = plurality(
        ints([t for t, _, _ in given_answers]), ints([a for _, _, a in given_answers]), tasks=TASKS, answers=ANSWERS
    )

    for task in range(TASKS):
        counts = Counter(a for t, _, a in given_answers if t == task).most_common()
        if not counts:
            assert (labels.label[task], labels.agreement[task]) == (NO_LABEL, 0)
            continue
        tied = len(counts) > 1 and counts[0][1] == counts[1][1]
        assert labels.label[task] == (NO_LABEL if tied else counts[0][0])
        assert labels.agreement[task] == pytest.approx(counts[0][1] / sum(count for _, count in counts))


@given(entries, st.randoms())
def test_the_order_of_the_answers_changes_nothing(given_answers: list[tuple[int, int, int]], random: object) -> None:
    shuffled = list(given_answers)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = (
        plurality(ints([t for t, _, _ in order]), ints([a for _, _, a in order]), tasks=TASKS, answers=ANSWERS)
        for order in (given_answers, shuffled)
    )

    assert first.label.tolist() == second.label.tolist()
    assert first.agreement.tolist() == second.agreement.tolist()


@given(entries, st.lists(st.integers(NO_LABEL, ANSWERS - 1), min_size=TASKS, max_size=TASKS))
def test_scores_count_known_answers_alone(given_answers: list[tuple[int, int, int]], known: list[int]) -> None:
    scores = known_answer_scores(
        ints([t for t, _, _ in given_answers]),
        ints([w for _, w, _ in given_answers]),
        ints([a for _, _, a in given_answers]),
        ints(known),
        workers=WORKERS,
    )

    for worker in range(WORKERS):
        seen = [(t, a) for t, w, a in given_answers if w == worker and known[t] != NO_LABEL]
        assert scores.seen[worker] == len(seen)
        assert scores.right[worker] == sum(known[t] == a for t, a in seen)


def test_without_known_answers_nobody_is_scored() -> None:
    scores = known_answer_scores(ints([0, 1]), ints([0, 1]), ints([1, 1]), ints([NO_LABEL, NO_LABEL]), workers=3)

    assert scores.seen.tolist() == scores.right.tolist() == [0, 0, 0]
