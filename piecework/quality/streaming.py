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
        answers = self.answers()
        fit = fit_confusion(answers, self._prior)
        self._go_on_from(answers, fit.posterior)
        return fit

    @classmethod
    def resumed(cls, answers: Answers, posterior: Floats, workers: int) -> LabelStream:
        """A stream that took `answers` and goes on from `posterior` (tasks, labels); `workers`: room for so many."""
        stream = cls(answers.tasks, workers, answers.labels)
        columns = (answers.task.tolist(), answers.worker.tolist(), answers.label.tolist())
        for task, worker, label in zip(*columns, strict=True):
            stream._given.append((task, worker, label))
            stream._on_task[task][0].append(worker)
            stream._on_task[task][1].append(label)
        stream._go_on_from(answers, posterior)
        return stream

    def grow(self, workers: int) -> None:
        """Makes room for `workers` in all."""
        new = np.zeros((workers - self.workers, self.labels, self.labels))
        self._counts = np.concatenate([self._counts, new])
        self.workers = workers

    def on_task(self, task: int) -> tuple[list[int], list[int]]:
        """Who answered a task and what, in order."""
        return self._on_task[task]

    def tables(self, workers: list[int], prior: ConfusionPrior) -> Floats:
        """Tables as known so far, (len(workers), labels said, labels true); who gave no answer has the crowd's."""
        counts = np.maximum(self._counts[workers], 0.0)  # rounding may leave -1e-17 where nothing is
        right = counts[:, self._diagonal, self._diagonal].sum(axis=1)
        crowd = crowd_accuracy(max(self._agreed, 0.0), self._compared)
        accuracy = (right + prior.worker * crowd) / (counts.sum(axis=(1, 2)) + prior.worker)
        wrong = (1.0 - accuracy) / max(1, self.labels - 1)
        counts += prior.row * wrong[:, None, None]
        counts[:, self._diagonal, self._diagonal] += prior.row * (accuracy - wrong)[:, None]
        counts /= counts.sum(axis=1, keepdims=True)
        return counts

    def log_prevalence(self) -> Floats:
        """(labels,): logarithms of how common each label is, as known so far."""
        prevalence = np.maximum(self._prevalence, 0.0) + self._prior.prevalence
        logarithm: Floats = np.log(prevalence / prevalence.sum())
        return logarithm

    def _go_on_from(self, answers: Answers, posterior: Floats) -> None:
        self._fitted = answers.size
        self._posterior = np.array(posterior, order="C")
        self._counts[:] = 0.0
        np.add.at(self._counts, (answers.worker, answers.label), self._posterior[answers.task])
        self._prevalence = self._posterior.sum(axis=0)
        compared = answers.compared()
        self._agreed = float(self._posterior[answers.task[compared], answers.label[compared]].sum())
        self._compared = int(compared.sum())

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
        table = self.tables(workers, self._prior)
        weight = np.log(table[np.arange(len(said)), said]).sum(axis=0)
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
