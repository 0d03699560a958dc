"""Bounding boxes: fractions of the picture's width and height, so that no client needs its size in pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from piecework.domain.task_types.kind import MEDIA, NAMES, TEXT, AnswerRefused, Json, TaskType, content, record

_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_ROUNDING = 1e-6
"""What a client's rounding to seven digits may add."""


def _inside(_shown: Mapping[str, Any], answer: Any, _schema: Json) -> None:
    for number, box in enumerate(answer, start=1):
        if box["width"] <= 0 or box["height"] <= 0:
            raise AnswerRefused(f"box {number} has no area")
        if box["x"] + box["width"] > 1 + _ROUNDING or box["y"] + box["height"] > 1 + _ROUNDING:
            raise AnswerRefused(f"box {number} leaves the picture")
    places = [tuple(sorted(box.items())) for box in answer]
    if len(set(places)) != len(places):
        raise AnswerRefused("a box stands twice")


BOXES = TaskType(
    name="boxes",
    title="Draw boxes around things",
    content=content({"image": MEDIA, "question": TEXT}, "image"),
    options=record(
        {
            "labels": NAMES,
            "least": {"type": "integer", "minimum": 0, "maximum": 1_000},
            "most": {"type": "integer", "minimum": 1, "maximum": 1_000},
        },
        ("labels",),
    ),
    answer_schema=lambda options: {
        "type": "array",
        "items": record({"label": {"enum": options["labels"]}} | dict.fromkeys(("x", "y", "width", "height"), _SHARE)),
        "minItems": options.get("least", 0),
        "maxItems": options.get("most", 100),
    },
    shows=("question", "image"),
    asks="boxes",
    check=_inside,
)
