"""Shapes of the payloads feature."""

from __future__ import annotations

from pydantic import BaseModel


class Stored(BaseModel):
    cid: str
    size: int
