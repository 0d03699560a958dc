"""Task types: what each shows and asks, with an example batch."""

from __future__ import annotations

from fastapi import APIRouter

from backend.bodies import StrictRoute
from backend.task_types.schemas import TaskTypes, TaskTypeView
from piecework.domain.task_types import TASK_TYPES, example

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
