"""Crowds drawn by a seeded generator: workers of stated skill answer tasks of known truth."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from piecework.quality.answers import Answers, Ints, answers_of


def draw_crowd(
    *, tasks: int, workers: int, per_task: int, labels: int, skill: tuple[float, float], seed: int
) -> tuple[Answers, Ints]:
    """Each task gets `per_task` workers; a worker is right with a chance drawn evenly from `skill`, else says any
    other label."""
    random = np.random.default_rng(seed)
    truth = random.integers(labels, size=tasks)
    right_chance = random.uniform(*skill, size=workers)
    task = np.repeat(np.arange(tasks), per_task)
    worker = np.concatenate([random.choice(workers, size=per_task, replace=False) for _ in range(tasks)])
    wrong = (truth[task] + random.integers(1, max(2, labels), size=task.size)) % labels
    label = np.where(random.random(task.size) < right_chance[worker], truth[task], wrong)
    return answers_of(task, worker, label, tasks=tasks, workers=workers, labels=labels), truth


small_crowds = st.builds(
    draw_crowd,
    tasks=st.integers(1, 30),
    workers=st.integers(4, 9),
    per_task=st.integers(1, 4),
    labels=st.integers(2, 5),
    skill=st.just((0.4, 0.95)),
    seed=st.integers(0, 10_000),
)
