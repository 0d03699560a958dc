"""The arrays that every function here takes: who answered what, numbered from 0, one entry an answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
MOST = 10_000_000
"""Tasks, workers or labels at most: numbers count from 0, so a larger one is a name that nobody has numbered."""


class AnswersInvalid(ValueError):
    """The arrays do not fit each other; the message names the place."""


@dataclass(frozen=True)
class Answers:
    """`task`, `worker`, `label`: shape (answers,), in the order in which the answers were given.

    `tasks`, `workers`, `labels` are how many of each there may be; some may have no answer at all.
    Nothing here knows the truth.
    """

    task: Ints
    worker: Ints
    label: Ints
    tasks: int
    workers: int
    labels: int

    @property
    def size(self) -> int:
        return int(self.task.size)

    def per_task(self) -> Ints:
        """Answers of each task, shape (tasks,)."""
        return np.bincount(self.task, minlength=self.tasks)

    def per_worker(self) -> Ints:
        """Answers of each worker, shape (workers,)."""
        return np.bincount(self.worker, minlength=self.workers)

    def compared(self) -> Bools:
        """Whether each answer's task has another one, shape (answers,): alone it says nothing about its worker."""
        return self.per_task()[self.task] > 1

    def take(self, which: Ints | Bools) -> Answers:
        """The same tasks, workers and labels with fewer answers (positions or a mask)."""
        return Answers(self.task[which], self.worker[which], self.label[which], self.tasks, self.workers, self.labels)


def answers_of(
    task: ArrayLike,
    worker: ArrayLike,
    label: ArrayLike,
    *,
    tasks: int | None = None,
    workers: int | None = None,
    labels: int | None = None,
) -> Answers:
    """Checks and wraps three aligned integer arrays. Counts default to the highest number plus one.

    Raises AnswersInvalid for unequal lengths, numbers out of range or above MOST, or two answers of one worker to a
    task.
    """
    columns = {"task": ints(task, "task"), "worker": ints(worker, "worker"), "label": ints(label, "label")}
    sizes = {name: column.size for name, column in columns.items()}
    if len(set(sizes.values())) > 1:
        raise AnswersInvalid(f"the columns have different lengths: {sizes}")
    limits = {"task": tasks, "worker": workers, "label": labels}
    counts = {}
    for name, column in columns.items():
        highest = int(column.max(initial=-1)) + 1
        limit = limits[name]
        counts[name] = highest if limit is None else limit
        if highest > MOST or counts[name] > MOST:
            raise AnswersInvalid(
                f"{name} numbers run to {max(highest, counts[name]) - 1:,}, at most {MOST - 1:,}: number what occurs"
                f" from 0, for example by numpy.unique({name}, return_inverse=True)"
            )
        if column.min(initial=0) < 0 or highest > counts[name]:
            raise AnswersInvalid(f"{name} numbers must lie in 0..{counts[name] - 1}")
    pairs = columns["task"] * max(1, counts["worker"]) + columns["worker"]
    if np.unique(pairs).size != pairs.size:
        raise AnswersInvalid("a worker has answered a task twice: keep one of the answers")
    return Answers(
        columns["task"], columns["worker"], columns["label"], counts["task"], counts["worker"], counts["label"]
    )


def check_columns(task: Ints, worker: Ints, size: int, *, tasks: int, workers: int) -> None:
    """For answers that are no labels: `task` and `worker` must have `size` entries in range, no pair twice."""
    answers_of(task, worker, np.zeros(size, dtype=np.int64), tasks=tasks, workers=workers)


def ints(values: ArrayLike, name: str) -> Ints:
    array = np.asarray(values)
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise AnswersInvalid(f"{name} must be a flat array of integers")
    return array.astype(np.int64)
