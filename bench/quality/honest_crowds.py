"""Crowds for the measurement of cheats: real ones, copies of them that are honest by construction, and times.

The real crowds carry no times, languages or countries: those are simulated, and everything that reports them says so.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from piecework.quality.answers import Answers, Bools, Floats, Ints, answers_of
from piecework.quality.infer import infer_labels
from piecework.quality.signals.honest import fit_honest
from piecework.quality.signals.speed import Timing
from scripts.answers_file import read_answers, read_truth

PACKET = 10
MOST_ERRORS = 0.3
_READ_SIGNS_PER_SECOND = 24.0
_THINK_SECONDS = 3.0


@dataclass(frozen=True)
class Crowd:
    """`truth`: (tasks,), -1 where it is not known; only scoring and the making of cheats may look. `signs`: (tasks,),
    to read."""

    name: str
    answers: Answers
    truth: Ints
    signs: Floats


@dataclass(frozen=True)
class Group:
    """How a group of simulated honest workers differs from the rest. `pace`: factor on times. `skill`: logits taken
    from those of their errors (below 0: less skilled). `habit`: logits by which they lean to the crowd's commonest
    label, right or wrong."""

    name: str
    pace: float = 1.0
    skill: float = 0.0
    habit: float = 0.0


GROUPS = (
    Group("like the rest"),
    Group("twice as slow", pace=2.0),
    Group("a third faster", pace=2 / 3),
    Group("less skilled", skill=-0.5),
    Group("a shared habit", habit=1.0),
)


def read_crowd(folder: Path) -> Crowd:
    """A folder with `answers.csv`, `truth.csv` and, if there, `tasks.csv`, whose columns are what a worker reads."""
    file, truth = read_answers(folder / "answers.csv"), read_truth(folder / "truth.csv")
    names = {name: number for number, name in enumerate(dict.fromkeys(file.answer))}
    label = [names[answer] for answer in file.answer]
    answers = answers_of(file.task, file.worker, label, labels=max(2, len(names)))
    known = np.array([names.get(truth.get(task, ""), -1) for task in file.task_names], dtype=np.int64)
    signs = np.zeros(answers.tasks)
    if (folder / "tasks.csv").is_file():
        place = {name: number for number, name in enumerate(file.task_names)}
        with (folder / "tasks.csv").open(newline="", encoding="utf-8-sig") as rows:
            for row in csv.DictReader(rows):
                number = place.get(row["task"])
                if number is not None:
                    signs[number] = sum(len(text or "") for name, text in row.items() if name != "task")
    return Crowd(folder.name, answers, known, signs)


def label_crowds(paths: list[Path]) -> list[Crowd]:
    """Those of the folders that hold label answers and truths."""
    folders = [path for path in paths if (path / "answers.csv").is_file() and (path / "truth.csv").is_file()]
    return [read_crowd(folder) for folder in folders if read_answers(folder / "answers.csv").kind() == "labels"]


def honest_copy(crowd: Crowd, random: np.random.Generator, group: Group, members: Bools) -> Crowd:
    """The same tasks, workers and difficulties with new answers of workers who all answer on their own.

    Errors follow the model of `piecework.quality.signals.honest` fitted to the real answers, its guessers replaced by
    people who try: nobody errs on more than `MOST_ERRORS` in the mean before the group's shift. `members`: (workers,),
    who is in `group`.
    """
    answers = crowd.answers
    found = infer_labels(answers)
    model = fit_honest(answers, found.label)
    inside = members[answers.worker]
    label = found.label[answers.task]
    favourite = int(np.bincount(answers.label, minlength=answers.labels).argmax())
    leaning = np.where(label == favourite, -group.habit, group.habit)
    logit = trying(model.logit, answers) + inside * (leaning - group.skill)
    wrong = random.random(answers.size) < 1.0 / (1.0 + np.exp(-logit))
    other = (label + random.integers(1, answers.labels, size=answers.size)) % answers.labels
    if group.habit:
        other = np.where(inside & (label != favourite), favourite, other)
    said = np.where(wrong, other, label)
    return replace(crowd, answers=replace(answers, label=said), truth=found.label)


def trying(logit: Floats, answers: Answers) -> Floats:
    """Logits lowered for each worker until the mean error is at most `MOST_ERRORS`."""
    count = np.maximum(answers.per_worker(), 1)
    for _ in range(20):
        mean = np.bincount(answers.worker, weights=1.0 / (1.0 + np.exp(-logit)), minlength=answers.workers) / count
        excess = np.log(np.maximum(mean, MOST_ERRORS) / MOST_ERRORS)
        logit = logit - 1.5 * excess[answers.worker]
    return logit


def timing_of(crowd: Crowd, random: np.random.Generator, pace: Floats) -> Timing:
    """Simulated times: reading at 24 signs a second and three seconds of thought, times a factor for each worker
    (`pace`, (workers,), with a log-normal spread of 0.35) and one for each packet of ten (0.4)."""
    answers = crowd.answers
    own_pace = pace * np.exp(random.normal(0.0, 0.35, answers.workers))
    order = np.argsort(answers.worker, kind="stable")
    count = answers.per_worker()
    rank = np.arange(answers.size) - np.repeat(np.cumsum(count) - count, count)
    packet = np.cumsum((rank % PACKET == 0).astype(np.int64)) - 1
    packets = int(packet[-1]) + 1
    first = np.flatnonzero(rank % PACKET == 0)
    signs = np.bincount(packet, weights=crowd.signs[answers.task[order]], minlength=packets)
    tasks = np.bincount(packet, minlength=packets)
    worker = answers.worker[order][first]
    seconds = (signs / _READ_SIGNS_PER_SECOND + _THINK_SECONDS * tasks) * own_pace[worker]
    seconds *= np.exp(random.normal(0.0, 0.4, packets))
    return Timing(worker, answers.task[order][first], tasks, seconds, signs)
