"""A crowd in a few numbers, each counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from piecework.quality.answers import Answers, Ints, answers_of
from piecework.quality.infer import infer_labels
from piecework.quality.summary import (
    confidence_histogram,
    confusion_counts,
    label_counts,
    least_certain,
    pairwise_agreement,
    runner_up,
)
from tests.piecework.quality.drawn import draw_crowd, small_crowds


def test_agreement_counts_pairs_within_tasks() -> None:
    # Task 0: three answers, one pair of three equal; task 1: equal; task 2: alone.
    answers = answers_of([0, 0, 0, 1, 1, 2], [0, 1, 2, 0, 1, 0], [0, 0, 1, 2, 2, 1])
    share = pairwise_agreement(answers)
    assert share is not None
    assert (share.value, share.count) == (pytest.approx(0.5), 2)
    assert pairwise_agreement(answers.take(np.array([0, 3, 5]))) is None


@given(small_crowds)
def test_agreement_is_that_of_all_pairs_compared_one_by_one(drawn: tuple[Answers, Ints]) -> None:
    answers, _ = drawn
    same = compared = 0
    for one in range(answers.size):
        for other in range(one + 1, answers.size):
            if answers.task[one] == answers.task[other]:
                compared += 1
                same += int(answers.label[one] == answers.label[other])
    share = pairwise_agreement(answers)
    assert (share is None) == (compared == 0)
    assert share is None or share.value == pytest.approx(same / compared)


def test_confusion_counts_every_answer_once() -> None:
    answers, _ = draw_crowd(tasks=50, workers=8, per_task=4, labels=3, skill=(0.6, 0.95), seed=4)
    counts = confusion_counts(answers, infer_labels(answers))
    assert counts is not None
    assert counts.sum() == pytest.approx(answers.size)
    assert counts.sum(axis=1) == pytest.approx(np.bincount(answers.label, minlength=3))
    assert (counts.argmax(axis=0) == np.arange(3)).all()


def test_too_many_labels_have_no_confusion() -> None:
    task = np.repeat(np.arange(50), 2)
    answers = answers_of(task, np.tile([0, 1], 50), task)
    assert confusion_counts(answers, infer_labels(answers)) is None


@settings(max_examples=20)
@given(small_crowds)
def test_every_labelled_task_is_in_one_bin_and_has_one_label(drawn: tuple[Answers, Ints]) -> None:
    answers, _ = drawn
    found = infer_labels(answers)
    labelled = int((answers.per_task() > 0).sum())
    assert confidence_histogram(found).sum() == labelled
    assert label_counts(found, answers.labels).sum() == labelled
    order = least_certain(found, answers.tasks)
    assert order.size == labelled
    assert (np.diff(found.confidence[order]) >= 0).all()


def test_the_runner_up_is_the_likeliest_other_label() -> None:
    answers = answers_of([0] * 5, range(5), [0, 0, 0, 2, 2], labels=4)
    found = infer_labels(answers)
    second = runner_up(found, 0)
    assert found.posterior is not None
    assert second is not None
    assert second == (2, pytest.approx(float(found.posterior[0, 2])))
    assert second[1] == max(float(found.posterior[0, label]) for label in (1, 2, 3))
