"""Buying answers one by one."""

from __future__ import annotations

import numpy as np
import pytest

from piecework.quality.adaptive import (
    Policy,
    has_ended,
    infer_bought,
    information,
    replay_purchase,
    value_candidates,
)
from piecework.quality.answers import Answers, Floats, Ints, answers_of
from piecework.quality.infer import Parameters, infer_labels
from tests.piecework.quality.conftest import read_crowd
from tests.piecework.quality.drawn import draw_crowd


def accuracy(pool: Answers, truth: np.ndarray, bought: np.ndarray) -> float:
    return float((infer_labels(pool.take(bought)).label == truth).mean())


def test_bluebirds_reach_the_full_majority_vote_with_an_eighth_of_the_answers() -> None:
    crowd = read_crowd("bluebirds")
    reached = [
        accuracy(crowd.answers, crowd.truth, replay_purchase(crowd.answers, Policy(confidence=1, budget=0.12, seed=s)))
        for s in range(8)
    ]
    assert np.mean(reached) > 0.70, "the full vote has 0.759; eight seeds are few, the bench runs twenty"


def test_the_policy_beats_answers_bought_at_random() -> None:
    gain = []
    for seed in range(4):
        pool, truth = draw_crowd(tasks=150, workers=25, per_task=12, labels=3, skill=(0.35, 0.95), seed=seed)
        ours = replay_purchase(pool, Policy(confidence=1.0, budget=0.3, seed=seed))
        blind = np.random.default_rng(seed).permutation(pool.size)[: ours.size]
        gain.append(accuracy(pool, truth, ours) - accuracy(pool, truth, blind))
    assert np.mean(gain) > 0.03


def test_no_answer_is_bought_twice_and_the_budget_is_kept() -> None:
    pool, _ = draw_crowd(tasks=60, workers=15, per_task=6, labels=2, skill=(0.6, 0.9), seed=1)
    bought = replay_purchase(pool, Policy(confidence=1.0, budget=0.4))
    assert bought.size == round(0.4 * pool.size)
    assert np.unique(bought).size == bought.size


def test_a_purchase_tells_how_far_it_is() -> None:
    pool, _ = draw_crowd(tasks=60, workers=15, per_task=6, labels=2, skill=(0.6, 0.9), seed=1)
    told: list[int] = []
    bought = replay_purchase(pool, Policy(confidence=1.0, budget=0.4), told=told.append)
    assert told == sorted(set(told)), "each time more"
    assert len(told) > 1
    assert told[-1] == bought.size


def test_an_answer_that_was_not_bought_has_no_influence() -> None:
    """The order of purchase is the same whatever the answers that it does not buy would say."""
    pool, _ = draw_crowd(tasks=60, workers=15, per_task=6, labels=3, skill=(0.6, 0.9), seed=2)
    policy = Policy(confidence=1.0, budget=0.3)
    bought = replay_purchase(pool, policy)
    unseen = np.setdiff1d(np.arange(pool.size), bought)
    label = pool.label.copy()
    label[unseen] = (label[unseen] + 1) % pool.labels
    changed = Answers(pool.task, pool.worker, label, pool.tasks, pool.workers, pool.labels)
    assert np.array_equal(replay_purchase(changed, policy), bought)
    label = pool.label.copy()
    label[bought] = 0
    seen_changed = Answers(pool.task, pool.worker, label, pool.tasks, pool.workers, pool.labels)
    assert not np.array_equal(replay_purchase(seen_changed, policy), bought), "this check must be able to fail"


def test_tasks_stop_at_the_confidence_asked_for_and_more_confidence_costs_more() -> None:
    pool, _truth = draw_crowd(tasks=200, workers=20, per_task=10, labels=2, skill=(0.7, 0.95), seed=3)
    used = {c: replay_purchase(pool, Policy(confidence=c)).size for c in (0.8, 0.95, 0.995)}
    assert used[0.8] < used[0.95] < used[0.995] < pool.size
    assert used[0.8] >= 2 * pool.tasks, "no task stops on one answer"


def test_information_of_one_answer_by_hand() -> None:
    posterior: Floats = np.array([[0.5, 0.5], [1.0, 0.0]])
    fair, blind = [[0.9, 0.1], [0.1, 0.9]], [[0.5, 0.5], [0.5, 0.5]]
    table: Floats = np.array([fair, blind])
    task, worker = np.array([0, 0, 1]), np.array([0, 1, 0])
    by_hand = np.log(2) + 0.9 * np.log(0.9) + 0.1 * np.log(0.1)
    assert information(posterior, table, task, worker) == pytest.approx([by_hand, 0.0, 0.0], abs=1e-12)


def test_a_better_worker_is_worth_more_on_the_same_task() -> None:
    answers, _truth = draw_crowd(tasks=100, workers=6, per_task=6, labels=2, skill=(0.9, 0.95), seed=4)
    noise = np.random.default_rng(1).integers(2, size=answers.size)
    answers = answers_of(answers.task, answers.worker, np.where(answers.worker == 5, noise, answers.label), tasks=101)
    valuation = value_candidates(answers, np.array([100, 100]), np.array([0, 5]), Policy(shared_tasks=0.001))
    assert valuation.value[0] > 3 * valuation.value[1]


def test_a_policy_without_sense_is_refused() -> None:
    for wrong in ({"confidence": 0.0}, {"confidence": 1.1}, {"budget": 0.0}, {"budget": 2.0}):
        with pytest.raises(ValueError, match="must"):
            Policy(**wrong)


def test_what_was_bought_is_labelled_by_the_model_that_chose_it() -> None:
    pool, _ = draw_crowd(tasks=60, workers=15, per_task=6, labels=3, skill=(0.6, 0.9), seed=2)
    policy = Policy(confidence=1.0, budget=0.4)
    bought = pool.take(replay_purchase(pool, policy))
    result = infer_bought(bought, policy)
    assert (result.model, result.evidence) == ("confusion", ())
    assert np.array_equal(result.label, infer_labels(bought, Parameters(model="confusion")).label)
    assert infer_bought(bought, policy, Parameters(model="one_coin")).model == "one_coin"


def right_share(label: Ints, truth: Ints) -> float:
    return float((label == truth).mean())


def test_what_was_bought_to_the_end_is_labelled_by_the_model_that_evidence_chooses() -> None:
    """Workers who err evenly, with few answers each: tables of their own cannot be filled from these."""
    right = []
    for seed in range(5):
        pool, truth = draw_crowd(tasks=200, workers=100, per_task=5, labels=2, skill=(0.6, 0.95), seed=seed)
        policy = Policy(seed=seed)
        bought = pool.take(replay_purchase(pool, policy))
        assert has_ended(bought, pool, policy)

        by_evidence, as_valued = infer_bought(bought, policy, ended=True), infer_bought(bought, policy)

        assert by_evidence.model != as_valued.model == "confusion"
        assert {each.model for each in by_evidence.evidence} == {"confusion", "one_coin", "majority"}
        right.append([right_share(found.label, truth) for found in (by_evidence, as_valued)])
    assert np.mean(right, axis=0) @ [1, -1] > 0.02
    assert infer_bought(bought, policy, Parameters(model="confusion"), ended=True).model == "confusion"


def test_a_purchase_that_the_budget_cut_short_has_not_ended() -> None:
    pool, _ = draw_crowd(tasks=60, workers=15, per_task=6, labels=3, skill=(0.6, 0.9), seed=2)
    for budget, ended in ((0.3, False), (1.0, True)):
        policy = Policy(confidence=1.0, budget=budget)
        assert has_ended(pool.take(replay_purchase(pool, policy)), pool, policy) is ended


def test_too_many_labels_to_value_are_refused() -> None:
    pool = answers_of([0, 1], [0, 1], [0, 1], labels=3000)
    with pytest.raises(ValueError, match="3000 labels are too many"):
        replay_purchase(pool, Policy())
