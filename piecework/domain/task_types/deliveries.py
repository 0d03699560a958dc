"""Types whose answers point at something: a source, a file, or the requester's own page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from piecework.domain.cid import CidError, parse_cid
from piecework.domain.task_types.kind import (
    END,
    LINK,
    MEDIA,
    TEXT,
    AnswerRefused,
    Json,
    TaskType,
    content,
    record,
)

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*")
_NO_NAME = re.compile("[/\\\\\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Parts of a path, control signs, and signs that turn the reading order, with which a program looks like a picture."""
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)


def _names_a_source(_shown: Mapping[str, Any], answer: Any, _schema: Json) -> None:
    if not answer["found"]:
        if answer["source"] is not None:
            raise AnswerRefused("what was not found has no source: leave it null")
        return
    if not answer["answer"].strip():
        raise AnswerRefused("the answer is blank: write it, or say that it was not found")
    try:
        link = urlsplit(answer["source"] or "")
    except ValueError as error:  # brackets that hold no address, signs that become others
        raise AnswerRefused(f"the source is a link to a page: {error}") from error
    if link.scheme not in {"http", "https"} or not _HOST.fullmatch(link.hostname or "") or link.username:
        raise AnswerRefused("the source is a link to a page: https://host/path")


def _is_a_file(_shown: Mapping[str, Any], answer: Any, _schema: Json) -> None:
    try:
        parse_cid(answer["cid"])
    except CidError as error:
        raise AnswerRefused(f"the file's CID is none: {error}") from error
    if not _MEDIA_TYPE.fullmatch(answer["media_type"]):
        raise AnswerRefused(f"{answer['media_type']!r} is no media type such as image/png")
    if _NO_NAME.search(answer["name"]) or answer["name"].strip(". ") == "":
        raise AnswerRefused("the file's name is a name, not a path, and shows all of itself in the order it has")


def _file_schema(options: Json) -> Json:
    kinds = options.get("media_types")
    return record(
        {
            "cid": {"type": "string", "minLength": 20, "maxLength": 120},
            "name": {"type": "string", "minLength": 1, "maxLength": 255},
            "media_type": {"enum": kinds} if kinds else {"type": "string", "minLength": 3, "maxLength": 100},
            "bytes": {"type": "integer", "minimum": 1, "maximum": options.get("most_bytes", 10_485_760)},
        }
    )


WEB_RESEARCH = TaskType(
    name="web_research",
    title="Find out, with the source",
    content=content({"question": TEXT, "text": TEXT}, "question"),
    options=record({"most_characters": {"type": "integer", "minimum": 1, "maximum": 10_000}}, ()),
    answer_schema=lambda options: record(
        {
            "found": {"type": "boolean"},
            "answer": {"type": "string", "maxLength": options.get("most_characters", 2_000)},
            "source": {"type": ["string", "null"], "maxLength": 2_000},
        }
    ),
    shows=("question", "text"),
    asks="answer and source",
    check=_names_a_source,
)
FILE = TaskType(
    name="file",
    title="Deliver a file",
    content=content({"question": TEXT, "text": TEXT, "image": MEDIA}, one_of=("question", "text", "image")),
    options=record(
        {
            "media_types": {
                "type": "array",
                "items": {"type": "string", "pattern": f"^{_MEDIA_TYPE.pattern}{END}", "maxLength": 100},
                "minItems": 1,
                "maxItems": 50,
            },
            "most_bytes": {"type": "integer", "minimum": 1, "maximum": 104_857_600},
        },
        (),
    ),
    answer_schema=_file_schema,
    shows=("question", "image", "text"),
    asks="file",
    check=_is_a_file,
)
EXTERNAL = TaskType(
    name="external",
    title="Work on the requester's page",
    content=content({"url": LINK}, "url"),
    options=record({"most_characters": {"type": "integer", "minimum": 1, "maximum": 20_000}}, ()),
    answer_schema=lambda options: {
        "type": "object",
        "additionalProperties": {"type": "string", "maxLength": options.get("most_characters", 10_000)},
    },
    shows=("url",),
    asks="frame",
)
