"""Types whose answers are written."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from piecework.domain.task_types.kind import (
    LANGUAGE,
    MEDIA,
    TEXT,
    AnswerRefused,
    Json,
    TaskType,
    content,
    record,
)

_LENGTHS = {
    "least_characters": {"type": "integer", "minimum": 0, "maximum": 10_000},
    "most_characters": {"type": "integer", "minimum": 1, "maximum": 20_000},
}


def _written(options: Json) -> Json:
    least, most = options.get("least_characters", 1), options.get("most_characters", 10_000)
    return {"type": "string", "minLength": least, "maxLength": most}


def _says_something(_shown: Mapping[str, Any], answer: Any, _schema: Json) -> None:
    if isinstance(answer, str) and answer and not _bare(answer):
        raise AnswerRefused("the text is blank")


def _translates(shown: Mapping[str, Any], answer: Any, schema: Json) -> None:
    _says_something(shown, answer, schema)
    if _bare(answer) == _bare(shown["text"]) and any(map(str.isalpha, answer)):
        raise AnswerRefused("the translation is the text itself: translate it")


def _transcribes(_shown: Mapping[str, Any], answer: Any, _schema: Json) -> None:
    if answer["unintelligible"] == bool(_bare(answer["text"])):
        raise AnswerRefused("write what is said, or mark the recording as unintelligible, not both or neither")


def _bare(text: str) -> str:
    """What is left for comparing: no spaces at the ends, no case, one spelling of each sign, nothing invisible."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in folded if unicodedata.category(sign) not in {"Cf", "Cc"} or sign.isspace()).strip()


FREE_TEXT = TaskType(
    name="text",
    title="Write a text",
    content=content({"question": TEXT, "text": TEXT, "image": MEDIA}),
    options=record(_LENGTHS, ()),
    answer_schema=_written,
    shows=("question", "image", "text"),
    asks="text",
    check=_says_something,
)
TRANSLATION = TaskType(
    name="translation",
    title="Translate",
    content=content({"text": TEXT, "context": TEXT}, "text"),
    options=record({"source_language": LANGUAGE, "target_language": LANGUAGE, **_LENGTHS}, ("target_language",)),
    answer_schema=lambda options: _written(options) | {"title": f"Text in {options['target_language']}"},
    shows=("context", "text"),
    asks="text",
    check=_translates,
)
TRANSCRIPTION = TaskType(
    name="transcription",
    title="Write down what is said",
    content=content({"audio": MEDIA, "context": TEXT}, "audio"),
    options=record({"language": LANGUAGE, **_LENGTHS}, ()),
    answer_schema=lambda options: record(
        {"text": _written(options) | {"minLength": 0}, "unintelligible": {"type": "boolean"}}
    ),
    shows=("context", "audio"),
    asks="text",
    check=_transcribes,
)
