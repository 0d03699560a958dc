"""Labels that follow each answer as it comes: one task's posterior and its workers' tables, and nothing else.

The incremental form of EM (R. M. Neal and G. E. Hinton, "A View of the EM Algorithm that Justifies Incremental, Sparse,
and Other Variants", 1998) for the tables of `confusion.py`, with the same priors. A task is judged by what its workers
did on other tasks. Tasks that got no new answer keep the posterior they had, so early mistakes about workers stay:
`refit` fits all of them anew, and `refit_is_due` says when, so that all refits together cost a few times the last.
"""

from __future__ import annotations

import numpy as np

from piecework.quality.answers import Answers, AnswersInvalid, Floats, Ints, answers_of
from piecework.quality.confusion import ConfusionFit, ConfusionPrior, fit_confusion
from piecework.quality.vote import best_label, crowd_accuracy

REFIT_GROWTH = 1.2


class LabelStream:
    """`tasks`, `workers`, `labels`: how many of each there may be. Time of `add`: task's answers x labels squared."""

    def __init__(self, tasks: int, workers: int, labels: int, prior: ConfusionPrior | None = None) -> None:
        self.tasks, self.workers, self.labels = tasks, workers, labels
        self._prior = prior or ConfusionPrior()
        self._given: list[tuple[int, int, int]] = []
        self._on_task: list[tuple[list[int], list[int]]] = [([], []) for _ in range(tasks)]
        self._posterior = np.full((tasks, labels), 1.0 / labels)
        self._counts = np.zeros((workers, labels, labels))  # said, true
        self._prevalence = self._posterior.sum(axis=0)
        self._agreed, self._compared = 0.0, 0
        self._diagonal = np.arange(labels)
        self._fitted = 0

    def add(self, task: int, worker: int, label: int) -> Floats:
        """Takes one answer; returns the task's posterior, (labels,). Raises AnswersInvalid, changing nothing."""
        self._check(task, worker, label)
        self._weigh(task, -1)
        workers, said = self._on_task[task]
        workers.append(worker)
        said.append(label)
        self._given.append((task, worker, label))
        self._posterior[task] = self._expect(workers, said)
        self._weigh(task, 1)
        posterior: Floats = self._posterior[task].copy()
        return posterior

    def answers(self) -> Answers:
        """All answers so far, in order."""
        columns: Ints = np.array(self._given, dtype=np.int64).reshape(-1, 3)
        return answers_of(*columns.T, tasks=self.tasks, workers=self.workers, labels=self.labels)

    def label(self) -> Ints:
        """The likeliest label of each task, (tasks,); NO_LABEL without answers."""
        return best_label(self.answers(), self._posterior)

    def refit_is_due(self) -> bool:
        """Whether the answers have grown by a fifth since the last refit, or since the first ten."""
        return len(self._given) > REFIT_GROWTH * max(self._fitted, 10)

    def refit(self) -> ConfusionFit:
        """The same fit as `fit_confusion` of all answers, from which the stream goes on."""
        fit = fit_confusion(self.answers(), self._prior)
        self._fitted = len(self._given)
        self._posterior = np.ascontiguousarray(fit.posterior)
        self._counts[:] = 0.0
        # What the crowd is before any answer: each task's share is weighed in anew below.
        self._prevalence = self._posterior.sum(axis=0)
        self._agreed, self._compared = 0.0, 0
        for task in range(self.tasks):
            self._prevalence -= self._posterior[task]
            self._weigh(task, 1)
        return fit

    def _weigh(self, task: int, sign: int) -> None:
        """Adds (1) what a task, as its posterior says, tells of its workers; or takes that out (-1)."""
        posterior = self._posterior[task]
        self._prevalence += sign * posterior
        workers, said = self._on_task[task]
        if not workers:
            return
        self._counts[workers, said] += sign * posterior
        if len(workers) > 1:
            self._agreed += sign * float(posterior[said].sum())
            self._compared += sign * len(workers)

    def _expect(self, workers: list[int], said: list[int]) -> Floats:
        counts = np.maximum(self._counts[workers], 0.0)  # rounding may leave -1e-17 where nothing is
        right = counts[:, self._diagonal, self._diagonal].sum(axis=1)
        crowd = crowd_accuracy(max(self._agreed, 0.0), self._compared)
        accuracy = (right + self._prior.worker * crowd) / (counts.sum(axis=(1, 2)) + self._prior.worker)
        wrong = (1.0 - accuracy) / max(1, self.labels - 1)
        counts += self._prior.row * wrong[:, None, None]
        counts[:, self._diagonal, self._diagonal] += self._prior.row * (accuracy - wrong)[:, None]
        counts /= counts.sum(axis=1, keepdims=True)
        weight = np.log(counts[np.arange(len(said)), said]).sum(axis=0)
        weight += np.log(np.maximum(self._prevalence, 0.0) + self._prior.prevalence)
        likely = np.exp(weight - weight.max())
        posterior: Floats = likely / likely.sum()
        return posterior

    def _check(self, task: int, worker: int, label: int) -> None:
        limits = (("task", task, self.tasks), ("worker", worker, self.workers), ("label", label, self.labels))
        for name, number, limit in limits:
            if not 0 <= number < limit:
                raise AnswersInvalid(f"{name} numbers must lie in 0..{limit - 1}, not {number}")
        if worker in self._on_task[task][0]:
            raise AnswersInvalid(f"worker {worker} has answered task {task} already")
