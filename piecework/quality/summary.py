"""A crowd's work in a few numbers: how sure, how agreed, what is taken for what, and which tasks to ask again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from piecework.quality.answers import Answers, Floats, Ints
from piecework.quality.infer import Labelling, infer_labels
from piecework.quality.intervals import Share, counted_share, label_accuracy
from piecework.quality.vote import NO_LABEL

MOST_CONFUSION_LABELS = 40


def estimated_accuracy(answers: Answers, found: Labelling) -> Share | None:
    """Of the labels that were `found` from `answers`, without a look at the truth; None if there are none."""
    labelled = found.label != NO_LABEL
    alone = replace(found.parameters, model=found.model, correlation=0.0, shared_error=0.0)
    independent = infer_labels(answers, alone).confidence
    return label_accuracy(found.confidence[labelled], independent[labelled])


def pairwise_agreement(answers: Answers) -> Share | None:
    """The share of equal answers among all pairs of answers to one task; None if no task has two.

    The interval counts tasks, not pairs: pairs of one task are no independent observations.
    """
    per_task = answers.per_task().astype(np.float64)
    pairs = per_task * (per_task - 1.0) / 2.0
    if not pairs.sum():
        return None
    cells, votes = np.unique(answers.task * max(1, answers.labels) + answers.label, return_counts=True)
    same = np.bincount(cells // max(1, answers.labels), weights=votes * (votes - 1.0) / 2.0, minlength=answers.tasks)
    compared = int((pairs > 0).sum())
    return counted_share(float(same.sum() / pairs.sum()) * compared, compared)


def confusion_counts(answers: Answers, found: Labelling) -> Floats | None:
    """Expected answers (labels said, labels true), from posteriors; None when there are too many labels to show."""
    if found.posterior is None or answers.labels > MOST_CONFUSION_LABELS:
        return None
    counts = np.zeros((answers.labels, answers.labels))
    np.add.at(counts, answers.label, found.posterior[answers.task])
    return counts


def confidence_histogram(found: Labelling, bins: int = 10) -> Ints:
    """Labelled tasks by confidence, (bins,), equal bins from 0 to 1."""
    trust = found.confidence[found.label != NO_LABEL]
    place = np.minimum((trust * bins).astype(np.int64), bins - 1)
    return np.bincount(place, minlength=bins)


def label_counts(found: Labelling, labels: int) -> Ints:
    """Tasks of each label, (labels,)."""
    return np.bincount(found.label[found.label != NO_LABEL], minlength=labels)


def least_certain(found: Labelling, count: int) -> Ints:
    """At most `count` labelled tasks, the least certain first; the first among equals."""
    labelled = np.flatnonzero(found.label != NO_LABEL)
    order = np.argsort(found.confidence[labelled], kind="stable")
    return labelled[order[:count]]


def runner_up(found: Labelling, task: int) -> tuple[int, float] | None:
    """The second likeliest label of a task with its chance; None if it is not known."""
    if found.posterior is None or found.posterior.shape[1] < 2:
        return None
    chances = found.posterior[task].copy()
    chances[found.label[task]] = -1.0
    second = int(chances.argmax())
    return second, float(chances[second])
