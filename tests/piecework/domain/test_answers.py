"""The part of JSON Schema that a requester may use, and answers under it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piecework.domain.answers import AnswerInvalid, AnswerSchemaRefused, check_answer, check_answer_schema

CHOICE = {"type": "string", "enum": ["yes", "no"]}
TEXT = {"type": "string", "minLength": 2, "maxLength": 5}
BOX = {
    "type": "object",
    "additionalProperties": False,
    "required": ["label", "corners"],
    "properties": {
        "label": {"oneOf": [{"const": "cat"}, {"const": "dog"}]},
        "corners": {
            "type": "array",
            "minItems": 2,
            "maxItems": 3,
            "items": {"type": "integer", "minimum": 0, "maximum": 100},
        },
    },
}

FITTING: list[tuple[dict[str, Any], Any]] = [
    (CHOICE, "yes"),
    (TEXT, "bird"),
    (BOX, {"label": "cat", "corners": [0, 100]}),
    ({"type": ["integer", "null"]}, None),
    ({"additionalProperties": True, "title": "anything"}, {"x": 1}),
]
NOT_FITTING: list[tuple[dict[str, Any], Any, str]] = [
    (CHOICE, "maybe", "at /"),
    (CHOICE, None, "at /"),
    (TEXT, "a", "at /"),
    (TEXT, "abcdef", "at /"),
    (BOX, {"label": "cat"}, "'corners' is a required property"),
    (BOX, {"label": "cow", "corners": [0, 1]}, "at /label"),
    (BOX, {"label": "cat", "corners": [0, 101]}, "at /corners/1"),
    (BOX, {"label": "cat", "corners": [0]}, "at /corners"),
    (BOX, {"label": "cat", "corners": [0, 1, 2, 3]}, "at /corners"),
    (BOX, {"label": "cat", "corners": [0, 1.5]}, "at /corners/1"),
    (BOX, {"label": "cat", "corners": [0, True]}, "at /corners/1"),
    (BOX, {"label": "cat", "corners": [0, 1], "more": 1}, "'more' was unexpected"),
]


@pytest.mark.parametrize(("schema", "answer"), FITTING)
def test_a_fitting_answer_is_taken(schema: dict[str, Any], answer: Any) -> None:
    check_answer_schema(schema)
    check_answer(answer, schema)


@pytest.mark.parametrize(("schema", "answer", "why"), NOT_FITTING)
def test_an_answer_that_does_not_fit_is_refused_with_its_place(schema: dict[str, Any], answer: Any, why: str) -> None:
    check_answer_schema(schema)
    with pytest.raises(AnswerInvalid, match=why):
        check_answer(answer, schema)


@pytest.mark.parametrize(
    "keyword",
    [
        "$ref",
        "$id",
        "$defs",
        "$schema",
        "pattern",
        "patternProperties",
        "format",
        "not",
        "anyOf",
        "allOf",
        "if",
        "default",
    ],
)
@pytest.mark.parametrize(
    "within",
    [
        lambda inner: inner,
        lambda inner: {"properties": {"a": inner}},
        lambda inner: {"items": inner},
        lambda inner: {"additionalProperties": inner},
        lambda inner: {"oneOf": [{"type": "null"}, inner]},
        lambda inner: {"properties": {"a": {"items": {"oneOf": [inner]}}}},
    ],
)
def test_keywords_that_refer_or_can_be_slow_are_refused_at_every_depth(keyword: str, within: Any) -> None:
    with pytest.raises(AnswerSchemaRefused, match=r"cannot be used here"):
        check_answer_schema(within({keyword: "x"}))


@pytest.mark.parametrize(
    "schema",
    [
        None,
        [],
        "string",
        {},
        {"type": "word"},
        {"enum": "yes"},
        {"minLength": -1},
        {"required": "a"},
        {"properties": []},
        {"properties": {"a": 1}},
        {"items": [{"type": "string"}]},
        {"oneOf": {"type": "string"}},
        {"oneOf": []},
        {"oneOf": 7},
        {"oneOf": ["string"]},
        {"description": "x" * 20_000},
    ],
)
def test_what_is_no_schema_is_refused(schema: Any) -> None:
    with pytest.raises(AnswerSchemaRefused):
        check_answer_schema(schema)


@pytest.mark.parametrize("depth", [20, 5_000])
@pytest.mark.parametrize(
    "wrap", [lambda inner: {"items": inner}, lambda inner: {"enum": [inner]}, lambda inner: {"const": inner}]
)
def test_a_schema_nested_beyond_reason_is_refused_or_harmless(depth: int, wrap: Any) -> None:
    schema: Any = {"type": "null"}
    for _ in range(depth):
        schema = wrap(schema)

    if depth > 20 or "items" in schema:
        with pytest.raises(AnswerSchemaRefused):
            check_answer_schema(schema)
    else:
        check_answer_schema(schema)


_loose_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "enum", "properties", "items", "oneOf", "required", "minimum", "additionalProperties", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(_loose_json, _loose_json)
def test_a_strangers_schema_and_answer_give_a_result_or_a_named_refusal(schema: Any, answer: Any) -> None:
    try:
        check_answer_schema(schema)
        check_answer(answer, schema)
    except (AnswerSchemaRefused, AnswerInvalid) as refusal:
        assert str(refusal)


@given(st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, unique=True), st.text("abcd", max_size=4))
def test_a_choice_takes_its_options_and_nothing_else(options: list[str], answer: str) -> None:
    schema = json.loads(json.dumps({"enum": options}))
    check_answer_schema(schema)
    if answer in options:
        check_answer(answer, schema)
    else:
        with pytest.raises(AnswerInvalid):
            check_answer(answer, schema)
