"""Known answers that skilled workers contradict are flagged; those that careless ones miss are not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backend.reviews.known import flagged
from piecework.quality.answers import Answers, answers_of
from piecework.quality.infer import infer_labels
from piecework.quality.majority import NO_LABEL

TASKS, KNOWN, LABELS = 60, 10, 4


def crowd(
    accuracies: list[float], *, seed: int = 1, truth: NDArray[np.int64] | None = None
) -> tuple[Answers, NDArray[np.int64]]:
    """Everybody answers everything; the first KNOWN tasks are the known ones."""
    random = np.random.default_rng(seed)
    right = random.integers(LABELS, size=TASKS) if truth is None else truth
    said = [
        np.where(random.random(TASKS) < accuracy, right, (right + random.integers(1, LABELS, TASKS)) % LABELS)
        for accuracy in accuracies
    ]
    task = np.tile(np.arange(TASKS), len(accuracies))
    worker = np.repeat(np.arange(len(accuracies)), TASKS)
    return answers_of(task, worker, np.concatenate(said), tasks=TASKS, labels=LABELS), right


def known_of(right: NDArray[np.int64], wrong: int) -> NDArray[np.int64]:
    """Known answers, the first `wrong` of which are wrong."""
    known = np.full(TASKS, NO_LABEL)
    known[:KNOWN] = right[:KNOWN]
    known[:wrong] = (right[:wrong] + 1) % LABELS
    return known


def flags_of(answers: Answers, known: NDArray[np.int64]) -> list[int]:
    found = infer_labels(answers)
    return [flag.task for flag in flagged(answers, known, found.skill.accuracy, found.correlation)]


def test_most_wrong_known_answers_are_flagged_and_hardly_ever_a_right_one() -> None:
    """Fifty crowds with two wrong and eight right known answers each."""
    wrong, right_ones = 0, 0
    for seed in range(50):
        answers, right = crowd([0.95, 0.9, 0.9, 0.85, 0.6], seed=seed)
        flags = set(flags_of(answers, known_of(right, wrong=2)))
        wrong += len(flags & {0, 1})
        right_ones += len(flags - {0, 1})
    assert wrong >= 85, "of a hundred"
    assert right_ones <= 1, "of four hundred"


def test_a_known_answer_that_only_careless_workers_miss_stands() -> None:
    """Three of five miss it, and all of them miss the others too."""
    answers, right = crowd([1.0, 1.0, 0.25, 0.25, 0.25])
    label = answers.label.copy()
    careless = (answers.worker >= 2) & (answers.task == 0)
    label[careless] = (right[0] + 1) % LABELS
    answers = Answers(answers.task, answers.worker, label, answers.tasks, answers.workers, answers.labels)

    assert flags_of(answers, known_of(right, wrong=0)) == []


def test_the_flag_says_what_the_skilled_answer_and_how_many_missed() -> None:
    answers, right = crowd([1.0, 1.0, 1.0])
    found = infer_labels(answers)

    (flag,) = flagged(answers, known_of(right, wrong=1), found.skill.accuracy, found.correlation)

    assert (flag.task, flag.label, flag.skilled, flag.missed) == (0, right[0], 3, 3)
    assert 0.9 <= flag.confidence <= 1


def test_one_worker_alone_flags_nothing_and_neither_do_two_known_answers() -> None:
    answers, right = crowd([1.0])
    assert flags_of(answers, known_of(right, wrong=1)) == []
    answers, right = crowd([1.0, 1.0, 1.0])
    known = known_of(right, wrong=1)
    known[2:] = NO_LABEL
    assert flags_of(answers, known) == [], "who knows one other answer is not measured yet"
