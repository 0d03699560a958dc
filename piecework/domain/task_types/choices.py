"""Types whose answers are picked from what the batch names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from piecework.domain.task_types.kind import (
    MEDIA,
    NAME,
    NAMES,
    TEXT,
    AnswerRefused,
    Json,
    TaskType,
    content,
    record,
)

_SHOWN = {"question": TEXT, "text": TEXT, "image": MEDIA}
_CHOICES = {"type": "array", "minItems": 2, "maxItems": 200, "uniqueItems": True}
_CHOICE = {"type": ["string", "integer", "boolean"]}


def _decision_agrees(_shown: Mapping[str, Any], answer: Any, _schema: Json) -> None:
    if answer["decision"] == "allow" and answer.get("rule") is not None:
        raise AnswerRefused("what is allowed breaks no rule: leave the rule out, or choose another decision")
    if answer["decision"] != "allow" and answer.get("rule") is None:
        raise AnswerRefused(f"to {answer['decision']} names the rule that is broken")


def _each_once(_shown: Mapping[str, Any], answer: Any, _schema: Json) -> None:
    """JSON's true is not its 1, Python's is."""
    seen = [(type(item), item) for item in answer]
    if len(set(seen)) != len(seen):
        raise AnswerRefused("a choice stands twice: name each once")


CHOICE = TaskType(
    name="choice",
    title="Choose one",
    content=content(_SHOWN),
    options=record({"choices": _CHOICES | {"items": _CHOICE}}),
    answer_schema=lambda options: {"enum": options["choices"]},
    shows=("question", "image", "text"),
    asks="one of",
)
MULTIPLE_CHOICE = TaskType(
    name="multiple_choice",
    title="Choose all that fit",
    content=content(_SHOWN, one_of=("question", "text", "image")),
    options=record(
        {"choices": _CHOICES | {"items": _CHOICE}, "least": {"type": "integer", "minimum": 0}}, ("choices",)
    ),
    answer_schema=lambda options: {
        "type": "array",
        "items": {"enum": options["choices"]},
        "minItems": options.get("least", 0),
        "maxItems": len(options["choices"]),
    },
    shows=("question", "image", "text"),
    asks="any of",
    check=_each_once,
)
PREFERENCE = TaskType(
    name="preference",
    title="Which is better, A or B",
    content=content({"question": TEXT, "a": _SHOWN["text"], "b": _SHOWN["text"], "image_a": MEDIA, "image_b": MEDIA})
    | {"anyOf": [{"required": ["a", "b"]}, {"required": ["image_a", "image_b"]}]},
    options=record({"tie": {"type": "boolean"}}, ()),
    answer_schema=lambda options: {"enum": ["a", "b", "tie"] if options.get("tie", True) else ["a", "b"]},
    shows=("question", "a", "image_a", "b", "image_b"),
    asks="a or b",
)
ENTITY_MATCH = TaskType(
    name="entity_match",
    title="Are these the same thing",
    content=content({"question": TEXT, "left": {"type": "object"}, "right": {"type": "object"}}, "left", "right"),
    options=record({"unsure": {"type": "boolean"}}, ()),
    answer_schema=lambda options: {
        "enum": ["same", "different", "unsure"] if options.get("unsure", True) else ["same", "different"]
    },
    shows=("question", "left", "right"),
    asks="one of",
)
MODERATION = TaskType(
    name="moderation",
    title="Does it keep the policy",
    content=content({"text": TEXT, "image": MEDIA, "context": TEXT}, one_of=("text", "image")),
    options=record(
        {
            "rules": NAMES,
            "decisions": {
                "type": "array",
                "items": {"enum": ["allow", "remove", "restrict", "escalate"]},
                "contains": {"const": "allow"},
                "minItems": 2,
                "uniqueItems": True,
            },
        },
        ("rules",),
    ),
    answer_schema=lambda options: record(
        {
            "decision": {"enum": options.get("decisions", ["allow", "remove"])},
            "rule": {"enum": [*options["rules"], None]},
            "note": NAME | {"minLength": 0, "maxLength": 1_000},
        },
        ("decision", "rule"),
    ),
    shows=("context", "image", "text"),
    asks="decision and rule",
    check=_decision_agrees,
)
