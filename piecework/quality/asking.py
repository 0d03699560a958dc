"""The policy of `adaptive.py` for a crowd that works at once: which tasks the next worker should get.

Answers come one by one and move their own task alone (`streaming.py`); `assess` of all of them is installed now and
then, so that asking costs no fit. A model's word, if there is one, is measured at each fit and moves with it. Answers
that are under way count as hoped for: a task is not asked again while they could make it sure enough, and of two equal
tasks the one with fewer of them comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from piecework.quality.adaptive import Assessment, Policy, information, posterior_of_label, shared_tasks
from piecework.quality.answers import Answers, Bools, Floats, Ints
from piecework.quality.calibration import tempered_posterior
from piecework.quality.confusion import ConfusionPrior
from piecework.quality.joining import with_evidence
from piecework.quality.joint import joint_posterior
from piecework.quality.streaming import LabelStream
from piecework.quality.trust import Measured

REFIT_GROWTH = 1.05
"""Growth of the answers after which all of them are fitted anew: all fits together cost some twenty times the last."""
BETTER = 2.0
"""So many times as much a better worker's answers tell: tasks are left to it while it is at work."""
MOST_BETTER = 8
LEFT = 20
_ROOM = 64


@dataclass(frozen=True)
class Ranking:
    """`tasks`: numbers, the best first. `waits`: whether tasks are left that answers under way may make unnecessary."""

    tasks: Ints
    waits: bool


class Asking:
    """`cap`: answers to a task at most. `choosable`: (tasks,), those that this policy is about."""

    def __init__(self, *, labels: int, cap: int, policy: Policy, choosable: Bools) -> None:
        tasks = choosable.size
        self.cap, self.policy, self.choosable = cap, policy, choosable
        self.workers = 0
        self.answered: Ints = np.zeros(tasks, dtype=np.int64)
        self._stream = LabelStream(tasks, _ROOM, labels)
        self._support = np.zeros((tasks, labels))
        self._cautious = np.zeros((tasks, labels))
        self._of_fit: Floats | None = None
        self._measured: Measured | None = None
        self._shared = shared_tasks(np.full(tasks, cap, dtype=np.int64), policy) & choosable
        self._fitted = 0

    @property
    def size(self) -> int:
        """Answers so far."""
        return int(self.answered.sum())

    @property
    def is_fitted(self) -> bool:
        """Whether the last fit holds every answer."""
        return self._fitted == self.size

    def add(self, task: int, worker: int, label: int) -> None:
        """Takes one answer; workers are numbered as they come. Raises AnswersInvalid, changing nothing."""
        if worker >= self._stream.workers:
            self._stream.grow(2 * worker)
        self._stream.add(task, worker, label)
        self.workers = max(self.workers, worker + 1)
        self.answered[task] += 1
        self._touch(task)

    def refit_is_due(self) -> bool:
        """Whether the answers have grown enough, or nothing seems left to ask and not every answer was fitted."""
        if self.is_fitted:
            return False
        return self.size > REFIT_GROWTH * self._fitted or self.is_done()

    def answers(self) -> Answers:
        """All so far, to be assessed."""
        found = self._stream.answers()
        return Answers(found.task, found.worker, found.label, found.tasks, self.workers, found.labels)

    def install(self, answers: Answers, found: Assessment, measured: Measured | None = None) -> None:
        """Goes on from the assessment of the first `answers.size` answers; those that came since are added again.

        Before the first answer this takes all of them at once, hundreds of times quicker than one by one. `measured`:
        the model that speaks beside people, as those answers measure it.
        """
        self._measured = measured if measured is not None and measured.trust.is_trusted else None
        later = self.answers().take(np.arange(answers.size, max(self.size, answers.size)))
        self.workers = max(self.workers, answers.workers)
        self._stream = LabelStream.resumed(answers, found.fit.posterior, 2 * self.workers + _ROOM)
        self._support, self._cautious = found.support.copy(), found.cautious.copy()
        self._of_fit = np.log(found.fit.prevalence)
        self.answered = answers.per_task()
        self._fitted = answers.size
        for task, worker, label in zip(later.task.tolist(), later.worker.tolist(), later.label.tolist(), strict=True):
            self.add(task, worker, label)

    def forget_model(self) -> None:
        """Another model speaks now: nothing rests on the one before, and a fit is due that measures the new one."""
        self._measured, self._fitted = None, 0

    def confidence(self) -> Floats:
        """(tasks,): how sure each label is; 0 where too few have answered to stop."""
        return self._confidence(self._support, self._cautious, self.answered)

    def stopped(self) -> Bools:
        """(tasks,): sure enough."""
        sure: Bools = self.confidence() >= self.policy.confidence
        return sure

    def is_done(self) -> bool:
        """Whether every task is sure enough or has all its answers."""
        return bool((self.stopped() | (self.answered >= self.cap))[self.choosable].all())

    def rank(self, worker: int | None, assigned: Ints, barred: Bools, random: np.random.Generator) -> Ranking:
        """For one worker (None: who gave no answer yet).

        `assigned`: (tasks,), answers given or under way. `barred`: (tasks,), what this worker does not get.
        """
        under_way = np.maximum(assigned - self.answered, 0)
        expected = self.answered + under_way
        support, cautious = self._hoped(under_way)
        stopped, free = self.stopped(), self.choosable & ~barred & (assigned < self.cap)
        sure = self._confidence(support, cautious, expected) >= self.policy.confidence
        waits = free & ~stopped & sure & (under_way > 0)
        is_open = free & ~stopped & ~waits
        # Tasks that measure workers come first, as long as there is anything to know them for.
        measuring = np.flatnonzero(self._shared & free) if is_open.any() else np.zeros(0, dtype=np.int64)
        rest = np.flatnonzero(is_open & ~self._shared)
        posterior = tempered_posterior(support, self._log_prevalence(), expected, self.policy.correlation)
        if self._measured is not None:
            posterior = with_evidence(posterior, self._measured.beside(expected))
        table = self._stream.tables([self._number(worker)], self.policy.cautious)
        value = information(posterior, table, rest, np.zeros(rest.size, dtype=np.int64))
        order = np.lexsort((random.random(rest.size), -np.round(value, 9)))
        return Ranking(np.concatenate([random.permutation(measuring), rest[order]]), bool(waits.any()))

    def left_for_better(
        self, worker: int | None, others: Sequence[int | None], barred: Sequence[Bools], assigned: Ints
    ) -> Bools:
        """(tasks,): what `worker` does not get because better ones of the `others`, who are at work, will take it.

        `barred`: of each of the others, what it cannot get. Each better one is left its next `LEFT` tasks, the best
        first; tasks that measure workers are left to nobody.
        """
        left = np.zeros(self.choosable.size, dtype=np.bool_)
        own, *uses = self.use([worker, *others]).tolist()
        better = [place for place, use in enumerate(uses) if use >= BETTER * own]
        random = np.random.default_rng(self.policy.seed)
        for place in sorted(better, key=lambda each: -uses[each])[:MOST_BETTER]:
            taken = barred[place] | left | self._shared
            left[self.rank(others[place], assigned, taken, random).tasks[:LEFT]] = True
        return left

    def use(self, workers: Sequence[int | None]) -> Floats:
        """(len(workers),): what an answer of each tells of a task that nobody answered, in nats."""
        prevalence = np.exp(self._log_prevalence())[None, :]
        table = self._stream.tables([self._number(worker) for worker in workers], self.policy.cautious)
        return information(prevalence, table, np.zeros(len(workers), dtype=np.int64), np.arange(len(workers)))

    def _log_prevalence(self) -> Floats:
        """The fit's own as long as it holds every answer, so that both come to the same digits."""
        return self._of_fit if self.is_fitted and self._of_fit is not None else self._stream.log_prevalence()

    def _number(self, worker: int | None) -> int:
        """Someone without answers has the table of the first number that nobody has."""
        if self.workers == self._stream.workers:
            self._stream.grow(2 * self.workers)
        return self.workers if worker is None else worker

    def _touch(self, task: int) -> None:
        workers, said = self._stream.on_task(task)
        place = np.arange(len(said))
        for support, prior in ((self._support, ConfusionPrior()), (self._cautious, self.policy.cautious)):
            support[task] = np.log(self._stream.tables(workers, prior)[place, said]).sum(axis=0)

    def _hoped(self, under_way: Ints) -> tuple[Floats, Floats]:
        """`support` and `cautious` as if the answers under way were of newcomers who all say the likeliest label."""
        likely = (self._support + self._log_prevalence()).argmax(axis=1)
        found = []
        for support, prior in ((self._support, ConfusionPrior()), (self._cautious, self.policy.cautious)):
            table = self._stream.tables([self._number(None)], prior)[0]
            found.append(support + np.log(table)[likely] * under_way[:, None])
        return found[0], found[1]

    def _confidence(self, support: Floats, cautious: Floats, answered: Ints) -> Floats:
        if self._measured is not None:
            evidence = self._measured.beside(answered)
            sure, stops = joint_posterior(support, cautious, self._log_prevalence(), answered, evidence, self.policy)
            return np.where(stops, sure, 0.0)
        posterior = posterior_of_label(support, cautious, self._log_prevalence(), answered, self.policy)
        confidence: Floats = np.where(answered >= self.policy.least_answers, posterior, 0.0)
        return confidence
