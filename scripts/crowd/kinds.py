"""What a folder's answers are, by looking at all of them, and what a batch then asks for."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.crowd.api import Json

MOST_CHOICES = 50
_MOST_FRACTIONS = 10
"""Different numbers with fractions that are still choices, as `piecework infer` has it."""
_INTEGER = re.compile(r"-?[0-9]{1,15}")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?")
_SIDES = ("x", "y", "width", "height")


@dataclass(frozen=True)
class Kind:
    """`name`: choice, number, boxes or text. `read` makes an answer of a field, or raises ValueError with `wanted`."""

    name: str
    read: Callable[[str], Any]
    wanted: str

    def asks(self, answers: Sequence[Any]) -> Json:
        """`task_type` and `answer_schema` of a batch that takes these answers."""
        if self.name == "choice":
            return {"task_type": "choice", "answer_schema": {"enum": sorted(set(answers), key=str)}}
        if self.name == "text":
            return {"task_type": "text", "answer_schema": {"type": "string", "maxLength": 10_000}}
        if self.name == "number":
            return {"task_type": "choice", "answer_schema": {"type": "number"}}
        box = {"label": {"type": "string", "maxLength": 200}} | {side: {"type": "number"} for side in _SIDES}
        item = {"type": "object", "properties": box, "required": list(box), "additionalProperties": False}
        return {"task_type": "choice", "answer_schema": {"type": "array", "items": item, "maxItems": 1_000}}


def kind_of(answers: Sequence[str]) -> Kind:
    """As `piecework infer` tells them apart."""
    different = set(answers)
    if all(_INTEGER.fullmatch(answer) for answer in different) and len(different) <= MOST_CHOICES:
        return Kind("choice", _whole, "a number, but every answer is one")
    if all(_NUMBER.fullmatch(answer) for answer in different):
        broken = sum(not float(answer).is_integer() for answer in different)
        if len(different) > MOST_CHOICES or broken > _MOST_FRACTIONS:
            return Kind("number", _number, "a number, but every answer is one")
    if all(answer.startswith("[") for answer in different) and all(map(_are_boxes, different)):
        return Kind("boxes", _boxes, "a list of boxes, but every answer is one")
    if len(different) > MOST_CHOICES:
        return Kind("text", str, "a text")
    return Kind("choice", str, "a text")


def _whole(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError
    return int(text)


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise ValueError
    return float(text)


def _boxes(text: str) -> list[Json]:
    """In any unit; a box may be without a label. Raises ValueError."""
    try:
        return [
            {"label": str(box.get("label", ""))} | {side: float(box[side]) for side in _SIDES}
            for box in json.loads(text)
        ]
    except (TypeError, KeyError, AttributeError, RecursionError) as fault:
        raise ValueError from fault


def _are_boxes(text: str) -> bool:
    try:
        return all(math.isfinite(box[side]) for box in _boxes(text) for side in _SIDES)
    except ValueError:
        return False
