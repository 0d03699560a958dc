"""Every task type: its example can be drafted, answers that make sense are taken, and others are refused by name."""

from __future__ import annotations

import json
from copy import deepcopy
from importlib import resources
from typing import Any

import pytest

from piecework.domain.answers import AnswerInvalid, check_answer, check_answer_schema
from piecework.domain.task_types import (
    TASK_TYPES,
    AnswerRefused,
    ContentRefused,
    OptionsRefused,
    UnknownTaskType,
    build_answer_schema,
    check_contents,
    check_task_answer,
    example,
)

CID = "bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
BOX = {"label": "bicycle", "x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4}
RECEIPT = {"shop": "Corner", "day": "2026-02-28", "total": 12.5}
SURVEY = {"way": "bicycle", "minutes": 20, "liking": 4}
FOUND = {"found": True, "answer": "1798", "source": "https://museum.example.org/history"}
NOT_FOUND = {"found": False, "answer": "", "source": None}
FILE = {"cid": CID, "name": "take 1.ogg", "media_type": "audio/ogg", "bytes": 20_000}
GOOD: dict[str, list[Any]] = {
    "choice": ["positive", "neither"],
    "multiple_choice": [[], ["person", "dog"]],
    "boxes": [[], [BOX, BOX | {"x": 0.7}], [BOX | {"x": 0, "width": 1}]],
    "text": ["A woman sells oranges at a market."],
    "translation": ["Vuelvo en diez minutos."],
    "transcription": [{"text": "hello", "unintelligible": False}, {"text": "", "unintelligible": True}],
    "moderation": [{"decision": "allow", "rule": None}, {"decision": "remove", "rule": "no threats", "note": "line 2"}],
    "entity_match": ["same", "unsure"],
    "preference": ["a", "tie"],
    "data_entry": [RECEIPT, RECEIPT | {"tax_number": "X 1", "day": "2024-02-29"}],
    "web_research": [FOUND, NOT_FOUND],
    "survey": [SURVEY, SURVEY | {"remarks": "It rains."}],
    "file": [FILE],
    "external": [{}, {"steps": "3"}],
}
BAD: list[tuple[str, Any]] = [
    ("choice", "maybe"),
    ("multiple_choice", ["person", "person"]),
    ("multiple_choice", ["cat"]),
    ("boxes", [BOX | {"width": 0}]),
    ("boxes", [BOX | {"x": 0.8}]),
    ("boxes", [BOX | {"y": 0.61}]),
    ("boxes", [BOX, dict(BOX)]),
    ("boxes", [BOX | {"label": "car"}]),
    ("boxes", [BOX] * 51),
    ("text", "too short"),
    ("text", " " * 40),
    ("text", "\u200b" * 40),
    ("translation", "Back in ten minutes."),
    ("translation", " BACK in ten\u200b minutes. "),
    ("translation", "\u200b"),
    ("transcription", {"text": "", "unintelligible": False}),
    ("transcription", {"text": "hello", "unintelligible": True}),
    ("moderation", {"decision": "allow", "rule": "no threats"}),
    ("moderation", {"decision": "remove", "rule": None}),
    ("moderation", {"decision": "restrict", "rule": "no threats"}),
    ("entity_match", "maybe"),
    ("preference", "both"),
    ("data_entry", RECEIPT | {"day": "2026-02-29"}),
    ("data_entry", RECEIPT | {"shop": "  "}),
    ("data_entry", RECEIPT | {"total": -1}),
    ("data_entry", {"shop": "Corner", "total": 1}),
    ("web_research", FOUND | {"source": "javascript:alert(1)"}),
    ("web_research", FOUND | {"source": "https://me@museum.example.org/"}),
    ("web_research", FOUND | {"source": "https://museum"}),
    ("web_research", FOUND | {"source": "https://["}),
    ("web_research", FOUND | {"source": "https://museum\u2100.example.org/"}),
    ("web_research", FOUND | {"source": None}),
    ("web_research", FOUND | {"answer": " "}),
    ("web_research", NOT_FOUND | {"source": "https://museum.example.org/"}),
    ("survey", SURVEY | {"liking": 6}),
    ("survey", SURVEY | {"liking": True}),
    ("survey", SURVEY | {"remarks": "\n"}),
    ("file", FILE | {"cid": CID[:-1] + "1"}),
    ("file", FILE | {"name": "../take"}),
    ("file", FILE | {"name": ".."}),
    ("file", FILE | {"name": "take\u202egpj.exe"}),
    ("file", FILE | {"name": "take\n1.ogg"}),
    ("file", FILE | {"media_type": "image/png"}),
    ("file", FILE | {"bytes": 5_242_881}),
    ("external", {"steps": 3}),
]
REFUSED_OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("choice", {}),
    ("choice", {"choices": ["one"]}),
    ("choice", {"choices": ["one", "one"]}),
    ("choice", {"choices": ["one", "two"], "colour": "red"}),
    ("boxes", {"labels": ["a"], "least": 5, "most": 4}),
    ("text", {"least_characters": 50, "most_characters": 40}),
    ("translation", {"target_language": "in Spanish"}),
    ("moderation", {"rules": ["no threats"], "decisions": ["remove", "escalate"]}),
    ("survey", {"fields": []}),
    ("survey", {"fields": [{"name": "way", "title": "Way?", "kind": "one_of"}]}),
    ("survey", {"fields": [{"name": "way", "title": "Way?", "kind": "text", "choices": ["a"]}]}),
    ("survey", {"fields": [{"name": "n", "title": "N", "kind": "integer", "least": 5, "most": 4}]}),
    ("survey", {"fields": [{"name": "a", "title": "A", "kind": "text"}, {"name": "a", "title": "B", "kind": "text"}]}),
    ("file", {"media_types": ["png"]}),
    ("file", {"media_types": ["image/png\n"]}),
    ("survey", {"fields": [{"name": "a\n", "title": "A", "kind": "text"}]}),
    ("translation", {"target_language": "es\n"}),
]


def answer_schema(name: str) -> dict[str, Any]:
    return build_answer_schema(name, example(name)["options"])


def take(name: str, answer: Any) -> None:
    schema = answer_schema(name)
    check_answer(answer, schema)
    check_task_answer(name, example(name)["tasks"][0]["content"], answer, schema)


def test_the_manifest_names_the_same_types() -> None:
    path = resources.files("piecework.domain") / "schemas" / "manifest-1.json"
    assert list(TASK_TYPES) == json.loads(path.read_text())["properties"]["task_type"]["enum"]
    assert list(GOOD) == list(TASK_TYPES)


@pytest.mark.parametrize("name", TASK_TYPES)
def test_the_example_of_each_type_fits_it_and_its_schema_may_stand_in_a_manifest(name: str) -> None:
    drafted = example(name)
    check_answer_schema(build_answer_schema(name, drafted["options"]))
    check_contents(name, ((task["id"], task["content"]) for task in drafted["tasks"]))
    assert drafted["task_type"] == name
    fields = set(TASK_TYPES[name].content["properties"])
    assert set(TASK_TYPES[name].shows) <= fields
    assert all(set(task["content"]) <= fields for task in drafted["tasks"])


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name, answers in GOOD.items() for answer in answers])
def test_an_answer_that_makes_sense_is_taken(name: str, answer: Any) -> None:
    take(name, answer)


@pytest.mark.parametrize(("name", "answer"), BAD, ids=lambda value: f"{value}"[:40])
def test_an_answer_that_makes_none_is_refused(name: str, answer: Any) -> None:
    with pytest.raises((AnswerInvalid, AnswerRefused)) as refused:
        take(name, answer)
    assert str(refused.value)


def test_every_check_beyond_the_schema_is_needed() -> None:
    """The planted bug: with the schema alone, answers of each of these types that make no sense are taken."""
    slipped = set()
    for name, answer in BAD:
        try:
            check_answer(answer, answer_schema(name))
        except AnswerInvalid:
            continue
        slipped.add(name)
    assert slipped == {kind.name for kind in TASK_TYPES.values() if kind.check.__name__ != "no_more"}


@pytest.mark.parametrize(("name", "options"), REFUSED_OPTIONS, ids=lambda value: f"{value}"[:40])
def test_options_that_are_not_the_types_are_refused_with_their_place(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(OptionsRefused):
        build_answer_schema(name, options)


@pytest.mark.parametrize(
    "name", [name for name, kind in TASK_TYPES.items() if name not in ("choice", "text", "survey")]
)
def test_a_task_that_shows_nothing_is_refused_by_its_id(name: str) -> None:
    with pytest.raises(ContentRefused, match="task t7"):
        check_contents(name, [("t7", {})])


@pytest.mark.parametrize(
    "link",
    ["http://a.example.org/", "https://a.example.org/\n", "javascript:alert(1)", "data:text/html,x", "https://", 7],
)
def test_a_page_or_picture_is_a_secure_link_or_a_pinned_file(link: Any) -> None:
    for name, field in (("external", "url"), ("boxes", "image")):
        contents = deepcopy(example(name)["tasks"][0]["content"]) | {field: link}
        with pytest.raises(ContentRefused):
            check_contents(name, [("t1", contents)])


def test_an_unknown_type_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownTaskType, match="choose choice, multiple_choice"):
        build_answer_schema("painting", {})
