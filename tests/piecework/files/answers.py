"""Answers of any task type, drawn from its schema and good by its type's rules as far as files care."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from piecework.domain.task_types import TASK_TYPES, build_answer_schema, example

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
SCHEMAS = {name: build_answer_schema(name, example(name)["options"]) for name in TASK_TYPES}
"""Of each type's example batch."""


def answers(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Answers that fit a schema that a task type made."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if isinstance(kind, list):
        return st.none() | answers({**schema, "type": kind[0]})
    if kind == "array":
        unique = "enum" in schema["items"]
        key = repr if unique else None
        least = schema.get("minItems", 0)
        most = min(4, schema.get("maxItems", 4), len(schema["items"].get("enum", "four")))
        return st.lists(answers(schema["items"]), min_size=least, max_size=most, unique_by=key)
    if kind == "object" and "properties" in schema:
        needed = {name: answers(schema["properties"][name]) for name in schema["required"]}
        more = {name: answers(inner) for name, inner in schema["properties"].items() if name not in needed}
        return st.fixed_dictionaries(needed, optional=more)
    if kind == "object":
        return st.dictionaries(TEXTS, TEXTS, max_size=3)
    if schema.get("description") == "YYYY-MM-DD":
        return st.dates(min_value=datetime.date(1, 1, 1)).map(str)
    bounds = {"min_value": schema.get("minimum"), "max_value": schema.get("maximum")}
    plain: dict[str, st.SearchStrategy[Any]] = {
        "boolean": st.booleans(),
        "integer": st.integers(**bounds),
        "number": st.floats(**bounds, allow_nan=False, allow_infinity=False),
    }
    least = schema.get("minLength", 0)
    signs = st.characters(codec="utf-8", exclude_characters="\0")
    texts = st.text(signs, min_size=least, max_size=max(least, min(40, schema.get("maxLength", 40))))
    return plain.get(str(kind), texts)
