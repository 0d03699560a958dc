"""What an honest worker of this crowd would say: chances of error by worker, by label and by task.

The chance of an error is logistic in the crowd's level, the worker, the worker on this label, and the task's
difficulty (after G. Rasch, "Probabilistic Models for Some Intelligence and Attainment Tests", 1960). The part of the
worker on a label keeps people who share a habit, as a language or a school of thought gives it, from looking like
people who copy; the task's part keeps hard tasks from doing so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from piecework.quality.answers import Answers, Floats, Ints
from piecework.quality.vote import NO_LABEL

_SWEEPS = 25
# Standard deviations, in logits, of what is thought of workers, of workers on a label, and of tasks beforehand.
_WORKER, _HABIT, _TASK = 1.0, 1.0, 1.5
# Weight, in answers, of the crowd's usual error when a task's own errors are counted.
_USUAL = 1.0


@dataclass(frozen=True)
class Honest:
    """`logit`: (answers,), of the chance that this worker errs on this task. `error`: (answers,), whether it did.

    `weight`: (answers,), how much each counts for its task's difficulty. `task_slope`: (tasks,), how firmly that is
    known. `usual`: (labels true, labels said), of errors alone. `errors`: (tasks, labels), counts by weight.
    """

    answers: Answers
    label: Ints
    logit: Floats
    error: Floats
    weight: Floats
    task_slope: Floats
    usual: Floats
    errors: Floats

    @property
    def chance(self) -> Floats:
        """Of an error, (answers,)."""
        return _logistic(self.logit)

    def chance_without(self, answer: Ints, other: Ints) -> Floats:
        """Chance of an error at `answer` if neither that nor the `other` answer to the same task had been given.

        One Newton step back from the fitted difficulty: otherwise two who copy would make the task look hard.
        """
        p, task = self.chance, self.answers.task[answer]
        pull = sum((self.weight * (self.error - p))[each] for each in (answer, other))
        slope = self.task_slope[task] - sum((self.weight * p * (1.0 - p))[each] for each in (answer, other))
        return _logistic(self.logit[answer] - pull / np.maximum(slope, 1.0 / _TASK**2))

    def same_error_chance(self, answer: Ints, other: Ints) -> Floats:
        """Chance that who errs at `answer` gives just the label of the `other` (wrong) answer to the same task."""
        answers = self.answers
        task, said, true = answers.task[answer], answers.label[other], self.label[answers.task[answer]]
        error = self.error * self.weight
        same = self.errors[task, said] - error[other] - error[answer] * (answers.label[answer] == said)
        total = self.errors[task].sum(axis=1) - error[answer] - error[other]
        usual = _USUAL * self.usual[true, said]
        chance: Floats = (np.maximum(same, 0.0) + usual) / (np.maximum(total, 0.0) + _USUAL)
        return chance


def fit_honest(answers: Answers, label: Ints, weight: Floats | None = None) -> Honest:
    """`label`: (tasks,), as inferred. Answers to tasks without a label count as no error. `weight`: (answers,), what
    each says of its task's difficulty and of the crowd; 1 for all by default."""
    weight = np.ones(answers.size) if weight is None else weight
    true = label[answers.task]
    error = ((answers.label != true) & (true != NO_LABEL)).astype(np.float64)
    habit = answers.worker * (answers.labels + 1) + true + 1
    blocks = (
        (answers.worker, answers.workers, _WORKER, np.ones(answers.size)),
        (habit, answers.workers * (answers.labels + 1), _HABIT, np.ones(answers.size)),
        (answers.task, answers.tasks, _TASK, weight),
    )
    level = float(np.log(((weight * error).sum() + 1.0) / ((weight * (1.0 - error)).sum() + 1.0)))
    values = [np.zeros(block[1]) for block in blocks]
    for _ in range(_SWEEPS):
        for number, (place, count, deviation, counts) in enumerate(blocks):
            p = _logistic(level + sum(v[b[0]] for v, b in zip(values, blocks, strict=True)))
            pull = np.bincount(place, weights=counts * (error - p), minlength=count) - values[number] / deviation**2
            slope = np.bincount(place, weights=counts * p * (1.0 - p), minlength=count) + 1.0 / deviation**2
            values[number] = values[number] + np.clip(pull / slope, -1.0, 1.0)
        p = _logistic(level + sum(v[b[0]] for v, b in zip(values, blocks, strict=True)))
        step = (weight * (error - p)).sum() / max(1e-9, (weight * p * (1.0 - p)).sum())
        level += float(np.clip(step, -1.0, 1.0))
    logit = level + sum(v[b[0]] for v, b in zip(values, blocks, strict=True))
    p = _logistic(logit)
    known = np.bincount(answers.task, weights=weight * p * (1.0 - p), minlength=answers.tasks).astype(np.float64)
    known += 1.0 / _TASK**2
    usual, errors = _usual_errors(answers, true, error), _errors(answers, weight * error)
    return Honest(answers, label, logit, error, weight, known, usual, errors)


def _errors(answers: Answers, error: Floats) -> Floats:
    cell = answers.task * answers.labels + answers.label
    counts = np.bincount(cell, weights=error, minlength=answers.tasks * answers.labels)
    return counts.reshape(answers.tasks, answers.labels).astype(np.float64)


def _usual_errors(answers: Answers, true: Ints, error: Floats) -> Floats:
    labels = answers.labels
    wrong = error > 0
    counts = np.bincount(true[wrong] * labels + answers.label[wrong], minlength=labels * labels)
    smoothed = counts.reshape(labels, labels) + 0.5
    np.fill_diagonal(smoothed, 0.0)
    share: Floats = smoothed / np.maximum(smoothed.sum(axis=1, keepdims=True), 1e-9)
    return share


def _logistic(logit: Floats) -> Floats:
    chance: Floats = 1.0 / (1.0 + np.exp(-np.clip(logit, -30.0, 30.0)))
    return chance
