"""Answers and truth from CSV files: `task,worker,answer` and `task,truth`, in any order of columns."""

from __future__ import annotations

import csv
import math
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from piecework.quality.answers import Answers, answers_of

ANSWER_COLUMNS = ("task", "worker", "answer")
_TRUTH_COLUMNS = ("task", "truth")
# More different numbers than this are measurements, not labels.
_MOST_NUMERIC_LABELS = 50
_FEW_LABELS = 10
_LONG_TEXT = 12.0
# So few that are none, among numbers, are slips.
_FEW_ODD_SHARE = 0.05


class FileInvalid(Exception):
    """A file cannot be read as answers or truth; the message names file, line and what to do."""


@dataclass(frozen=True)
class AnswersFile:
    """Columns as arrays' worth of lists, in file order: `task` and `worker` numbered as first met, `answer` as text,
    `line` where it stands.

    `repeated`: rows left out because the worker had answered that task before. `composed`: texts that stood in another
    Unicode normal form than NFC, in which equal texts have equal signs.
    """

    path: Path
    task: list[int]
    worker: list[int]
    answer: list[str]
    line: list[int]
    task_names: list[str]
    worker_names: list[str]
    repeated: int
    composed: int

    def with_tasks(self, names: Iterable[str]) -> AnswersFile:
        """The same answers, with tasks that nobody answered behind the others."""
        return replace(self, task_names=list(dict.fromkeys([*self.task_names, *names])))

    def kind(self) -> str:
        """ "labels", "numbers", "text" or "boxes", by what the answers look like.

        Raises FileInvalid with the line where nearly all answers are numbers and one is none.
        """
        different = set(self.answer)
        if all(answer.startswith("[") for answer in different):
            return "boxes"
        numbers = {answer for answer in different if _is_number(answer)}
        fractions = sum(not float(answer).is_integer() for answer in numbers)
        measured = len(numbers) > _MOST_NUMERIC_LABELS or (fractions > 0 and len(numbers) > _FEW_LABELS)
        others = different - numbers
        if not others:
            return "numbers" if measured else "labels"
        odd = {answer for answer in others if _is_no_finite_number(answer)}
        nearly = measured and len(others) <= _FEW_ODD_SHARE * len(different)
        if nearly or (odd and len(numbers) >= len(others)):
            fault = next(place for place, answer in enumerate(self.answer) if answer in (odd or others))
            raise FileInvalid(
                f"{self.path}:{self.line[fault]}: the answer {self.answer[fault][:80]!r} is not a finite number, though"
                f" {len(numbers)} of {len(different)} different answers are: mend or leave out the row, or say --kind"
                " labels if it is a label"
            )
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
        for line, answer in zip(self.line, self.answer, strict=True):
            if not _is_number(answer):
                raise FileInvalid(
                    f"{self.path}:{line}: the answer {answer[:80]!r} is not a finite number: mend or leave out the row,"
                    " or use --kind labels or text"
                )
        return [float(answer) for answer in self.answer]


def read_answers(path: Path) -> AnswersFile:
    """Raises FileInvalid with the line of the fault."""
    tasks: dict[str, int] = {}
    workers: dict[str, int] = {}
    task, worker, answer, lines, seen, repeated, composed = [], [], [], [], set(), 0, 0
    for line, row, changed in rows_of(path, ANSWER_COLUMNS):
        task_name, worker_name, said = row
        if not task_name or not worker_name:
            raise FileInvalid(f"{path}:{line}: task and worker must not be empty")
        if not said:
            raise FileInvalid(f"{path}:{line}: the answer is empty; leave the row out if there is none")
        pair = tasks.setdefault(task_name, len(tasks)), workers.setdefault(worker_name, len(workers))
        composed += changed
        if pair in seen:
            repeated += 1
            continue
        seen.add(pair)
        task.append(pair[0])
        worker.append(pair[1])
        answer.append(said)
        lines.append(line)
    if not answer:
        raise FileInvalid(f"{path} holds no answers: nothing to infer from")
    return AnswersFile(path, task, worker, answer, lines, list(tasks), list(workers), repeated, composed)


def columns_of(path: Path) -> list[str]:
    """The names in a file's first line; none if it cannot be read."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return [name.strip() for name in next(csv.reader(file), [])]
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def read_truth(path: Path) -> dict[str, str]:
    """Truth by task. Raises FileInvalid with the line of the fault."""
    truth: dict[str, str] = {}
    for line, (task, told), _ in rows_of(path, _TRUTH_COLUMNS):
        if not task:
            raise FileInvalid(f"{path}:{line}: task must not be empty")
        if truth.setdefault(task, told) != told:
            raise FileInvalid(f"{path}:{line}: task {task!r} has two different truths")
    return truth


def rows_of(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str], int]]:
    """Line, the named columns without space at their ends and in Unicode's form NFC, and how many were in another."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            head = [name.strip() for name in next(reader, [])]
            missing = [name for name in columns if name not in head]
            if missing:
                found = ", ".join(head) or "nothing"
                raise FileInvalid(
                    f"{path} has no column {', '.join(missing)}: its first line must name {','.join(columns)}"
                    f" (found {found})"
                )
            places = [head.index(name) for name in columns]
            for row in reader:
                if not row:
                    continue
                if len(row) != len(head):
                    raise FileInvalid(f"{path}:{reader.line_num}: expected {len(head)} fields, found {len(row)}")
                texts = [row[place].strip() for place in places]
                changed = 0
                for place, text in enumerate(texts):
                    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
                        texts[place] = unicodedata.normalize("NFC", text)
                        changed += 1
                yield reader.line_num, texts, changed
    except FileNotFoundError as error:
        raise FileInvalid(f"{path} does not exist") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileInvalid(f"{path} cannot be read as UTF-8 CSV: {error}") from error


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and "_" not in text
    except ValueError:
        return False


def _is_no_finite_number(text: str) -> bool:
    """ "nan", "inf" and the like."""
    try:
        return not math.isfinite(float(text))
    except ValueError:
        return False
