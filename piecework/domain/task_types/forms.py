"""Types whose answers are filled-in fields: data entry and surveys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from piecework.domain.task_types.kind import (
    END,
    MEDIA,
    NAME,
    NAMES,
    TEXT,
    AnswerRefused,
    Json,
    OptionsRefused,
    TaskType,
    content,
    record,
)

_FIELD_NAME = {"type": "string", "pattern": f"^[a-z][a-z0-9_]{{0,59}}{END}"}
DATE = "YYYY-MM-DD"
"""How a field that is a date is described in an answer schema."""
_BOUND = {"type": "number", "minimum": -9_007_199_254_740_991, "maximum": 9_007_199_254_740_991}
_FIELD = record(
    {
        "name": _FIELD_NAME,
        "title": NAME,
        "kind": {"enum": ["text", "long_text", "number", "integer", "yes_no", "one_of", "any_of", "scale", "date"]},
        "choices": NAMES,
        "least": _BOUND,
        "most": _BOUND,
        "optional": {"type": "boolean"},
    },
    ("name", "title", "kind"),
) | {
    "if": {"properties": {"kind": {"enum": ["one_of", "any_of"]}}},
    "then": {"required": ["choices"]},
    "else": {"properties": {"choices": False}},
}
_FIELDS = record({"fields": {"type": "array", "items": _FIELD, "minItems": 1, "maxItems": 100}})


def _bounded(kind: str) -> Callable[[Json], Json]:
    return lambda field: (
        {"type": kind}
        | {key: field[name] for name, key in (("least", "minimum"), ("most", "maximum")) if name in field}
    )


_VALUES: dict[str, Callable[[Json], Json]] = {
    "text": lambda _: {"type": "string", "minLength": 1, "maxLength": 200},
    "long_text": lambda _: {"type": "string", "minLength": 1, "maxLength": 10_000},
    "number": _bounded("number"),
    "integer": _bounded("integer"),
    "yes_no": lambda _: {"type": "boolean"},
    "one_of": lambda field: {"enum": field["choices"]},
    "any_of": lambda field: {"type": "array", "items": {"enum": field["choices"]}, "maxItems": len(field["choices"])},
    "scale": lambda field: {
        "type": "integer",
        "minimum": int(field.get("least", 1)),
        "maximum": int(field.get("most", 5)),
    },
    "date": lambda _: {"type": "string", "minLength": 10, "maxLength": 10, "description": DATE},
}


def _schema(options: Json) -> Json:
    fields = options["fields"]
    names = [field["name"] for field in fields]
    if len(set(names)) != len(names):
        raise OptionsRefused("two fields have one name")
    properties = {field["name"]: _VALUES[field["kind"]](field) | {"title": field["title"]} for field in fields}
    return record(properties, tuple(field["name"] for field in fields if not field.get("optional", False)))


def _filled_in(_shown: Mapping[str, Any], answer: Any, schema: Json) -> None:
    for name, value in answer.items():
        if schema["properties"][name].get("description") == DATE:
            _check_date(name, value)
        if isinstance(value, str) and not value.strip():
            raise AnswerRefused(f"{name} is blank: fill it in, or leave it out if it is optional")
        if isinstance(value, list) and len(set(value)) != len(value):
            raise AnswerRefused(f"{name} names a choice twice")


def _check_date(name: str, value: str) -> None:
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise AnswerRefused(f"{name} is no date {DATE}: {value!r}") from error


DATA_ENTRY = TaskType(
    name="data_entry",
    title="Copy or clean up data",
    content=content({"image": MEDIA, "text": TEXT, "record": {"type": "object"}}, one_of=("image", "text", "record")),
    options=_FIELDS,
    answer_schema=_schema,
    shows=("image", "text", "record"),
    asks="fields",
    check=_filled_in,
)
SURVEY = TaskType(
    name="survey",
    title="Answer a survey",
    content=content({"introduction": TEXT}),
    options=_FIELDS,
    answer_schema=_schema,
    shows=("introduction",),
    asks="fields",
    check=_filled_in,
)
