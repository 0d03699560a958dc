"""A crowd's answers from a folder: `answers.csv` (task, worker, answer), `truth.csv` (task, truth), `tasks.csv`."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scripts.crowd.api import Json
from scripts.crowd.job import Plan
from scripts.crowd.kinds import Kind, kind_of

REWARD_UNITS = 20_000
_TASK_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class FolderInvalid(Exception):
    """A file is missing or malformed; the message names file and line."""


@dataclass(frozen=True)
class Crowd:
    """Answers by worker, in file order. `truth` only scores.

    `repeated`: rows left out because the worker had answered that task before: an assignment takes one answer.
    `renamed`: tasks whose id has signs that no task id may have, each of which became "_".
    """

    name: str
    kind: Kind
    contents: dict[str, Json]
    answers: dict[str, list[tuple[str, Any]]]
    truth: dict[str, Any]
    repeated: int = 0
    renamed: int = 0

    @property
    def count(self) -> int:
        return sum(len(answers) for answers in self.answers.values())

    @property
    def answers_per_task(self) -> int:
        return max(Counter(task for answers in self.answers.values() for task, _ in answers).values())

    def plans(self, *, asked: bool = False) -> list[Plan]:
        """Each worker gives the answers that it gave; if `asked`, only those that the gateway asks for."""
        return [replace(_plan(name, answers), is_asked=asked) for name, answers in self.answers.items()]

    def batch(self, target_confidence: float | None = None) -> Json:
        """A batch that takes exactly these answers; with a target, those of them that are needed for it."""
        target = {} if target_confidence is None else {"target_confidence": target_confidence}
        given = [answer for answers in self.answers.values() for _, answer in answers]
        return {
            "title": f"Real crowd: {self.name}",
            "instructions": f"Answers that a real crowd gave to {self.name}, played back.",
            **self.kind.asks(given),
            "answers_per_task": self.answers_per_task,
            "tasks": [{"id": task, "content": content} for task, content in self.contents.items()],
            "reward_units": str(REWARD_UNITS),
            "estimated_seconds_per_task": 5,
            "review": {"policy": "inference"} | target,
        }


def read(folder: Path, limit: int | None = None) -> Crowd:
    """`limit`: only the first so many tasks. Raises FolderInvalid."""
    rows = _rows(folder / "answers.csv", ("task", "worker", "answer"))
    if not rows:
        raise FolderInvalid(f"{folder / 'answers.csv'} has no answers")
    kind = kind_of([row["answer"] for row in rows])
    answers: dict[str, list[tuple[str, Any]]] = {}
    names = _Names()
    seen, repeated = set(), 0
    for number, row in enumerate(rows, start=2):
        if limit is not None and row["task"] not in names.given and len(names.given) >= limit:
            continue
        row["task"] = names.of(row["task"], f"{folder / 'answers.csv'} line {number}")
        if not _TASK_ID.fullmatch(row["task"]):
            raise FolderInvalid(f"{folder / 'answers.csv'} line {number}: {row['task']!r} is no task id")
        for name in ("worker", "answer"):
            if not row[name]:
                raise FolderInvalid(f"{folder / 'answers.csv'} line {number}: the {name} is empty")
        if (row["task"], row["worker"]) in seen:
            repeated += 1
            continue
        seen.add((row["task"], row["worker"]))
        answers.setdefault(row["worker"], []).append((row["task"], kind.read(row["answer"])))
    contents: dict[str, Json] = {name: {} for name in names.given.values()}
    if (folder / "tasks.csv").is_file():
        for task, row in _by_task(folder / "tasks.csv", ("task",)):
            if (known := names.given.get(task)) is not None:
                contents[known] = {name: value for name, value in row.items() if name != "task"}
    truth = (
        _truth(folder / "truth.csv", names.given, {row["task"] for row in rows}, kind)
        if (folder / "truth.csv").is_file()
        else {}
    )
    renamed = sum(given != own for own, given in names.given.items())
    return Crowd(folder.name, kind, contents, answers, truth, repeated, renamed)


class _Names:
    """Task ids as the chain's files take them."""

    def __init__(self) -> None:
        self.given: dict[str, str] = {}
        self._own: dict[str, str] = {}

    def of(self, own: str, where: str) -> str:
        """Raises FolderInvalid if two ids would become one."""
        if own not in self.given:
            given = re.sub(r"[^A-Za-z0-9._-]", "_", own)
            if self._own.setdefault(given, own) != own:
                raise FolderInvalid(f"{where}: {own!r} and {self._own[given]!r} would both be the task id {given!r}")
            self.given[own] = given
        return self.given[own]


def _truth(path: Path, names: Mapping[str, str], answered: set[str], kind: Kind) -> dict[str, Any]:
    truth: dict[str, Any] = {}
    for number, (task, row) in enumerate(_by_task(path, ("task", "truth")), start=2):
        if task not in names:
            if task in answered:
                continue  # beyond the limit
            raise FolderInvalid(f"{path} line {number}: nobody answered {task}")
        try:
            truth[names[task]] = kind.read(row["truth"])
        except ValueError as error:
            raise FolderInvalid(f"{path} line {number}: {row['truth']!r} is not {kind.wanted}") from error
    return truth


def _by_task(path: Path, wanted: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows with their task; each task once."""
    seen = set()
    for number, row in enumerate(_rows(path, wanted), start=2):
        if row["task"] in seen:
            raise FolderInvalid(f"{path} line {number}: {row['task']} stands twice")
        seen.add(row["task"])
        yield row["task"], row


def _plan(name: str, answers: list[tuple[str, Any]]) -> Plan:
    given = dict(answers)
    return Plan(name=name, answer=lambda _, task: given[task["id"]], tasks=[task for task, _ in answers])


def _rows(path: Path, wanted: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [name for name in wanted if name not in (reader.fieldnames or ())]
            if missing:
                raise FolderInvalid(f"{path} has no column {missing[0]!r}: the first line must be {','.join(wanted)}")
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FolderInvalid(f"{path} cannot be read: {error}") from error
    for number, row in enumerate(rows, start=2):
        if None in row or any(value is None for value in row.values()):
            raise FolderInvalid(f"{path} line {number} has the wrong number of columns")
    return rows
