"""Shapes of the predictions feature."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from backend.batches.schemas import TASK_ID
from backend.schemas import RequestModel

MOST_ANSWERS = 100_000


class PredictionIn(RequestModel):
    task: str = Field(pattern=TASK_ID)
    answer: Any
    """As a worker would give it."""
    confidence: float | None = Field(default=None, ge=0, le=1, strict=True)
    """As the model claims it; it is worth what it is measured to be."""


class PredictionsIn(RequestModel):
    name: str = Field(min_length=1, max_length=100)
    """Which model this is; it stands in the results file."""
    answers: list[PredictionIn] = Field(min_length=1, max_length=MOST_ANSWERS)


class PredictionsView(BaseModel):
    batch_id: str
    name: str
    digest: str
    """Of the file that is pinned with the first results, and that those name."""
    answers: int
    answers_before: int
    """People's answers on chain when it was brought. Where tasks stop at a confidence, only later ones weigh it."""
    created_at: float
