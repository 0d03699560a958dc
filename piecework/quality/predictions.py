"""What a model says of tasks: a label each, or none, and how sure it claims to be.

A claim of confidence is only used to sort: which claims are worth what is measured, like everything else about it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from piecework.quality.answers import AnswersInvalid, Bools, Floats, Ints
from piecework.quality.vote import NO_LABEL

BAND_TASKS = 50
"""Measured tasks that a band of confidence needs."""
MOST_BANDS = 5


@dataclass(frozen=True)
class Predictions:
    """`label`: (tasks,), NO_LABEL where the model says nothing. `confidence`: (tasks,), from 0 to 1; NaN if not told.

    The prediction of a task must not have been made from people's answers to that task: a model that learns from
    answers is cross-fitted by whoever makes it.
    """

    label: Ints
    confidence: Floats

    def given(self) -> Bools:
        """Whether the model says something, (tasks,)."""
        there: Bools = self.label != NO_LABEL
        return there


@dataclass(frozen=True)
class Sayings:
    """Each different thing that a model may say is a label in a band of claimed confidence.

    `of_task`: (tasks,), NO_LABEL where it says nothing; `label`: (sayings,), the label that each stands for.
    """

    of_task: Ints
    label: Ints


def predictions_of(label: ArrayLike, confidence: ArrayLike | None = None, *, tasks: int, labels: int) -> Predictions:
    """Checks and wraps. Raises AnswersInvalid for other lengths, labels out of range or confidences beyond 0..1."""
    said = np.asarray(label)
    if said.shape != (tasks,) or (said.size and not np.issubdtype(said.dtype, np.integer)):
        raise AnswersInvalid(f"there must be one label number for each of {tasks} tasks, {NO_LABEL} for none")
    if said.min(initial=NO_LABEL) < NO_LABEL or said.max(initial=NO_LABEL) >= labels:
        raise AnswersInvalid(f"predicted labels must lie in 0..{labels - 1}, or be {NO_LABEL}")
    sure = np.full(tasks, np.nan) if confidence is None else np.asarray(confidence, dtype=np.float64)
    if sure.shape != (tasks,):
        raise AnswersInvalid(f"there must be one confidence for each of {tasks} tasks")
    if not np.logical_or(np.isnan(sure), (sure >= 0.0) & (sure <= 1.0)).all():
        raise AnswersInvalid("a confidence must lie in 0..1, or be NaN where none is told")
    return Predictions(said.astype(np.int64), sure)


def predictions_from_chances(chances: Floats) -> Predictions:
    """From probabilities (tasks, labels): the likeliest label of each; a row of NaN says nothing."""
    tasks, labels = chances.shape
    told = np.logical_not(np.isnan(chances).any(axis=1))
    if labels == 0 or not told.any():
        return predictions_of(np.full(tasks, NO_LABEL), tasks=tasks, labels=labels)
    filled = np.where(told[:, None], chances, 0.0)
    label = np.where(told, filled.argmax(axis=1), NO_LABEL)
    return predictions_of(label, np.where(told, filled.max(axis=1), np.nan), tasks=tasks, labels=labels)


def sayings_of(predictions: Predictions, measured: Bools, labels: int) -> Sayings:
    """Bands are quantiles of the claims for one label, as many as the `measured` (tasks,) ones can tell apart."""
    of_task = np.full(predictions.label.size, NO_LABEL, dtype=np.int64)
    stands_for: list[int] = []
    for label in range(labels):
        says = predictions.label == label
        told = says & ~np.isnan(predictions.confidence)
        bands = min(MOST_BANDS, max(1, int((told & measured).sum()) // BAND_TASKS))
        edges = np.zeros(0)
        if bands > 1:
            claims = predictions.confidence[told]
            edges = np.unique(np.quantile(claims, np.arange(1, bands) / bands))
            edges = edges[edges > claims.min()]
        of_task[says & ~told] = len(stands_for)
        if (says & ~told).any():
            stands_for.append(label)
        if told.any():
            of_task[told] = len(stands_for) + np.searchsorted(edges, predictions.confidence[told], side="right")
            stands_for += [label] * (len(edges) + 1)
    return Sayings(of_task, np.array(stands_for, dtype=np.int64))
