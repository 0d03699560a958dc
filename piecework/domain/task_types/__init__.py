"""The kinds of work that a batch can ask for: what is shown, what is asked, and which answers make sense.

A batch's options become the `answer_schema` of its manifest, so who reads the manifest needs nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from piecework.domain.task_types.boxes import BOXES
from piecework.domain.task_types.choices import CHOICE, ENTITY_MATCH, MODERATION, MULTIPLE_CHOICE, PREFERENCE
from piecework.domain.task_types.deliveries import EXTERNAL, FILE, WEB_RESEARCH
from piecework.domain.task_types.forms import DATA_ENTRY, SURVEY
from piecework.domain.task_types.kind import (
    AnswerRefused,
    ContentRefused,
    Json,
    OptionsRefused,
    TaskType,
    TaskTypeError,
    UnknownTaskType,
)
from piecework.domain.task_types.texts import FREE_TEXT, TRANSCRIPTION, TRANSLATION

__all__ = [
    "TASK_TYPES",
    "AnswerRefused",
    "ContentRefused",
    "OptionsRefused",
    "TaskType",
    "TaskTypeError",
    "UnknownTaskType",
    "build_answer_schema",
    "check_contents",
    "check_task_answer",
    "example",
    "task_type",
]

TASK_TYPES: Mapping[str, TaskType] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            CHOICE,
            MULTIPLE_CHOICE,
            BOXES,
            FREE_TEXT,
            TRANSLATION,
            TRANSCRIPTION,
            MODERATION,
            ENTITY_MATCH,
            PREFERENCE,
            DATA_ENTRY,
            WEB_RESEARCH,
            SURVEY,
            FILE,
            EXTERNAL,
        )
    }
)
_BOUNDS = (("minimum", "maximum"), ("minItems", "maxItems"), ("minLength", "maxLength"))


def task_type(name: str) -> TaskType:
    """Raises UnknownTaskType with the names there are."""
    kind = TASK_TYPES.get(name)
    if kind is None:
        raise UnknownTaskType(f"there is no task type {name!r}: choose {', '.join(TASK_TYPES)}")
    return kind


def build_answer_schema(name: str, options: Json) -> Json:
    """The schema of one answer. Raises UnknownTaskType, or OptionsRefused with the place of the fault."""
    kind = task_type(name)
    fault = _fault(json.dumps(kind.options, sort_keys=True), options)
    if fault:
        raise OptionsRefused(f"the options of {name} {fault}")
    schema = kind.answer_schema(options)
    _check_bounds(name, schema)
    return schema


def check_contents(name: str, contents: Iterable[tuple[str, Json]]) -> None:
    """`contents`: task ids with their content. Raises UnknownTaskType, or ContentRefused for the first bad one."""
    kind = task_type(name)
    schema = json.dumps(kind.content, sort_keys=True)
    for task_id, content in contents:
        fault = _fault(schema, content)
        if fault:
            raise ContentRefused(f"task {task_id} is no {name} task: its content {fault}")


def check_task_answer(name: str, content: Mapping[str, Any], answer: Any, schema: Json) -> None:
    """Looks at an answer that fits `schema`, beside its task's content. Raises UnknownTaskType or AnswerRefused.

    A batch that brought an answer schema of its own is checked by that schema alone: the caller knows which one it is.
    """
    task_type(name).check(content, answer, schema)


@cache
def example(name: str) -> Json:
    """A batch of this type as a requester would draft it. Raises UnknownTaskType."""
    path = resources.files("piecework.domain.task_types") / "examples" / f"{task_type(name).name}.json"
    drafted: Json = json.loads(path.read_text(encoding="utf-8"))
    return drafted


def _check_bounds(name: str, schema: Any) -> None:
    if isinstance(schema, list):
        for inner in schema:
            _check_bounds(name, inner)
    if isinstance(schema, dict):
        for low, high in _BOUNDS:
            if low in schema and high in schema and schema[low] > schema[high]:
                raise OptionsRefused(f"the options of {name} ask for at least {schema[low]} and at most {schema[high]}")
        for inner in schema.values():
            _check_bounds(name, inner)


def _fault(schema: str, value: Any) -> str | None:
    error = next(iter(_validator(schema).iter_errors(value)), None)
    if error is None:
        return None
    where = "/" + "/".join(str(step) for step in error.absolute_path)
    return f"at {where}: {error.message[:200]}"


@cache
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema))
