"""What a task type is, and the errors of using one wrongly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

END = "(?![\\s\\S])"
"""A pattern's end: Python's `$` would let a line break follow."""
CID = {"type": "string", "pattern": f"^b[a-z2-7]{{20,110}}{END}"}
LINK = {"type": "string", "pattern": f"^https://[^\\s/?#]+[^\\s]*{END}", "maxLength": 2_000}
MEDIA = {"oneOf": [CID, LINK]}
"""A pinned file by its CID, or a link. A link tells its host who looks: a client asks the worker before it follows."""
TEXT = {"type": "string", "minLength": 1, "maxLength": 20_000}
NAME = {"type": "string", "minLength": 1, "maxLength": 200}
LANGUAGE = {"type": "string", "pattern": f"^[A-Za-z]{{2,8}}(-[A-Za-z0-9]{{1,8}})*{END}", "maxLength": 35}
"""A language tag as in RFC 5646, without grandfathered tags."""
NAMES = {"type": "array", "items": NAME, "minItems": 1, "maxItems": 200, "uniqueItems": True}


class TaskTypeError(ValueError):
    """Base of what is wrong with a batch's type, its options or its tasks."""


class UnknownTaskType(TaskTypeError):
    """No type of this name."""


class OptionsRefused(TaskTypeError):
    """The options are not this type's."""


class ContentRefused(TaskTypeError):
    """A task's content is not what this type shows."""


class AnswerRefused(TaskTypeError):
    """An answer fits the batch's schema, yet makes no sense for its task."""


def no_more(content: Mapping[str, Any], answer: Any, schema: Json) -> None:
    """For types whose answers are wholly told by their schema."""


@dataclass(frozen=True, slots=True)
class TaskType:
    """`content` and `options`: JSON Schemas of a task's content and of the batch's options.

    `answer_schema` builds from valid options the schema of one answer. `check` looks at an answer that fits it, with
    its task's content and that schema, and raises AnswerRefused. `shows` names the content's fields that a renderer
    shows, in order; `asks` names the control with which a person answers.
    """

    name: str
    title: str
    content: Json
    options: Json
    answer_schema: Callable[[Json], Json]
    shows: tuple[str, ...]
    asks: str
    check: Callable[[Mapping[str, Any], Any, Json], None] = no_more


def record(properties: Json, required: tuple[str, ...] | None = None) -> Json:
    """A JSON Schema of an object with exactly these properties; all are required if `required` is None."""
    wanted = list(properties) if required is None else list(required)
    return {"type": "object", "properties": properties, "required": wanted, "additionalProperties": False}


def content(properties: Json, *required: str, one_of: tuple[str, ...] = ()) -> Json:
    """A JSON Schema of a content: what a requester adds of its own is carried, and not shown."""
    schema: Json = {"type": "object", "properties": properties, "required": list(required)}
    if one_of:
        schema["anyOf"] = [{"required": [name]} for name in one_of]
    return schema
