"""Votes: each answer counts once, or as much as its worker's weight."""

from __future__ import annotations

import numpy as np

from piecework.quality.answers import Answers, AnswersInvalid, Floats, Ints

TIE_TOLERANCE = 1e-9
NO_LABEL = -1

# What is thought of a crowd before it has answered, and how many answers that is worth.
CROWD_ACCURACY = 0.7
CROWD_ANSWERS = 4.0


def crowd_accuracy(right: float, answers: int) -> float:
    """Expected share of right answers of a whole crowd, with `right` (may be fractional) of `answers` right."""
    return float((right + CROWD_ANSWERS * CROWD_ACCURACY) / (answers + CROWD_ANSWERS))


def vote_shares(answers: Answers, weight: Floats | None = None) -> Floats:
    """Share of each label in each task's answers, shape (tasks, labels); a row without answers is uniform.

    `weight`: shape (workers,), none negative; every answer counts 1 without it.
    """
    cells = answers.task * answers.labels + answers.label
    each = None if weight is None else np.maximum(weight, 0.0)[answers.worker]
    votes = np.bincount(cells, weights=each, minlength=answers.tasks * answers.labels)
    votes = votes.reshape(answers.tasks, answers.labels).astype(np.float64)
    total = votes.sum(axis=1, keepdims=True)
    uniform = np.full_like(votes, 1.0 / max(1, answers.labels))
    shares: Floats = np.divide(votes, total, out=uniform, where=total > 0)
    return shares


def best_label(answers: Answers, score: Floats) -> Ints:
    """The label with the highest score in each task, shape (tasks,); NO_LABEL for a task without answers.

    Among equals the one that was given first wins, so that neither the numbering of labels nor that of workers
    can change the outcome; a label that nobody gave comes last.
    """
    if answers.tasks == 0 or answers.labels == 0:
        return np.full(answers.tasks, NO_LABEL, dtype=np.int64)
    top = score.max(axis=1)
    best: Ints = score.argmax(axis=1).astype(np.int64)
    is_top = score >= (top - TIE_TOLERANCE)[:, None]
    tied = is_top.sum(axis=1) > 1
    if tied.any():
        contenders = np.flatnonzero(tied[answers.task] & is_top[answers.task, answers.label])[::-1]
        best[answers.task[contenders]] = answers.label[contenders]
    best[answers.per_task() == 0] = NO_LABEL
    return best


def majority_vote(answers: Answers) -> Ints:
    """The most frequent label of each task; see `best_label` for ties."""
    return best_label(answers, vote_shares(answers))


def weighted_vote(answers: Answers, weight: Floats) -> Ints:
    """The label with the most weight behind it; `weight`: (workers,), where one that is not above zero has no say.

    Raises AnswersInvalid for a weight that is missing or no finite number.
    """
    if weight.shape != (answers.workers,) or not np.isfinite(weight).all():
        raise AnswersInvalid(f"there must be one finite weight for each of {answers.workers} workers")
    return best_label(answers, vote_shares(answers, weight))


def vote_weight(accuracy: Floats, labels: int) -> Floats:
    """The weight, (workers,), that makes the vote of independent workers of known `accuracy` right most often.

    Log odds against one of the `labels - 1` evenly likely wrong labels; nothing for who is worse than guessing.
    S. Nitzan, J. Paroush, "Optimal Decision Rules in Uncertain Dichotomous Choice Situations" (1982).
    """
    sure = np.clip(accuracy, 1e-9, 1.0 - 1e-9)
    return np.maximum(np.log(sure * max(1, labels - 1) / (1.0 - sure)), 0.0)
