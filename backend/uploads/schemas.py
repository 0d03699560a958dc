"""Shapes of the uploads feature."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from backend.batches.schemas import TaskIn
from backend.schemas import RequestModel

UPLOAD_ID = r"^[A-Za-z0-9_-]{16,64}$"
MAX_PARTS = 1_000


class PartIn(RequestModel):
    """Tasks in the batch's order, and the answers among them that are known."""

    tasks: list[TaskIn] = Field(min_length=1, max_length=5_000)
    known: dict[str, Any] = Field(default={})


class UploadView(BaseModel):
    """What is there. Parts come in any order; a batch takes them in that of their numbers, from 0 on without a gap."""

    upload_id: str
    parts: list[int]
    tasks: int
    bytes: int
    expires_at: float
