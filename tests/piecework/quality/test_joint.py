"""Asking people only where they and a model are not sure: what a good model spares, and what a hostile one can do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bench.quality.asked
from bench.quality.asked import Asked, ask_drawn, fit
from bench.quality.drawn_models import HOSTILE, Model, by_lot, right_at, the_plain_vote
from piecework.quality import trust
from piecework.quality.adaptive import Policy, assess
from piecework.quality.answers import Answers, Ints, answers_of
from piecework.quality.asking import Asking
from piecework.quality.joint import assess_beside, measure_beside, needed_alone
from piecework.quality.predictions import predictions_of
from piecework.quality.vote import NO_LABEL
from tests.piecework.quality.drawn import draw_crowd

SEEDS = range(4)
COSTS = 0.005
"""Half a point: what a hostile model may cost in the mean of the seeds."""
BUYS = 1.03
"""Times the answers that people alone need."""


CROWD: dict[str, Any] = {"labels": 4, "skill": (0.5, 0.85)}
"""On which an echo is worth most."""


def asked(model: Model | None) -> tuple[float, float]:
    """Mean answers bought, and mean share of right labels."""
    runs = [ask_drawn(model, seed=seed, **CROWD) for seed in SEEDS]
    return float(np.mean([run.asking.size for run in runs])), float(np.mean([run.right for run in runs]))


@pytest.fixture(scope="module")
def alone() -> tuple[float, float]:
    return asked(None)


def test_a_good_model_spares_answers_and_costs_no_accuracy(alone: tuple[float, float]) -> None:
    bought, right = asked(right_at(0.95))
    assert bought < 0.9 * alone[0]
    assert right >= alone[1]


@pytest.mark.parametrize("model", HOSTILE, ids=lambda model: model.__name__)
def test_a_hostile_model_costs_little_money_and_little_accuracy(alone: tuple[float, float], model: Model) -> None:
    bought, right = asked(model)
    assert bought < BUYS * alone[0]
    assert right > alone[1] - COSTS


def test_without_a_measure_a_model_by_lot_does_harm(
    alone: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def believed(sayings: object, posterior: np.ndarray, which: np.ndarray) -> np.ndarray:
        return np.log(np.where(np.eye(4) > 0, 0.85, 0.05) / 0.25)

    monkeypatch.setattr(trust, "evidence_table", believed)
    monkeypatch.setattr(trust, "_best_weight", lambda *_: (1.0, 1.0, 1.0))
    _, right = asked(by_lot)
    assert right < alone[1] - COSTS, "this check must be able to fail"


def test_if_nobody_asked_when_it_spoke_an_echo_of_the_answers_would_do_harm(
    alone: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `spoke_after` prevents: the vote so far, taken for somebody who knew nothing of it."""
    real = bench.quality.asked.measure_beside
    monkeypatch.setattr(bench.quality.asked, "measure_beside", lambda *given, **_: real(*given, spoke_after=0))
    _, right = asked(the_plain_vote)
    assert right < alone[1] - COSTS, "this check must be able to fail"


@pytest.fixture(scope="module")
def with_a_model() -> Asked:
    run = ask_drawn(right_at(0.9), seed=3)
    assert run.measured is not None
    assert run.measured.trust.is_trusted
    return run


def test_the_gateway_and_whoever_computes_it_again_come_to_the_same_digits(with_a_model: Asked) -> None:
    assert with_a_model.joint is not None
    assert np.array_equal(with_a_model.asking.confidence(), with_a_model.joint.confidence)
    assert not np.array_equal(with_a_model.asking.confidence(), with_a_model.found.confidence)


def test_no_task_stops_at_a_label_that_is_not_peoples_own(with_a_model: Asked) -> None:
    joint, people = with_a_model.joint, with_a_model.found.label
    assert joint is not None
    overruled = joint.label != people
    assert overruled.any()
    assert (joint.posterior[overruled] > 0).all()
    assert not joint.confidence[overruled].any()


def flat_crowd(tasks: int, said: Ints) -> tuple[Asking, Answers]:
    """Three workers of 85 % answer all tasks but the last two, which two of them answer alike and truly; the model's
    word is `said`."""
    pool, truth = draw_crowd(tasks=tasks, workers=3, per_task=3, labels=2, skill=(0.85, 0.85), seed=6)
    asking = Asking(
        labels=2, cap=6, policy=Policy(confidence=0.96, shared_tasks=0.0, seed=3),
        choosable=np.ones(tasks, dtype=np.bool_),
    )  # fmt: skip
    for task, worker, label in zip(pool.task.tolist(), pool.worker.tolist(), pool.label.tolist(), strict=True):
        if task < tasks - 2:
            asking.add(task, worker, label)
    for task in (tasks - 2, tasks - 1):
        for worker in range(2):
            asking.add(task, worker, int(truth[task]))
    model = np.where(said == NO_LABEL, truth, said)
    fit(asking, (0, predictions_of(model, tasks=tasks, labels=2)))
    return asking, asking.answers()


def test_of_two_tasks_that_people_answered_alike_the_one_that_the_model_contradicts_is_asked() -> None:
    said = np.full(150, NO_LABEL)
    _, truth = draw_crowd(tasks=150, workers=3, per_task=3, labels=2, skill=(0.85, 0.85), seed=6)
    said[149] = 1 - truth[149]
    asking, _ = flat_crowd(150, said)
    sure = asking.confidence()
    assert sure[148] > sure[149]
    order = asking.rank(None, asking.answered, np.zeros(150, dtype=np.bool_), np.random.default_rng(1)).tasks.tolist()
    assert 149 in order
    assert 148 not in order or order.index(149) < order.index(148)


def test_a_model_counts_for_nothing_until_enough_people_have_answered() -> None:
    pool, truth = draw_crowd(tasks=trust.LEAST_MEASURED - 1, workers=8, per_task=4, labels=2, skill=(0.7, 0.9), seed=2)
    policy = Policy(confidence=0.95, seed=1)
    found = assess(pool, policy)
    measured = measure_beside(pool, found, predictions_of(truth, tasks=pool.tasks, labels=2), policy, spoke_after=0)
    assert measured.trust.verdict == "too_little"
    joint = assess_beside(pool, found, measured, policy)
    assert np.array_equal(joint.confidence, found.confidence)
    assert np.array_equal(joint.label, found.label)


def test_another_model_takes_nothing_over_from_the_one_before() -> None:
    run = ask_drawn(right_at(0.9), seed=4, tasks=120)
    asking = run.asking
    assert asking.is_done()
    asking.forget_model()
    assert not asking.is_fitted
    assert (asking.confidence() < asking.policy.confidence).any(), "the model before still speaks"
    fit(asking, None)
    assert np.array_equal(asking.confidence(), run.found.confidence)


def test_known_answers_that_the_model_gets_wrong_take_its_word_away() -> None:
    pool, truth = draw_crowd(tasks=300, workers=20, per_task=3, labels=2, skill=(0.7, 0.9), seed=5)
    policy, known = Policy(confidence=0.95, seed=1), np.full(300, NO_LABEL)
    said = right_at(0.9)(pool, truth, np.random.default_rng(1))
    known[:60] = truth[:60]
    said[:60] = 1 - truth[:60]
    found = assess(pool, policy)
    both = predictions_of(said, tasks=300, labels=2)
    assert measure_beside(pool, found, both, policy, spoke_after=0).trust.is_trusted
    assert (
        measure_beside(pool, found, both, policy, spoke_after=0, known=known).trust.verdict
        == "known_answers_contradict"
    )


def test_what_people_alone_would_need_is_as_counted_one_by_one() -> None:
    pool, _ = draw_crowd(tasks=60, workers=12, per_task=3, labels=2, skill=(0.75, 0.95), seed=8)
    policy, cap = Policy(confidence=0.9, seed=1), 6
    found = assess(pool, policy)
    needed = needed_alone(pool, found, policy, cap)
    assert ((needed == 0) >= (found.confidence >= policy.confidence)).all()
    assert (needed <= cap - pool.per_task()).all()
    open_one = int(np.flatnonzero((needed > 0) & (needed < cap - pool.per_task()))[0])
    # Newcomers who agree, added for real under the same tables, come as near as a fit that moves allows.
    newcomers = [100 + at for at in range(int(needed[open_one]))]
    task = np.concatenate([pool.task, np.full(len(newcomers), open_one)])
    worker = np.concatenate([pool.worker, np.arange(12, 12 + len(newcomers))])
    label = np.concatenate([pool.label, np.full(len(newcomers), found.label[open_one])])
    more = answers_of(task, worker, label, tasks=60, workers=12 + len(newcomers), labels=2)
    assert assess(more, policy).confidence[open_one] > policy.confidence - 0.02
    assert found.confidence[open_one] < policy.confidence
