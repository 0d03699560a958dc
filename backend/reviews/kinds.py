"""What kind of answers a batch asks for, by its answer schema alone: that tells how they are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from piecework.domain.task_types.forms import DATE

Kind = Literal["labels", "text", "numbers", "boxes", "records"]

FEW_NUMBERS = 50
"""So many whole numbers or fewer are choices, such as the steps of a scale."""
BOX = ("label", "x", "y", "width", "height")


def kind_of(answer_schema: Mapping[str, Any]) -> Kind:
    """Labels are equal or not. Any text, any number and boxes are hardly ever equal, so they are not compared so, and
    forms that ask for texts or numbers are compared by their fields."""
    if {"enum", "const"} & answer_schema.keys():
        return "labels"
    asked = answer_schema.get("type")
    # A field may be null as well.
    asks = set(asked) if isinstance(asked, list) else {asked}
    if "string" in asks:
        return "labels" if answer_schema.get("description") == DATE else "text"
    if "number" in asks or ("integer" in asks and not _is_scale(answer_schema)):
        return "numbers"
    items = answer_schema.get("items") if asked == "array" else None
    shape = items.get("properties") if isinstance(items, dict) else None
    if isinstance(shape, dict) and set(shape) == set(BOX) and _named(shape["label"]):
        return "boxes"
    if asked != "object":
        return "labels"
    kinds = set(fields_of(answer_schema).values())
    more = answer_schema.get("additionalProperties", True)
    return "records" if kinds & {"text", "numbers"} or (not kinds and isinstance(more, dict)) else "labels"


def fields_of(answer_schema: Mapping[str, Any]) -> dict[str, Kind]:
    """Kinds of a form's fields; what is neither text nor number is a label."""
    properties = answer_schema.get("properties")
    if not isinstance(properties, dict):
        return {}
    kinds = {name: kind_of(schema) if isinstance(schema, dict) else "labels" for name, schema in properties.items()}
    return {name: kind if kind in ("text", "numbers") else "labels" for name, kind in kinds.items()}


def _named(label: Any) -> bool:
    """Whether what a box shows is told by a text."""
    if not isinstance(label, dict):
        return False
    return label.get("type") == "string" or all(isinstance(each, str) for each in label.get("enum", [None]))


def _is_scale(answer_schema: Mapping[str, Any]) -> bool:
    low, high = answer_schema.get("minimum"), answer_schema.get("maximum")
    return low is not None and high is not None and high - low < FEW_NUMBERS
