"""Labels that follow each answer."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from piecework.quality.answers import Answers, AnswersInvalid, Ints
from piecework.quality.confusion import fit_confusion
from piecework.quality.streaming import LabelStream
from piecework.quality.vote import NO_LABEL, best_label
from tests.piecework.quality.drawn import draw_crowd


def streamed(pool: Answers, *, refits: bool) -> LabelStream:
    stream = LabelStream(pool.tasks, pool.workers, pool.labels)
    for task, worker, label in zip(pool.task.tolist(), pool.worker.tolist(), pool.label.tolist(), strict=True):
        stream.add(task, worker, label)
        if refits and stream.refit_is_due():
            stream.refit()
    return stream


def mixed(seed: int) -> tuple[Answers, Ints]:
    """A drawn crowd whose answers come in random order."""
    pool, truth = draw_crowd(tasks=120, workers=20, per_task=7, labels=3, skill=(0.4, 0.95), seed=seed)
    return pool.take(np.random.default_rng(seed).permutation(pool.size)), truth


@pytest.mark.parametrize("seed", range(3))
def test_a_refit_is_the_fit_of_all_answers_at_once(seed: int) -> None:
    pool, _ = mixed(seed)
    stream = streamed(pool, refits=False)
    at_once = fit_confusion(pool)
    assert np.array_equal(stream.refit().posterior, at_once.posterior)
    assert np.array_equal(stream.label(), best_label(pool, at_once.log_posterior))


@pytest.mark.parametrize("seed", range(3))
def test_between_refits_the_labels_stay_close_to_those_of_all_at_once(seed: int) -> None:
    pool, truth = mixed(seed)
    label = streamed(pool, refits=True).label()
    at_once = best_label(pool, fit_confusion(pool).log_posterior)
    assert (label == at_once).mean() > 0.9
    assert (label == truth).mean() > (at_once == truth).mean() - 0.03


def test_what_the_stream_knows_is_the_sum_of_its_answers() -> None:
    """Adding one by one, or refitting and adding on, leaves the counts that the posteriors themselves give."""
    pool, _ = mixed(5)
    stream = streamed(pool, refits=True)
    counts = np.zeros((pool.workers, pool.labels, pool.labels))
    np.add.at(counts, (pool.worker, pool.label), stream._posterior[pool.task])
    assert stream._counts == pytest.approx(counts, abs=1e-9)
    assert stream._prevalence == pytest.approx(stream._posterior.sum(axis=0))
    assert stream._compared == pool.compared().sum()


def test_an_answer_moves_its_own_task_and_no_other() -> None:
    pool, _ = mixed(6)
    stream = streamed(pool.take(np.arange(pool.size - 1)), refits=True)
    before = stream._posterior.copy()
    task, worker, label = int(pool.task[-1]), int(pool.worker[-1]), int(pool.label[-1])
    posterior = stream.add(task, worker, label)
    assert posterior.sum() == pytest.approx(1.0)
    assert posterior[label] > before[task, label]
    others = np.arange(pool.tasks) != task
    assert np.array_equal(stream._posterior[others], before[others])


def test_refits_get_rarer_as_answers_come() -> None:
    stream, at = LabelStream(400, 1, 2), []
    for task in range(400):
        stream.add(task, 0, 0)
        if stream.refit_is_due():
            stream.refit()
            at.append(task)
    assert at[0] == 12
    assert len(at) < 25
    assert all(later > 1.15 * earlier for earlier, later in pairwise(at))


def test_a_wrong_answer_is_refused_and_changes_nothing() -> None:
    stream = LabelStream(2, 2, 2)
    stream.add(0, 0, 1)
    before = stream._posterior.copy()
    for wrong, message in (((0, 0, 0), "already"), ((2, 0, 0), "task"), ((0, -1, 0), "worker"), ((1, 1, 2), "label")):
        with pytest.raises(AnswersInvalid, match=message):
            stream.add(*wrong)
    assert np.array_equal(stream._posterior, before)
    assert stream.label().tolist() == [1, NO_LABEL]
