"""Tasks from a file, a list or a DataFrame, checked before anything is sent."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from piecework.client.errors import TasksRefused
from piecework.domain.task_types import UnknownTaskType
from piecework.files.reading import Fault, FileUnreadable, Found, Row, rows
from piecework.files.tasks import MAX_TASKS, Layout, tasks

__all__ = ["MAX_TASKS", "Source", "TaskList", "read_tasks"]

SHOWN_FAULTS = 20
"""As many are listed; the others are counted."""


class Table(Protocol):
    """A pandas DataFrame, or what answers like one."""

    def to_dict(self, orient: str) -> list[dict[str, Any]]: ...


Source = str | Path | Iterable[Mapping[str, Any]] | Table


@dataclass(frozen=True, slots=True)
class TaskList:
    """`tasks`: `{"id", "content"}` each. `known`: answers that are known, by task id."""

    tasks: list[dict[str, Any]]
    known: dict[str, Any]

    def with_known(self, known: dict[str, Any]) -> TaskList:
        return TaskList(self.tasks, known)


def read_tasks(
    source: Source,
    task_type: str | None,
    *,
    columns: Mapping[str, str] | None = None,
    known: str | None = None,
    ids: str = "id",
    schema: Mapping[str, Any] | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> TaskList:
    """Every row becomes a task; every column a field of its content.

    The column `ids` names the task (1, 2, 3... without one). `columns` renames: `{"sentence": "text"}`. A dot makes a
    field of a field: `left.name`. Empty cells are left out. `known` is the column of known answers, where there are
    any; with `schema`, that of an answer, they are read as what they are. `task_type`: contents are checked by it, if
    one is given. Files: `.csv` (comma, semicolon, tab or bar; UTF-8, UTF-16, or the `encoding` named), `.tsv`, `.jsonl`
    with an object a line, `.json` with a list; their tasks may also be Label Studio's, whose true annotations
    `known="ground_truth"` takes.
    Raises TasksRefused with every fault and its place.
    """
    whole = TaskList([], {})
    faults: list[Fault] = []
    count = 0
    where = str(source) if isinstance(source, (str, Path)) else None
    try:
        found = rows(Path(where), encoding=encoding, delimiter=delimiter) if where else _mappings(source)
        for each in tasks(found, Layout(task_type, columns or {}, ids, known, schema)):
            if isinstance(each, Fault):
                count += 1
                faults += [each] if len(faults) < SHOWN_FAULTS else []
                continue
            whole.tasks.append({"id": each.id, "content": each.content})
            if each.is_known:
                whole.known[each.id] = each.known
    except (FileUnreadable, UnknownTaskType) as error:
        raise TasksRefused(f"{where}: {error}" if where else str(error)) from None
    except OSError as error:
        raise TasksRefused(f"{where} cannot be read: {error.strerror}") from None
    if faults:
        raise TasksRefused(_told(faults, count, where), faults)
    if not whole.tasks:
        raise TasksRefused("there are no tasks: the source has no rows")
    return whole


def _told(faults: list[Fault], count: int, where: str | None) -> str:
    lines = [f"{where}, {fault}" if where else str(fault).replace("line", "row", 1) for fault in faults]
    if count == 1:
        return lines[0]
    more = [f"and {count - len(faults)} more"] if count > len(faults) else []
    return "\n".join([f"{count} rows are no tasks:", *lines, *more])


def _mappings(source: Any) -> Iterator[Found]:
    """Rows of a list or a table; an absent value is None."""
    if hasattr(source, "to_dict"):
        source = source.to_dict("records")
    for number, row in enumerate(source, start=1):
        if isinstance(row, Mapping):
            yield Row(number, {str(name): _plain(value) for name, value in row.items()})
        else:
            yield Fault(number, f"it is {type(row).__name__}: give a mapping of fields, like {{'text': '...'}}")


def _plain(value: Any) -> Any:
    """NaN of a DataFrame is no value; its numbers become Python's."""
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        value = value.item()
    return None if isinstance(value, float) and math.isnan(value) else value
