"""Answer schemas: the small part of JSON Schema that a requester may use, and checking one answer.

References and patterns are left out: a schema comes from a stranger and must be cheap to check.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_KEYWORDS = {
    "type", "enum", "const", "minimum", "maximum", "minLength", "maxLength", "properties",
    "required", "items", "minItems", "maxItems", "additionalProperties", "oneOf",
    "title", "description",
}  # fmt: skip
_MAX_SCHEMA_BYTES = 16_384
_MAX_SCHEMA_DEPTH = 16


class AnswerSchemaRefused(ValueError):
    """The requester's answer schema uses more than the allowed part of JSON Schema."""


class AnswerInvalid(ValueError):
    """An answer does not fit the batch's answer schema."""


def check_answer_schema(schema: Any) -> None:
    """Raises AnswerSchemaRefused with the place of the fault."""
    if not isinstance(schema, dict) or not schema:
        raise AnswerSchemaRefused("an answer schema is a JSON object that is not empty")
    _check_keywords(schema, "", _MAX_SCHEMA_DEPTH)
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        if len(json.dumps(schema)) > _MAX_SCHEMA_BYTES:
            raise AnswerSchemaRefused(f"an answer schema has at most {_MAX_SCHEMA_BYTES} bytes")
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise AnswerSchemaRefused(f"the answer schema is not valid: {error.message[:300]}") from error
    except RecursionError as error:  # in the values of `enum` or `const`
        raise AnswerSchemaRefused("the answer schema is nested too deeply") from error


def check_answer(answer: Any, schema: dict[str, Any]) -> None:
    """Raises AnswerInvalid unless `answer` fits `schema`."""
    error = next(iter(_validator(json.dumps(schema, sort_keys=True)).iter_errors(answer)), None)
    if error is not None:
        where = "/" + "/".join(str(step) for step in error.absolute_path)
        raise AnswerInvalid(f"at {where}: {error.message[:200]}")


def _check_keywords(schema: Any, where: str, depth_left: int) -> None:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        raise AnswerSchemaRefused(f"at {where or '/'}: a schema is an object")
    if depth_left == 0:
        raise AnswerSchemaRefused(f"at {where[:100]}: schemas stand at most {_MAX_SCHEMA_DEPTH} deep in each other")
    unknown = sorted(set(schema) - _KEYWORDS)
    if unknown:
        raise AnswerSchemaRefused(f"at {where or '/'}: {', '.join(unknown)} cannot be used here")
    for place, inner in _inner_schemas(schema):
        _check_keywords(inner, f"{where}/{place}", depth_left - 1)


def _inner_schemas(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Places and values; what is of the wrong type is left to the check against JSON Schema's own schema."""
    properties, options = schema.get("properties"), schema.get("oneOf")
    if isinstance(properties, dict):
        yield from ((f"properties/{name}", inner) for name, inner in properties.items())
    if isinstance(options, list):
        yield from ((f"oneOf/{position}", inner) for position, inner in enumerate(options))
    for name in ("items", "additionalProperties"):
        if name in schema:
            yield name, schema[name]


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema))
