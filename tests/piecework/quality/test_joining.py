"""People and a model together: a good model helps, and none that is worthless, hostile or an echo does harm."""

from __future__ import annotations

import numpy as np
import pytest

from bench.quality.drawn_models import HOSTILE, Model, by_lot, right_at, the_plain_vote
from piecework.quality import trust
from piecework.quality.answers import Answers, AnswersInvalid, Ints, answers_of
from piecework.quality.infer import infer_labels
from piecework.quality.joining import answers_saved, infer_with_model
from piecework.quality.predictions import Predictions, predictions_from_chances, predictions_of, sayings_of
from piecework.quality.vote import NO_LABEL
from tests.piecework.quality.conftest import Crowd
from tests.piecework.quality.drawn import draw_crowd

NOISE = 0.005
"""Half a point: what a worthless model may cost in the mean of the seeds."""


def joined(answers: Answers, said: Ints) -> tuple[Ints, Ints, trust.Trust]:
    """Labels of people alone, labels of both, and the trust."""
    found = infer_with_model(answers, predictions_of(said, tasks=answers.tasks, labels=answers.labels))
    return found.people.label, found.labelling.label, found.trust


def gain(crowd: Crowd, model: Model, *, share: float, seeds: int) -> float:
    """Mean accuracy with the model less that of people alone, on a random part of the answers."""
    truth = np.where(crowd.truth >= 0, crowd.truth, 0)
    gains = []
    for seed in range(seeds):
        random = np.random.default_rng(seed)
        kept = np.sort(random.permutation(crowd.answers.size)[: round(share * crowd.answers.size)])
        part = crowd.answers.take(kept)
        people, both, _ = joined(part, model(part, truth, random))
        answered = (crowd.truth >= 0) & (part.per_task() > 0)
        gains.append(float((both == crowd.truth)[answered].mean() - (people == crowd.truth)[answered].mean()))
    return float(np.mean(gains))


@pytest.mark.parametrize("share", [0.3, 1.0])
@pytest.mark.parametrize("model", HOSTILE, ids=lambda model: model.__name__)
def test_a_hostile_model_pulls_accuracy_down_by_no_more_than_noise(
    real_crowd: Crowd, model: Model, share: float
) -> None:
    assert gain(real_crowd, model, share=share, seeds=2 if real_crowd.answers.tasks > 1000 else 4) > -NOISE


def test_without_the_echo_check_the_plain_vote_does_harm(real_crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    if real_crowd.answers.tasks < 1000:
        return  # the most harm, and the least noise, is on the largest
    monkeypatch.setattr(trust, "ECHO_SHARE", 1.1)
    assert gain(real_crowd, the_plain_vote, share=1.0, seeds=1) < -NOISE, "this check must be able to fail"


def test_without_a_measure_a_model_by_lot_does_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    answers, truth = draw_crowd(tasks=400, workers=40, per_task=3, labels=2, skill=(0.6, 0.9), seed=1)
    crowd = Crowd(answers, truth)
    assert gain(crowd, by_lot, share=1.0, seeds=3) > -NOISE

    def believed(sayings: object, posterior: np.ndarray, which: np.ndarray) -> np.ndarray:
        return np.log(np.where(np.eye(2) > 0, 0.95, 0.05) / 0.5)

    monkeypatch.setattr(trust, "evidence_table", believed)
    monkeypatch.setattr(trust, "_best_weight", lambda *_: (1.0, 1.0, 1.0))
    assert gain(crowd, by_lot, share=1.0, seeds=3) < -NOISE, "this check must be able to fail"


def test_a_good_model_lifts_accuracy_where_answers_are_few() -> None:
    for seed in range(3):
        answers, truth = draw_crowd(tasks=600, workers=60, per_task=2, labels=3, skill=(0.5, 0.8), seed=seed)
        people, both, found = joined(answers, right_at(0.9)(answers, truth, np.random.default_rng(seed)))
        assert found.verdict == "trusted"
        assert (both == truth).mean() > (people == truth).mean() + 0.05


@pytest.mark.parametrize("share", [0.6, 0.75, 0.9])
def test_the_measured_accuracy_is_the_real_one_within_its_interval(share: float) -> None:
    """People's own doubt is taken out: two people of three right would make a perfect model look middling."""
    held = 0
    for seed in range(20):
        answers, truth = draw_crowd(tasks=500, workers=50, per_task=4, labels=2, skill=(0.6, 0.9), seed=seed)
        said = right_at(share)(answers, truth, np.random.default_rng(seed))
        _, _, found = joined(answers, said)
        assert found.accuracy is not None
        held += found.accuracy.low <= (said == truth).mean() <= found.accuracy.high
    assert held >= 17


def test_few_lucky_hits_give_no_weight() -> None:
    """Right on all of the tasks that measure it, but those are few."""
    answers, truth = draw_crowd(tasks=15, workers=8, per_task=5, labels=2, skill=(0.7, 0.9), seed=3)
    _, _, found = joined(answers, truth)
    assert found.verdict == "too_little"
    assert not any(found.weights)


def test_a_model_that_is_right_on_known_answers_only_gains_nothing_by_them() -> None:
    answers, truth = draw_crowd(tasks=400, workers=30, per_task=4, labels=2, skill=(0.6, 0.9), seed=4)
    random = np.random.default_rng(4)
    known = np.full(400, NO_LABEL)
    seen = random.permutation(400)[:80]
    known[seen] = truth[seen]
    said = random.integers(2, size=400)
    said[seen] = truth[seen]
    found = infer_with_model(answers, predictions_of(said, tasks=400, labels=2), known=known)
    assert found.trust.known is not None
    assert found.trust.known.value == 1.0
    assert found.trust.verdict == "no_gain"
    assert np.array_equal(found.labelling.label, infer_labels(answers).label)


def test_a_model_that_fails_known_answers_is_left_out() -> None:
    answers, truth = draw_crowd(tasks=400, workers=30, per_task=4, labels=2, skill=(0.6, 0.9), seed=5)
    random = np.random.default_rng(5)
    known = np.full(400, NO_LABEL)
    seen = random.permutation(400)[:60]
    known[seen] = truth[seen]
    said = right_at(0.95)(answers, truth, random)
    fine = infer_with_model(answers, predictions_of(said, tasks=400, labels=2), known=known)
    assert fine.trust.verdict == "trusted"
    said[seen] = 1 - truth[seen]
    failed = infer_with_model(answers, predictions_of(said, tasks=400, labels=2), known=known)
    assert failed.trust.verdict == "known_answers_contradict"
    assert np.array_equal(failed.labelling.label, failed.people.label)


def test_skills_are_those_of_people_alone() -> None:
    answers, truth = draw_crowd(tasks=400, workers=30, per_task=2, labels=3, skill=(0.5, 0.8), seed=6)
    found = infer_with_model(answers, predictions_of(truth, tasks=400, labels=3))
    assert found.trust.is_trusted
    assert not np.array_equal(found.labelling.label, found.people.label)
    assert found.labelling.skill is found.people.skill


def test_a_task_that_nobody_answered_gets_the_word_of_a_trusted_model() -> None:
    answers, truth = draw_crowd(tasks=300, workers=30, per_task=4, labels=2, skill=(0.7, 0.9), seed=7)
    more = answers_of(answers.task, answers.worker, answers.label, tasks=350, workers=30, labels=2)
    whole = np.concatenate([truth, np.zeros(50, dtype=np.int64)])
    found = infer_with_model(more, predictions_of(whole, tasks=350, labels=2))
    assert (found.people.label[300:] == NO_LABEL).all()
    assert (found.labelling.label[300:] == 0).all()
    assert (found.labelling.confidence[300:] < 1.0).all()


def test_a_trusted_model_spares_answers_and_a_worthless_one_none() -> None:
    answers, truth = draw_crowd(tasks=400, workers=40, per_task=5, labels=2, skill=(0.6, 0.85), seed=8)
    good = predictions_of(right_at(0.92)(answers, truth, np.random.default_rng(80)), tasks=400, labels=2)
    poor = predictions_of(np.random.default_rng(88).integers(2, size=400), tasks=400, labels=2)
    saving = answers_saved(answers, lambda _: good)
    assert 0.1 * answers.size < saving.saved < answers.size
    assert answers_saved(answers, lambda _: poor).saved == 0


def test_claimed_confidence_is_worth_what_it_was_measured_to_be() -> None:
    """A model that always claims to be sure is taken no more seriously than one that claims nothing."""
    answers, truth = draw_crowd(tasks=400, workers=40, per_task=3, labels=2, skill=(0.6, 0.85), seed=9)
    said = right_at(0.7)(answers, truth, np.random.default_rng(9))
    boasting = infer_with_model(answers, predictions_of(said, np.ones(400), tasks=400, labels=2))
    silent = infer_with_model(answers, predictions_of(said, tasks=400, labels=2))
    assert np.array_equal(boasting.labelling.confidence, silent.labelling.confidence)
    assert (boasting.labelling.confidence < 1.0).all()


def test_claims_that_sort_well_help_more_than_none() -> None:
    gains = []
    for seed in range(4):
        answers, truth = draw_crowd(tasks=2000, workers=60, per_task=3, labels=2, skill=(0.6, 0.8), seed=seed)
        random = np.random.default_rng(100 + seed)
        sure = random.uniform(0.5, 1.0, 2000)
        said = np.where(random.random(2000) < sure, truth, 1 - truth)
        with_claims = infer_with_model(answers, predictions_of(said, sure, tasks=2000, labels=2))
        without = infer_with_model(answers, predictions_of(said, tasks=2000, labels=2))
        gains.append((with_claims.labelling.label == truth).mean() - (without.labelling.label == truth).mean())
    assert np.mean(gains) > 0.005


def test_more_labels_than_fit_leave_the_model_out() -> None:
    task, worker = np.arange(3000), np.zeros(3000, dtype=np.int64)
    answers = answers_of(task, worker, task, labels=3000)
    found = infer_with_model(answers, predictions_of(task, tasks=3000, labels=3000))
    assert found.trust.verdict == "too_many_labels"
    assert found.labelling is found.people


def test_the_same_seed_gives_the_same_labels_and_trust() -> None:
    answers, truth = draw_crowd(tasks=200, workers=20, per_task=3, labels=3, skill=(0.5, 0.9), seed=11)
    said = predictions_of(right_at(0.8)(answers, truth, np.random.default_rng(1)), tasks=200, labels=3)
    one, two = infer_with_model(answers, said), infer_with_model(answers, said)
    assert one.trust == two.trust
    assert np.array_equal(one.labelling.confidence, two.labelling.confidence)
    assert one.method() == two.method()


def test_predictions_are_checked() -> None:
    with pytest.raises(AnswersInvalid, match="one label number for each of 3"):
        predictions_of(np.array([0, 1]), tasks=3, labels=2)
    with pytest.raises(AnswersInvalid, match=r"must lie in 0\.\.1, or be -1"):
        predictions_of(np.array([0, 2]), tasks=2, labels=2)
    with pytest.raises(AnswersInvalid, match="confidence must lie"):
        predictions_of(np.array([0, 1]), np.array([0.5, 1.5]), tasks=2, labels=2)


def test_a_row_of_no_probabilities_says_nothing() -> None:
    found = predictions_from_chances(np.array([[0.2, 0.8], [np.nan, np.nan]]))
    assert found.label.tolist() == [1, NO_LABEL]
    assert found.confidence[0] == 0.8


def test_bands_hold_enough_measured_tasks() -> None:
    sure = np.linspace(0.5, 1.0, 200)
    everything = Predictions(np.zeros(200, dtype=np.int64), sure)
    assert sayings_of(everything, np.ones(200, dtype=np.bool_), 2).label.size == 4
    assert sayings_of(everything, np.arange(200) < 60, 2).label.size == 1
