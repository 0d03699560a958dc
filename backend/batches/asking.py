"""What a batch asks, by its type: the schema of its answers, from its options; and tasks that the type can show."""

from __future__ import annotations

from typing import Any

from backend.batches.schemas import DraftIn
from backend.errors import Invalid
from piecework.domain.task_types import ContentRefused, OptionsRefused, build_answer_schema, check_contents

_MAY_BRING_A_SCHEMA = ("choice", "text")


def asked_schema(wanted: DraftIn) -> dict[str, Any]:
    """The JSON Schema of one answer. Raises Invalid if the options or a task's content are not its type's."""
    if wanted.answer_schema is not None:
        _check_own_schema(wanted)
        return wanted.answer_schema
    try:
        schema = build_answer_schema(wanted.task_type, wanted.options or {})
        check_contents(wanted.task_type, ((task.id, task.content) for task in wanted.tasks))
    except OptionsRefused as error:
        raise Invalid("options_refused", f"{error}; GET /v1/task-types shows an example") from error
    except ContentRefused as error:
        raise Invalid("content_refused", f"{error}; GET /v1/task-types shows an example") from error
    return schema


def _check_own_schema(wanted: DraftIn) -> None:
    if wanted.options is not None:
        raise Invalid("schema_twice", "give options or an answer_schema, not both: the options make the schema")
    if wanted.task_type not in _MAY_BRING_A_SCHEMA:
        names = " and ".join(_MAY_BRING_A_SCHEMA)
        detail = f"the answers of {wanted.task_type} are told by its options; only {names} may bring an answer_schema"
        raise Invalid("answer_schema_refused", detail)
