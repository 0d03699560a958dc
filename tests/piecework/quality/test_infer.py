"""Labels from real and drawn crowds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piecework.quality.answers import Answers, AnswersInvalid, answers_of
from piecework.quality.calibration import expected_calibration_error
from piecework.quality.infer import Parameters, infer_labels
from piecework.quality.vote import NO_LABEL, majority_vote
from tests.piecework.quality.conftest import Crowd
from tests.piecework.quality.drawn import draw_crowd, small_crowds

# The best of crowd-kit 1.4.2's MajorityVote, DawidSkene, OneCoinDawidSkene, GLAD and MACE: `make bench-quality`.
BEST_PEER = {108: 96, 807: 680, 800: 742, 8315: 7814}


def test_labels_of_real_crowds_are_as_good_as_the_best_peer(real_crowd: Crowd) -> None:
    result = infer_labels(real_crowd.answers)
    right = int((result.label == real_crowd.truth).sum())
    assert right >= BEST_PEER[real_crowd.answers.tasks]
    assert result.converged


def test_confidence_of_real_crowds_can_be_believed(real_crowd: Crowd) -> None:
    result = infer_labels(real_crowd.answers)
    assert expected_calibration_error(result.confidence, result.label == real_crowd.truth) < 0.08


def test_without_tempering_the_same_check_of_confidence_fails(real_crowd: Crowd) -> None:
    if real_crowd.answers.per_task().max() < 10:
        return  # three answers a task are hardly overconfident
    bare = infer_labels(real_crowd.answers, Parameters(model="confusion", correlation=0.0, shared_error=0.0))
    tempered = infer_labels(real_crowd.answers)
    right = bare.label == real_crowd.truth
    assert expected_calibration_error(bare.confidence, right) > 1.5 * expected_calibration_error(
        tempered.confidence, right
    )


def test_evidence_picks_one_number_a_worker_when_tables_would_overfit() -> None:
    answers, truth = draw_crowd(tasks=300, workers=60, per_task=4, labels=8, skill=(0.3, 0.9), seed=1)
    result = infer_labels(answers)
    assert result.model == "one_coin"
    richest = infer_labels(answers, Parameters(model="confusion"))
    assert (result.label == truth).mean() > (richest.label == truth).mean()


def test_evidence_picks_tables_when_labels_are_confused_one_way() -> None:
    random = np.random.default_rng(3)
    truth = random.integers(2, size=300)
    task, worker = np.repeat(np.arange(300), 8), np.tile(np.arange(8), 300)
    # Most of the crowd calls everything 1 that it is not sure of, the rest 0.
    unsure = random.random(task.size) < 0.5
    answers = answers_of(task, worker, np.where(unsure, worker < 6, truth[task]))
    result = infer_labels(answers)
    assert result.model == "confusion"
    assert (result.label == truth).mean() > (majority_vote(answers) == truth).mean()


def test_the_same_seed_gives_the_same_result_to_the_last_bit() -> None:
    answers, _ = draw_crowd(tasks=50, workers=12, per_task=5, labels=3, skill=(0.5, 0.9), seed=4)
    one, two = infer_labels(answers, Parameters(seed=9)), infer_labels(answers, Parameters(seed=9))
    assert np.array_equal(one.label, two.label)
    assert np.array_equal(one.confidence, two.confidence)
    assert one.method() == two.method()


def test_a_worker_who_is_always_wrong_in_the_same_way_still_informs() -> None:
    answers, truth = draw_crowd(tasks=200, workers=5, per_task=5, labels=2, skill=(0.8, 0.9), seed=5)
    liar = answers.worker == 4
    flipped = answers_of(answers.task, answers.worker, np.where(liar, 1 - truth[answers.task], answers.label))
    result = infer_labels(flipped, Parameters(model="confusion"))
    assert (result.label == truth).mean() == 1.0
    assert result.skill.accuracy[4] < 0.1


def test_a_thousand_labels_cost_no_table() -> None:
    answers, truth = draw_crowd(tasks=9000, workers=40, per_task=3, labels=9000, skill=(0.6, 0.9), seed=6)
    result = infer_labels(answers)
    assert result.posterior is None
    assert result.model == "one_coin"
    assert (result.label == truth).mean() > 0.85
    assert ((result.confidence >= 0) & (result.confidence <= 1 + 1e-12)).all()


def test_a_task_without_answers_gets_no_label_and_no_confidence() -> None:
    result = infer_labels(answers_of([0, 0, 2], [0, 1, 0], [1, 1, 0], tasks=3))
    assert result.label.tolist() == [1, NO_LABEL, 0]
    assert result.confidence[1] == 0


def test_no_answers_at_all_are_no_error() -> None:
    result = infer_labels(answers_of([], [], [], tasks=2, workers=1, labels=2))
    assert result.label.tolist() == [NO_LABEL, NO_LABEL]


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(ValueError, match="no model named 'best'"):
        Parameters(model="best")


models = st.sampled_from(["confusion", "one_coin", "majority"])


def renumbered(answers: Answers, *, workers: list[int] | None = None, labels: list[int] | None = None) -> Answers:
    worker = answers.worker if workers is None else np.array(workers)[answers.worker]
    label = answers.label if labels is None else np.array(labels)[answers.label]
    return Answers(answers.task, worker, label, answers.tasks, answers.workers, answers.labels)


@settings(max_examples=60, deadline=None)
@given(small_crowds, models)
def test_posteriors_sum_to_one(crowd: tuple[Answers, np.ndarray], model: str) -> None:
    posterior = infer_labels(crowd[0], Parameters(model=model)).posterior
    assert posterior is not None
    assert np.allclose(posterior.sum(axis=1), 1.0)
    assert (posterior >= 0).all()


@settings(max_examples=60, deadline=None)
@given(small_crowds, models, st.randoms(use_true_random=False))
def test_new_numbers_for_labels_change_nothing_but_the_numbers(crowd, model, random) -> None:  # type: ignore[no-untyped-def]
    answers = crowd[0]
    order = list(range(answers.labels))
    random.shuffle(order)
    before = infer_labels(answers, Parameters(model=model, correlation=0.2))
    after = infer_labels(renumbered(answers, labels=order), Parameters(model=model, correlation=0.2))
    assert np.allclose(before.posterior, after.posterior[:, order], atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(small_crowds, models, st.randoms(use_true_random=False))
def test_new_names_for_workers_change_nothing(crowd, model, random) -> None:  # type: ignore[no-untyped-def]
    answers = crowd[0]
    order = list(range(answers.workers))
    random.shuffle(order)
    before = infer_labels(answers, Parameters(model=model))
    after = infer_labels(renumbered(answers, workers=order), Parameters(model=model))
    assert np.array_equal(before.label, after.label)
    assert np.allclose(before.skill.accuracy, after.skill.accuracy[order])


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 30), st.integers(2, 6), st.integers(2, 4), models)
def test_unanimous_answers_are_the_labels(tasks: int, workers: int, labels: int, model: str) -> None:
    task, worker = np.repeat(np.arange(tasks), workers), np.tile(np.arange(workers), tasks)
    said = np.arange(tasks) % labels
    answers = answers_of(task, worker, said[task], labels=labels)
    result = infer_labels(answers, Parameters(model=model))
    assert np.array_equal(result.label, said)


@settings(max_examples=30, deadline=None)
@given(small_crowds)
def test_one_more_agreeing_answer_never_lowers_the_votes_confidence(crowd: tuple[Answers, np.ndarray]) -> None:
    answers = crowd[0]
    before = infer_labels(answers, Parameters(model="majority", correlation=0.0))
    label = int(before.label[0])
    more = Answers(
        np.append(answers.task, 0),
        np.append(answers.worker, answers.workers),
        np.append(answers.label, label),
        answers.tasks,
        answers.workers + 1,
        answers.labels,
    )
    after = infer_labels(more, Parameters(model="majority", correlation=0.0))
    assert after.label[0] == label


@settings(max_examples=30, deadline=None)
@given(small_crowds)
def test_a_crowd_beside_its_twin_gets_the_same_labels_twice(crowd: tuple[Answers, np.ndarray]) -> None:
    """The same tasks again under new numbers, answered alike by the same workers."""
    answers = crowd[0]
    twice = Answers(
        np.concatenate([answers.task, answers.task + answers.tasks]),
        np.tile(answers.worker, 2),
        np.tile(answers.label, 2),
        2 * answers.tasks,
        answers.workers,
        answers.labels,
    )
    label = infer_labels(twice, Parameters(model="confusion", correlation=0.1)).label
    assert np.array_equal(label[: answers.tasks], label[answers.tasks :])


def test_a_label_that_is_a_name_and_no_number_is_refused_with_what_to_do() -> None:
    """A table of labels from 0 to a thousand million would need more memory than there is."""
    for column in range(3):
        columns = [[0, 1], [0, 1], [0, 1]]
        columns[column] = [0, 1_000_000_000]
        with pytest.raises(AnswersInvalid, match=r"999,999.*numpy\.unique"):
            answers_of(*columns)
    with pytest.raises(AnswersInvalid, match="label numbers run to"):
        answers_of([0], [0], [0], labels=1_000_000_001)
