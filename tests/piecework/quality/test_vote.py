"""Votes by weight, and the plain votes as models."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piecework.quality.answers import Answers, AnswersInvalid, answers_of
from piecework.quality.infer import Parameters, infer_labels
from piecework.quality.vote import NO_LABEL, majority_vote, vote_weight, weighted_vote
from tests.piecework.quality.conftest import Crowd
from tests.piecework.quality.drawn import draw_crowd, small_crowds


def test_one_heavy_worker_outvotes_two_light_ones_and_the_weightless_have_no_say() -> None:
    answers = answers_of([0, 0, 0, 1, 1], [0, 1, 2, 1, 3], [1, 0, 0, 0, 1])
    assert majority_vote(answers).tolist() == [0, 0]
    assert weighted_vote(answers, np.array([3.0, 1.0, 1.0, 2.0])).tolist() == [1, 1]
    assert weighted_vote(answers, np.array([3.0, 1.0, 1.0, -2.0])).tolist() == [1, 0]


def test_weights_by_hand() -> None:
    weight = vote_weight(np.array([0.9, 0.5, 0.2, 1.0]), 2)
    assert weight[:3] == pytest.approx([np.log(9), 0, 0])
    assert np.isfinite(weight).all()
    assert vote_weight(np.array([0.25, 0.5]), 4) == pytest.approx([0, np.log(3)]), "a guess among four is worth nothing"


def test_the_weighted_vote_is_more_often_right_than_the_plain_one() -> None:
    answers, truth = draw_crowd(tasks=400, workers=20, per_task=5, labels=2, skill=(0.45, 0.95), seed=2)
    right_chance = np.bincount(answers.worker, weights=answers.label == truth[answers.task]) / answers.per_worker()
    informed = weighted_vote(answers, vote_weight(right_chance, 2))
    found = infer_labels(answers, Parameters(model="weighted")).label
    plain = infer_labels(answers, Parameters(model="plurality")).label
    assert (informed == truth).mean() >= (found == truth).mean() > (plain == truth).mean()


@settings(max_examples=60, deadline=None)
@given(small_crowds)
def test_equal_weights_are_the_plain_vote_and_so_is_the_model_of_that_name(crowd: tuple[Answers, np.ndarray]) -> None:
    answers = crowd[0]
    plain = majority_vote(answers)
    assert np.array_equal(weighted_vote(answers, np.full(answers.workers, 0.3)), plain)
    assert np.array_equal(infer_labels(answers, Parameters(model="plurality")).label, plain)


@settings(max_examples=60, deadline=None)
@given(small_crowds, st.permutations(range(5)))
def test_new_numbers_for_labels_change_no_weighted_vote(crowd: tuple[Answers, np.ndarray], names: list[int]) -> None:
    answers = crowd[0]
    renamed = Answers(answers.task, answers.worker, np.array(names)[answers.label], answers.tasks, answers.workers, 5)
    weight = 1.0 + np.arange(answers.workers) / 7.0
    before, after = weighted_vote(answers, weight), weighted_vote(renamed, weight)
    assert np.array_equal(np.array(names)[before], after)


def test_bad_weights_are_refused() -> None:
    answers = answers_of([0, 0], [0, 1], [1, 0])
    for weight in (np.ones(3), np.array([1.0, np.nan])):
        with pytest.raises(AnswersInvalid, match="one finite weight"):
            weighted_vote(answers, weight)


@pytest.mark.parametrize("model", ["auto", "confusion", "one_coin", "weighted", "majority", "plurality"])
def test_every_model_takes_the_smallest_crowds(model: str) -> None:
    asked = Parameters(model=model)
    assert infer_labels(answers_of([], [], [], tasks=2), asked).label.tolist() == [NO_LABEL, NO_LABEL]
    assert infer_labels(answers_of([0], [0], [0]), asked).label.tolist() == [0]
    alone = infer_labels(answers_of(range(9), [0] * 9, [i % 3 for i in range(9)]), asked)
    assert alone.label.tolist() == [0, 1, 2] * 3
    assert (alone.confidence < 0.9).all(), "nobody has checked this worker"


def test_a_model_asked_for_by_name_is_used_or_refused_never_exchanged() -> None:
    answers, _ = draw_crowd(tasks=3000, workers=30, per_task=3, labels=3000, skill=(0.5, 0.9), seed=3)
    assert infer_labels(answers, Parameters(model="plurality")).model == "plurality"
    with pytest.raises(ValueError, match="too large"):
        infer_labels(answers, Parameters(model="confusion"))
    with pytest.raises(ValueError, match=r"correlation must lie in 0\.\.1"):
        Parameters(correlation=1.5)


def test_weights_from_agreement_beat_the_plain_vote_on_real_crowds(real_crowd: Crowd) -> None:
    plain, found = (
        (infer_labels(real_crowd.answers, Parameters(model=model)).label == real_crowd.truth).mean()
        for model in ("plurality", "weighted")
    )
    # On bluebirds most workers share the same error, so agreement is a poor guide there.
    assert found > plain - 0.02
