"""Shapes of notices."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class NoticeView(BaseModel):
    """`position` is its place among one's own notices, and the id in the live stream."""

    position: int
    name: str
    batch_id: str
    data: dict[str, Any]
    created_at: float


class NoticePage(BaseModel):
    items: list[NoticeView]
    next_cursor: str | None
