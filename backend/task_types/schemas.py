"""Shapes of the task types feature."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from backend.schemas import RequestModel


class TaskTypeView(BaseModel):
    """A task type, for who drafts (`options`, `content`, `example`) and for who renders (`shows`, `asks`)."""

    name: str
    title: str
    options: dict[str, Any]
    """JSON Schema of a batch's `options`."""
    content: dict[str, Any]
    """JSON Schema of a task's `content`."""
    shows: list[str]
    """Fields of the content that the worker is shown, in this order; a field that is missing is passed over."""
    asks: str
    """The control with which a person answers."""
    example: dict[str, Any]
    """The body of a `POST /v1/batches`."""


class TaskTypes(BaseModel):
    items: list[TaskTypeView]


class OptionsIn(RequestModel):
    options: dict[str, Any] = Field(default={})
    """As a draft would give them."""


class AskedSchema(BaseModel):
    answer_schema: dict[str, Any]
    """As the manifest of a batch with these options would have it."""
