"""What kind of answers a batch asks for, by its answer schema alone: that tells how they are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Kind = Literal["labels", "text", "numbers", "boxes"]

FEW_NUMBERS = 50
"""So many whole numbers or fewer are choices, such as the steps of a scale."""
BOX = ("label", "x", "y", "width", "height")


def kind_of(answer_schema: Mapping[str, Any]) -> Kind:
    """Labels are equal or not. Any text, any number and boxes are hardly ever equal, so they are not compared so."""
    if {"enum", "const"} & answer_schema.keys():
        return "labels"
    asked = answer_schema.get("type")
    if asked == "string":
        return "text"
    if asked == "number" or (asked == "integer" and not _is_scale(answer_schema)):
        return "numbers"
    items = answer_schema.get("items") if asked == "array" else None
    fields = items.get("properties") if isinstance(items, dict) else None
    return "boxes" if isinstance(fields, dict) and set(fields) == set(BOX) and _named(fields["label"]) else "labels"


def _named(label: Any) -> bool:
    """Whether what a box shows is told by a text."""
    if not isinstance(label, dict):
        return False
    return label.get("type") == "string" or all(isinstance(each, str) for each in label.get("enum", [None]))


def _is_scale(answer_schema: Mapping[str, Any]) -> bool:
    low, high = answer_schema.get("minimum"), answer_schema.get("maximum")
    return low is not None and high is not None and high - low < FEW_NUMBERS
