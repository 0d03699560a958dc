"""Shapes of pre-checks."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class PreCheckView(BaseModel):
    """A model's opinion, which may be wrong or made to deceive: read the answer. Plain text."""

    likely: Literal["right", "wrong", "unsure"]
    note: str
    model: str
    asked_at: float
