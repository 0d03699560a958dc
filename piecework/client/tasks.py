"""Tasks from a file, a list or a DataFrame, checked before anything is sent."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from piecework.client.errors import TasksRefused
from piecework.domain.ids import is_task_id
from piecework.domain.task_types import ContentRefused, UnknownTaskType, check_contents
from piecework.domain.task_types import task_type as kind_of

MAX_TASKS = 50_000
"""That one batch takes."""
_MARKS = "utf-8-sig"


class Table(Protocol):
    """A pandas DataFrame, or what answers like one."""

    def to_dict(self, orient: str) -> list[dict[str, Any]]: ...


Source = str | Path | Iterable[Mapping[str, Any]] | Table
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TaskList:
    """`tasks`: `{"id", "content"}` each. `known`: answers that are known, by task id."""

    tasks: list[dict[str, Any]]
    known: dict[str, Any]

    def with_known(self, known: dict[str, Any]) -> TaskList:
        return TaskList(self.tasks, known)


def read_tasks(
    source: Source, task_type: str | None, *, columns: Mapping[str, str] | None = None, known: str | None = None
) -> TaskList:
    """Every row becomes a task; every column a field of its content.

    A column `id` names the task (1, 2, 3... without one). `columns` renames: `{"sentence": "text"}`. A dot makes a
    field of a field: `left.name`. Empty cells are left out. `known` is the column of known answers, where there are
    any. `task_type`: contents are checked by it, if one is given. Files: `.csv`, `.tsv`, `.jsonl` with an object a
    line, whose `content` may also be given whole.
    Raises TasksRefused with the place.
    """
    tasks: list[dict[str, Any]] = []
    answers: dict[str, Any] = {}
    places: dict[str, str] = {}
    for number, (place, row) in enumerate(_rows(source), start=1):
        if number > MAX_TASKS:
            raise TasksRefused(f"{place}: a batch takes {MAX_TASKS:,} tasks: make several batches")
        task_id, content, answer = _task(row, number, place, columns or {}, known)
        if task_id in places:
            raise TasksRefused(f"{place}: the id {task_id!r} stands at {places[task_id]} already")
        places[task_id] = place
        tasks.append({"id": task_id, "content": content})
        if answer is not None:
            answers[task_id] = answer
    if not tasks:
        raise TasksRefused("there are no tasks: the source has no rows")
    if task_type is not None:
        _check(tasks, task_type, places)
    return TaskList(tasks, answers)


def _check(tasks: list[dict[str, Any]], task_type: str, places: Mapping[str, str]) -> None:
    task: dict[str, Any] = {}
    try:
        shown = kind_of(task_type).shows
        for task in tasks:
            check_contents(task_type, [(task["id"], task["content"])])
            if shown and task_type != "survey" and not set(shown) & set(task["content"]):
                raise ContentRefused(f"a worker would see nothing: {task_type} shows {', '.join(shown)}; use columns=")
    except ContentRefused as error:
        raise TasksRefused(f"{places[task['id']]}: {error}") from None
    except UnknownTaskType as error:
        raise TasksRefused(str(error)) from None


def _task(
    row: Row, number: int, place: str, columns: Mapping[str, str], known: str | None
) -> tuple[str, dict[str, Any], Any]:
    missing = [name for name in (*columns, *([known] if known else [])) if name not in row]
    if missing:
        raise TasksRefused(f"{place}: there is no column {missing[0]!r}; there are {', '.join(map(repr, row))}")
    answer = row.pop(known) if known else None
    named = row.pop("id", number)
    if named is None:
        raise TasksRefused(f"{place}: the id is empty")
    task_id = str(named)
    if not is_task_id(task_id):
        raise TasksRefused(f"{place}: {task_id!r} is no task id: up to 64 letters, digits, '.', '_' and '-'")
    if isinstance(row.get("content"), dict) and len(row) == 1:
        return task_id, row["content"], answer
    content: dict[str, Any] = {}
    for name, value in row.items():
        if value is not None:
            _put(content, columns.get(name, name), value, place)
    return task_id, content, answer


def _put(content: dict[str, Any], name: str, value: Any, place: str) -> None:
    *outer, last = name.split(".")
    inner = content
    for step in outer:
        inner = inner.setdefault(step, {})
        if not isinstance(inner, dict):
            raise TasksRefused(f"{place}: {name!r} is a field of {step!r}, which has a value of its own")
    if last in inner:
        raise TasksRefused(f"{place}: two columns make the field {name!r}")
    inner[last] = value


def _rows(source: Source) -> Iterator[tuple[str, Row]]:
    """Rows with the words for where they stand; an absent value is None."""
    if isinstance(source, (str, Path)):
        yield from _file(Path(source))
        return
    if hasattr(source, "to_dict"):
        source = source.to_dict("records")
    for number, row in enumerate(source, start=1):
        if not isinstance(row, Mapping):
            raise TasksRefused(
                f"row {number} is {type(row).__name__}: give a mapping of fields, like {{'text': '...'}}"
            )
        yield f"row {number}", {str(name): _plain(value) for name, value in row.items()}


def _file(path: Path) -> Iterator[tuple[str, Row]]:
    readers = {".csv": _csv, ".tsv": _csv, ".jsonl": _jsonl, ".ndjson": _jsonl}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise TasksRefused(f"{path}: files end in {', '.join(readers)}; for anything else give a list of mappings")
    try:
        yield from reader(path)
    except OSError as error:
        raise TasksRefused(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise TasksRefused(f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8") from None


def _csv(path: Path) -> Iterator[tuple[str, Row]]:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    with path.open(encoding=_MARKS, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            header = next(reader, None)
            if header is None:
                raise TasksRefused(f"{path} is empty: the first line names the columns")
            names = [name.strip() for name in header]
            twice = {name for name in names if names.count(name) > 1}
            if twice or "" in names:
                raise TasksRefused(f"{path}, line 1: every column needs a name of its own")
            for cells in reader:
                place = f"{path}, line {reader.line_num}"
                if not cells:
                    continue
                if len(cells) != len(names):
                    raise TasksRefused(f"{place}: {len(cells)} values for {len(names)} columns: is a quote missing?")
                yield place, {name: cell or None for name, cell in zip(names, cells, strict=True)}
        except csv.Error as error:
            raise TasksRefused(f"{path}, line {reader.line_num}: {error}") from None


def _jsonl(path: Path) -> Iterator[tuple[str, Row]]:
    with path.open(encoding=_MARKS) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            place = f"{path}, line {number}"
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise TasksRefused(f"{place}: no JSON: {error}") from None
            if not isinstance(row, dict):
                raise TasksRefused(f'{place}: a task is an object, like {{"text": "..."}}')
            yield place, row


def _plain(value: Any) -> Any:
    """NaN of a DataFrame is no value; its numbers become Python's."""
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        value = value.item()
    return None if isinstance(value, float) and math.isnan(value) else value
