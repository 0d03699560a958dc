"""Task types: what each shows and asks, with an example batch."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from backend.bodies import StrictRoute
from backend.errors import Invalid, NotFound
from backend.task_types.schemas import AskedSchema, OptionsIn, TaskTypes, TaskTypeView
from piecework.domain.task_types import (
    TASK_TYPES,
    OptionsRefused,
    UnknownTaskType,
    build_answer_schema,
    example,
)

router = APIRouter(prefix="/v1/task-types", tags=["task-types"], route_class=StrictRoute)


@router.get("")
def task_types() -> TaskTypes:
    """Every task type: its options, what it shows and asks, and an example batch that can be drafted as it stands."""
    return TaskTypes(
        items=[
            TaskTypeView(
                name=kind.name,
                title=kind.title,
                options=kind.options,
                content=kind.content,
                shows=list(kind.shows),
                asks=kind.asks,
                example=example(kind.name),
            )
            for kind in TASK_TYPES.values()
        ]
    )


@router.post("/{name}/answer-schema")
def answer_schema(name: Annotated[str, Path(max_length=64)], body: OptionsIn) -> AskedSchema:
    """The schema of one answer that a batch of this type gets from these options; nothing is drafted or kept."""
    try:
        return AskedSchema(answer_schema=build_answer_schema(name, body.options))
    except UnknownTaskType as error:
        raise NotFound("task_type_unknown", str(error)) from error
    except OptionsRefused as error:
        raise Invalid("options_refused", f"{error}; GET /v1/task-types shows an example") from error
