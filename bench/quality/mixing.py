"""Simulated cheats, mixed into a crowd as further workers: spammers, copiers, rings, duplicate accounts, droppers.

Each takes the tasks of some worker of the crowd, so a cheat meets the tasks that an honest worker met.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bench.quality.honest_crowds import Crowd
from piecework.quality.answers import Answers, Floats, Ints

KINDS = ("random spammer", "constant spammer", "copier", "ring member", "duplicate account", "dropper")
MAIN_KINDS = KINDS[:4]
RING = 5
FIDELITY = 0.95
RING_RIGHT = 0.5
DROPS_AT = 0.4
LEAST_TASKS = 15
SPAM_PACE, COPY_PACE, RING_PACE = 1 / 6, 1 / 2, 1 / 3


@dataclass(frozen=True)
class Mixed:
    """`kind`: (workers,), a place in KINDS or -1 for a worker of the crowd. `pace`: (workers,), factor on times.

    `links`: (links, 2): every second ring and every second duplicate account is paid for by one hand.
    """

    crowd: Crowd
    kind: Ints
    pace: Floats
    links: Ints


def mix(crowd: Crowd, share: float, random: np.random.Generator, kinds: tuple[str, ...] = MAIN_KINDS) -> Mixed:
    """`share` of all workers are cheats, of each of `kinds` as many, rings of at most five and at least three."""
    answers = crowd.answers
    count = max(len(kinds), round(share / (1.0 - share) * answers.workers))
    per_kind = np.full(len(kinds), count // len(kinds))
    per_kind[: count % len(kinds)] += 1
    count_of = answers.per_worker()
    hosts = np.flatnonzero(count_of >= min(LEAST_TASKS, int(count_of.max())))
    builder = _Builder(crowd, hosts, random)
    for kind, number in zip(kinds, per_kind, strict=True):
        builder.add(KINDS.index(kind), int(number))
    return builder.mixed()


class _Builder:
    def __init__(self, crowd: Crowd, hosts: Ints, random: np.random.Generator) -> None:
        self._crowd, self._hosts, self._random = crowd, hosts, random
        self._tasks: list[Ints] = []
        self._labels: list[Ints] = []
        self._kinds: list[int] = []
        self._pace: list[float] = []
        self._links: list[tuple[int, int]] = []
        self._interleaved: list[int] = []

    def add(self, kind: int, number: int) -> None:
        name = KINDS[kind]
        if name == "ring member":
            for start in range(0, number, RING):
                self._ring(kind, max(3, min(RING, number - start)))
            return
        for each in range(number):
            host = int(self._random.choice(self._hosts))
            own = np.flatnonzero(self._crowd.answers.worker == host)
            task, said = self._crowd.answers.task[own], self._crowd.answers.label[own]
            if name == "random spammer":
                self._worker(kind, task, self._any(task.size), SPAM_PACE)
            elif name == "constant spammer":
                self._worker(kind, task, np.full(task.size, self._random.integers(self._labels_of)), SPAM_PACE)
            elif name == "copier":
                self._worker(kind, task, self._repeat(said, FIDELITY), COPY_PACE)
            elif name == "duplicate account":
                if each % 2:
                    self._links.append((host, self._crowd.answers.workers + len(self._tasks)))
                self._worker(kind, task, self._repeat(said, FIDELITY), 1.0)
            else:
                cut = int(DROPS_AT * task.size)
                self._worker(kind, task, np.concatenate([said[:cut], self._any(task.size - cut)]), 1.0)

    def mixed(self) -> Mixed:
        """The crowd's answers in their order, the cheats' after them, those of all cheats in turns."""
        answers = self._crowd.answers
        first = answers.workers
        task = np.concatenate([answers.task, *self._tasks])
        label = np.concatenate([answers.label, *self._labels])
        own = [np.full(tasks.size, first + number) for number, tasks in enumerate(self._tasks)]
        turn = np.concatenate(
            [np.full(answers.size, -1.0), *[np.arange(t.size) + self._random.random() for t in self._tasks]]
        )
        order = np.argsort(turn, kind="stable")
        worker = np.concatenate([answers.worker, *own])
        workers = first + len(self._tasks)
        together = Answers(task[order], worker[order], label[order], answers.tasks, workers, answers.labels)
        kind = np.concatenate([np.full(first, -1), self._kinds]).astype(np.int64)
        pace = np.concatenate([np.ones(first), self._pace])
        links = np.array(self._links, dtype=np.int64).reshape(-1, 2)
        return Mixed(replace(self._crowd, answers=together), kind, pace, links)

    @property
    def _labels_of(self) -> int:
        return self._crowd.answers.labels

    def _worker(self, kind: int, task: Ints, label: Ints, pace: float) -> None:
        self._tasks.append(task)
        self._labels.append(label)
        self._kinds.append(kind)
        self._pace.append(pace)

    def _any(self, size: int) -> Ints:
        return self._random.integers(self._labels_of, size=size)

    def _repeat(self, said: Ints, fidelity: float) -> Ints:
        return np.where(self._random.random(said.size) < fidelity, said, self._any(said.size))

    def _ring(self, kind: int, members: int) -> None:
        """One mind that is right half of the time, and accounts that repeat it in an order of their own."""
        host = int(self._random.choice(self._hosts))
        task = self._crowd.answers.task[self._crowd.answers.worker == host]
        truth = self._crowd.truth[task]
        wrong = (truth + self._random.integers(1, self._labels_of, size=task.size)) % self._labels_of
        mind = np.where(self._random.random(task.size) < RING_RIGHT, truth, wrong)
        first = self._crowd.answers.workers + len(self._tasks)
        if (first // RING) % 2:
            self._links += [(first + a, first + b) for a in range(members) for b in range(a + 1, members)]
        for _ in range(members):
            order = self._random.permutation(task.size)
            self._worker(kind, task[order], self._repeat(mind, FIDELITY)[order], RING_PACE)
