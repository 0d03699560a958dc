"""The web app refuses what the gateway refuses, before it is queued, and says why in the reader's words."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from piecework.domain.answers import AnswerInvalid, check_answer
from piecework.domain.task_types import TASK_TYPES, AnswerRefused, build_answer_schema, check_task_answer, example

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
FRONTEND = HERE.parents[1] / "frontend"
CASES_A_TYPE = 400
SAID = [
    "", " ", "\u200b", "a", "A note", "x" * 2_100, "cat", "2026-02-28", "2026-02-30", "2026-13-01", "0000-01-01",
    "https://example.org/page", "http://example.org", "https://localhost/x", "ftp://example.org", "notes.txt", "a/b",
    "...", "photo\u202egpj.exe", "a\nb.txt", "https://[", "https://exa\u2100mple.org/", "text/plain", "Text",
    "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
]  # fmt: skip
VALUES: list[Any] = [None, True, False, 0, 1, -1, 2, 5, 6, 0.5, 1.5, 101, [], {}, *SAID]


def gateway_takes(type_: str, schema: dict[str, Any], content: dict[str, Any], answer: Any) -> bool:
    try:
        check_answer(answer, schema)
        check_task_answer(type_, content, answer, schema)
    except (AnswerInvalid, AnswerRefused):
        return False
    return True


def fitting(schema: dict[str, Any], random: Random) -> Any:
    """A value that may well fit, and is wrong here and there."""
    if random.random() < 0.08:
        return random.choice(VALUES)
    if "enum" in schema:
        return random.choice(schema["enum"])
    kind = schema["type"][random.randrange(2)] if isinstance(schema["type"], list) else schema["type"]
    if kind == "object":
        names = [name for name in schema.get("properties", {}) if random.random() < 0.95]
        return {name: fitting(schema["properties"][name], random) for name in names} or {"a": random.choice(SAID)}
    if kind == "array":
        return [fitting(schema["items"], random) for _ in range(random.randrange(4))]
    if kind == "string":
        return random.choice(SAID)
    if kind == "boolean":
        return random.random() < 0.5
    if kind == "null":
        return None
    low, high = schema.get("minimum", -3), schema.get("maximum", 9)
    value = random.uniform(low - 0.2, min(high, 9) + 0.2)
    return round(value) if kind == "integer" else round(value, 2)


def cases() -> Iterator[dict[str, Any]]:
    random = Random(6)
    for name in TASK_TYPES:
        batch = example(name)
        schema, content = build_answer_schema(name, batch["options"]), batch["tasks"][0]["content"]
        if name == "translation":
            content = {**content, "text": "a NOTE"}
        for _ in range(CASES_A_TYPE):
            yield {"type": name, "schema": schema, "content": content, "answer": fitting(schema, random)}


def app_refuses(asked: list[dict[str, Any]]) -> list[str | None]:
    """Why, or None, for each."""
    command = ["node", str(HERE / "answer_checks.mjs"), str(FRONTEND)]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[str | None] = json.loads(done.stdout)
    return found


def test_the_app_takes_what_the_gateway_takes_and_refuses_the_rest() -> None:
    asked = list(cases())
    taken = [gateway_takes(case["type"], case["schema"], case["content"], case["answer"]) for case in asked]

    refused = app_refuses(asked)

    differ = [
        (case["type"], case["answer"], why)
        for case, ok, why in zip(asked, taken, refused, strict=True)
        if ok != (why is None)
    ]
    assert differ == []
    for name in TASK_TYPES:
        seen = {ok for case, ok in zip(asked, taken, strict=True) if case["type"] == name}
        assert seen == {True, False}, f"{name}: some are taken, some refused"


def test_a_schema_of_the_requesters_own_is_read_as_the_gateway_reads_it() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"oneOf": [{"const": 1}, {"type": "string", "maxLength": 2}]},
            "b": {"type": ["null", "integer"]},
        },
        "required": ["a"],
        "additionalProperties": {"type": "array", "maxItems": 1},
    }
    answers = [
        {}, {"a": 1}, {"a": 1.0}, {"a": True}, {"a": "ab"}, {"a": "abc"}, {"a": "😀😀"}, {"a": 1, "b": None},
        {"a": 1, "b": 1.5}, {"a": 1, "c": [1]}, {"a": 1, "c": [1, 2]}, {"a": 1, "c": 1},
        [], "a", None, {"a": 1, "__proto__": [1]},
    ]  # fmt: skip
    refused = app_refuses([{"type": "choice", "schema": schema, "content": {}, "answer": answer} for answer in answers])

    expected = [gateway_takes("choice", schema, {}, answer) for answer in answers]
    assert [why is None for why in refused] == expected
    assert True in expected and False in expected
