"""Answers and truth from CSV files: `task,worker,answer` and `task,truth`, in any order of columns."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from piecework.quality.answers import Answers, answers_of

_ANSWER_COLUMNS = ("task", "worker", "answer")
_TRUTH_COLUMNS = ("task", "truth")
# More different numbers than this are measurements, not labels.
_MOST_NUMERIC_LABELS = 50
_FEW_LABELS = 10
_LONG_TEXT = 12.0


class FileInvalid(Exception):
    """A file cannot be read as answers or truth; the message names file, line and what to do."""


@dataclass(frozen=True)
class AnswersFile:
    """Columns as arrays' worth of lists, in file order: `task` and `worker` numbered as first met, `answer` as text.

    `repeated`: rows left out because the worker had answered that task before.
    """

    task: list[int]
    worker: list[int]
    answer: list[str]
    task_names: list[str]
    worker_names: list[str]
    repeated: int

    def with_tasks(self, names: Iterable[str]) -> AnswersFile:
        """The same answers, with tasks that nobody answered behind the others."""
        return replace(self, task_names=list(dict.fromkeys([*self.task_names, *names])))

    def kind(self) -> str:
        """ "labels", "numbers" or "text", by what the answers look like."""
        different = set(self.answer)
        if all(_is_number(answer) for answer in different):
            fractions = sum(not float(answer).is_integer() for answer in different)
            many = len(different) > _MOST_NUMERIC_LABELS
            return "numbers" if many or (fractions and len(different) > _FEW_LABELS) else "labels"
        mean_length = sum(map(len, self.answer)) / len(self.answer)
        return "text" if len(different) > len(self.answer) / 2 and mean_length > _LONG_TEXT else "labels"

    def labels(self) -> tuple[list[str], Answers]:
        """The different answers as first met, and all answers with their numbers in that list."""
        names = list(dict.fromkeys(self.answer))
        number = {name: i for i, name in enumerate(names)}
        answers = answers_of(
            self.task,
            self.worker,
            [number[answer] for answer in self.answer],
            tasks=len(self.task_names),
            workers=len(self.worker_names),
            # A crowd that knows one word could have said another: one answer is no certainty.
            labels=max(2, len(names)),
        )
        return names, answers

    def numbers(self) -> list[float]:
        """The answers as finite numbers. Raises FileInvalid with the first that is none."""
        for answer in self.answer:
            if not _is_number(answer):
                raise FileInvalid(f"the answer {answer[:80]!r} is not a finite number: use --kind labels or text")
        return [float(answer) for answer in self.answer]


def read_answers(path: Path) -> AnswersFile:
    """Raises FileInvalid with the line of the fault."""
    tasks: dict[str, int] = {}
    workers: dict[str, int] = {}
    task, worker, answer, seen, repeated = [], [], [], set(), 0
    for line, row in _rows(path, _ANSWER_COLUMNS):
        names = row["task"], row["worker"]
        if not all(names):
            raise FileInvalid(f"{path}:{line}: task and worker must not be empty")
        if not row["answer"]:
            raise FileInvalid(f"{path}:{line}: the answer is empty; leave the row out if there is none")
        if names in seen:
            repeated += 1
            continue
        seen.add(names)
        task.append(tasks.setdefault(names[0], len(tasks)))
        worker.append(workers.setdefault(names[1], len(workers)))
        answer.append(row["answer"])
    if not answer:
        raise FileInvalid(f"{path} holds no answers: nothing to infer from")
    return AnswersFile(task, worker, answer, list(tasks), list(workers), repeated)


def read_truth(path: Path) -> dict[str, str]:
    """Truth by task. Raises FileInvalid with the line of the fault."""
    truth: dict[str, str] = {}
    for line, row in _rows(path, _TRUTH_COLUMNS):
        if not row["task"]:
            raise FileInvalid(f"{path}:{line}: task must not be empty")
        if truth.setdefault(row["task"], row["truth"]) != row["truth"]:
            raise FileInvalid(f"{path}:{line}: task {row['task']!r} has two different truths")
    return truth


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [name for name in columns if name not in (reader.fieldnames or [])]
            if missing:
                found = ", ".join(reader.fieldnames or []) or "nothing"
                raise FileInvalid(
                    f"{path} has no column {', '.join(missing)}: its first line must name {','.join(columns)}"
                    f" (found {found})"
                )
            for row in reader:
                if None in row or any(row[name] is None for name in columns):
                    raise FileInvalid(f"{path}:{reader.line_num}: expected {len(reader.fieldnames or [])} fields")
                yield reader.line_num, {name: row[name].strip() for name in columns}
    except FileNotFoundError as error:
        raise FileInvalid(f"{path} does not exist") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileInvalid(f"{path} cannot be read as UTF-8 CSV: {error}") from error


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and "_" not in text
    except ValueError:
        return False
