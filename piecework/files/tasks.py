"""Tasks from rows: which column is what, which answer is known, and whether the task type can show it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from piecework.domain.answers import AnswerInvalid, check_answer
from piecework.domain.canonical import NotCanonical, strict_loads
from piecework.domain.ids import is_task_id
from piecework.domain.task_types import ContentRefused, check_contents, task_type
from piecework.files.label_studio import answer_of, content_of
from piecework.files.reading import Fault, Found, Row

MAX_TASKS = 50_000
"""That one batch takes."""
GROUND_TRUTH = "ground_truth"
"""In place of a column: the annotations that Label Studio marks as the truth."""
_PLACE = re.compile(r"at /([^/:]+)")


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns are.

    `columns`: column to field of the content, where their names differ; a dot makes a field of a field. `ids`: the
    column that names tasks, `known`: the column of known answers. `kind`: the task type that must be able to show the
    tasks. `schema`: of one answer, so that a known one is read as what it is.
    """

    kind: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    ids: str = "id"
    known: str | None = None
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """`known`: the answer, if `is_known`."""

    line: int
    id: str
    content: dict[str, Any]
    is_known: bool = False
    known: Any = None


class _Bad(ValueError):
    """Why a row is no task, and which column it is about."""

    def __init__(self, why: str, column: str | None = None) -> None:
        super().__init__(why)
        self.column = column


def tasks(found: Iterable[Found], layout: Layout) -> Iterator[Task | Fault]:
    """A task or a fault for each row, in order. Raises UnknownTaskType."""
    shown = task_type(layout.kind).shows if layout.kind else ()
    lines: dict[str, int] = {}
    number = 0
    for each in found:
        if isinstance(each, Fault):
            yield each
            continue
        number += 1
        try:
            made = _task(each, number, layout, shown)
            if made.id in lines:
                raise _Bad(f"the id {made.id!r} stands at line {lines[made.id]} already", layout.ids)
            if number > MAX_TASKS:
                yield Fault(each.line, f"a batch takes {MAX_TASKS:,} tasks: make several batches")
                return
        except _Bad as error:
            yield Fault(each.line, str(error), error.column)
            continue
        lines[made.id] = each.line
        yield made


def _task(row: Row, number: int, layout: Layout, shown: tuple[str, ...]) -> Task:
    values = dict(row.values)
    if isinstance(values.get("data"), dict) and not set(shown) & set(values):
        task_id, content, known = _labelled(values, number, layout)
    else:
        task_id, content, known = _plain(values, number, layout)
    if not is_task_id(task_id):
        raise _Bad(f"{task_id!r} is no task id: up to 64 letters, digits, '.', '_' and '-'", layout.ids)
    _check(task_id, content, layout, shown)
    answer = None if known is _NOTHING else _typed(known, layout)
    return Task(row.line, task_id, content, known is not _NOTHING, answer)


_NOTHING = object()


def _plain(values: dict[str, Any], number: int, layout: Layout) -> tuple[str, dict[str, Any], Any]:
    wanted = [*layout.columns, *([layout.known] if layout.known else []), *([layout.ids] if layout.ids != "id" else [])]
    missing = next((name for name in wanted if name not in values), None)
    if missing is not None:
        raise _Bad(f"there is no column {missing!r}; there are {', '.join(map(repr, values))}")
    known = values.pop(layout.known) if layout.known else None
    named = values.pop(layout.ids, number)
    if named is None:
        raise _Bad("the id is empty", layout.ids)
    if isinstance(values.get("content"), dict) and len(values) == 1:
        return str(named), values["content"], _NOTHING if known is None else known
    content: dict[str, Any] = {}
    for name, value in values.items():
        if value is not None:
            _put(content, layout.columns.get(name, name), value, name)
    return str(named), content, _NOTHING if known is None else known


def _put(content: dict[str, Any], name: str, value: Any, column: str) -> None:
    *outer, last = name.split(".")
    inner = content
    for step in outer:
        inner = inner.setdefault(step, {})
        if not isinstance(inner, dict):
            raise _Bad(f"{name!r} is a field of {step!r}, which has a value of its own", column)
    if last in inner:
        raise _Bad(f"two columns make the field {name!r}", column)
    inner[last] = value


def _labelled(values: Mapping[str, Any], number: int, layout: Layout) -> tuple[str, dict[str, Any], Any]:
    """A task of Label Studio: its data, and the annotation that is the truth."""
    named, content = content_of(values["data"])
    if layout.ids != "id":
        named = content.pop(layout.ids, None)
        if named is None:
            raise _Bad(f"its data has no field {layout.ids!r}", layout.ids)
    known = _NOTHING
    if layout.known == GROUND_TRUTH:
        known = _truth(values.get("annotations"), layout)
    elif layout.known is not None:
        known = content.pop(layout.known, _NOTHING)
    renamed: dict[str, Any] = {}
    for name, value in content.items():
        _put(renamed, layout.columns.get(name, name), value, name)
    return str(named if named is not None else values.get("id", number)), renamed, known


def _truth(annotations: Any, layout: Layout) -> Any:
    if layout.schema is None:
        raise _Bad("to read true annotations the batch's options are needed", "annotations")
    for annotation in annotations if isinstance(annotations, list) else ():
        if isinstance(annotation, dict) and annotation.get("ground_truth"):
            try:
                return answer_of(annotation["result"], layout.schema)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise _Bad(f"the true annotation is of another interface: {error}", "annotations") from None
    return _NOTHING


def _check(task_id: str, content: dict[str, Any], layout: Layout, shown: tuple[str, ...]) -> None:
    if layout.kind is None:
        return
    try:
        check_contents(layout.kind, [(task_id, content)])
    except ContentRefused as error:
        place = _PLACE.search(str(error))
        columns = {made.split(".")[0]: name for name, made in layout.columns.items()}
        raise _Bad(str(error), columns.get(place[1], place[1]) if place else None) from None
    if shown and layout.kind != "survey" and not set(shown) & set(content):
        raise _Bad(f"a worker would see nothing: {layout.kind} shows {', '.join(shown)}; use columns=")


def _typed(known: Any, layout: Layout) -> Any:
    """A known answer as the schema has it: of a table it may be JSON. Raises _Bad."""
    if layout.schema is None:
        return known
    why = _misfit(known, layout.schema)
    if why is None:
        return known
    if isinstance(known, str):
        try:
            parsed = strict_loads(known.encode("utf-8", "surrogatepass"))
        except NotCanonical:
            parsed = _NOTHING
        if parsed is not _NOTHING and _misfit(parsed, layout.schema) is None:
            return parsed
    raise _Bad(f"the known answer {str(known)[:60]!r} is none of this batch: {why}", layout.known)


def _misfit(answer: Any, schema: Mapping[str, Any]) -> str | None:
    try:
        check_answer(answer, dict(schema))
    except AnswerInvalid as error:
        return str(error)
    return None
