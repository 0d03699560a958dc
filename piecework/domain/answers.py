"""Answer schemas: the small part of JSON Schema that a requester may use, and checking one answer.

References and patterns are left out: a schema comes from a stranger and must be cheap to check.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

_KEYWORDS = {
    "type", "enum", "const", "minimum", "maximum", "minLength", "maxLength", "properties",
    "required", "items", "minItems", "maxItems", "additionalProperties", "oneOf",
    "title", "description",
}  # fmt: skip
_MAX_SCHEMA_BYTES = 16_384


class AnswerSchemaRefused(ValueError):
    """The requester's answer schema uses more than the allowed part of JSON Schema."""


class AnswerInvalid(ValueError):
    """An answer does not fit the batch's answer schema."""


def check_answer_schema(schema: Any) -> None:
    """Raises AnswerSchemaRefused with the place of the fault."""
    if not isinstance(schema, dict) or not schema:
        raise AnswerSchemaRefused("an answer schema is a JSON object that is not empty")
    if len(json.dumps(schema)) > _MAX_SCHEMA_BYTES:
        raise AnswerSchemaRefused(f"an answer schema has at most {_MAX_SCHEMA_BYTES} bytes")
    _check_keywords(schema, "")
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise AnswerSchemaRefused(f"the answer schema is not valid: {error.message}") from error


def check_answer(answer: Any, schema: dict[str, Any]) -> None:
    """Raises AnswerInvalid unless `answer` fits `schema`."""
    error = next(iter(_validator(json.dumps(schema, sort_keys=True)).iter_errors(answer)), None)
    if error is not None:
        where = "/" + "/".join(str(step) for step in error.absolute_path)
        raise AnswerInvalid(f"at {where}: {error.message[:200]}")


def _check_keywords(schema: Any, where: str) -> None:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        raise AnswerSchemaRefused(f"at {where or '/'}: a schema is an object")
    unknown = sorted(set(schema) - _KEYWORDS)
    if unknown:
        raise AnswerSchemaRefused(f"at {where or '/'}: {', '.join(unknown)} cannot be used here")
    for name, inner in schema.get("properties", {}).items():
        _check_keywords(inner, f"{where}/properties/{name}")
    for name in ("items", "additionalProperties"):
        if name in schema:
            _check_keywords(schema[name], f"{where}/{name}")
    for position, inner in enumerate(schema.get("oneOf", [])):
        _check_keywords(inner, f"{where}/oneOf/{position}")


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema))
