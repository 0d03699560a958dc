"""JSON bodies, read strictly: what two readers could understand differently, or a database could not keep, is refused.

Integers stay whole at any size, unlike in documents (RFC 8785), since amounts are integers. Large bodies are read in
threads of their own, few at a time, so that the gateway answers others meanwhile; what a body costs to read is bounded
before it is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine
from typing import Any

import anyio
from anyio.lowlevel import RunVar
from fastapi import Request, Response
from fastapi._compat import ModelField
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException

MAX_DEPTH = 64
MAX_VALUES = 2_000_000
"""In one body. Reading so many holds the interpreter for half a second."""
MAX_MEMBERS = 50_000
"""Of one object: as many as a batch has tasks."""
MAX_WRONG = 100
"""Places of a body that is none of its model which are looked at further."""
INLINE_BYTES = 16_384
"""A body of at most so many is read at once."""
LARGE_AT_A_TIME = 2
_ESCAPES = (b"\\\\", b'\\"')
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_DOUBTFUL_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_LARGE_NUMBER = re.compile(rb"[eE]\+?\d{2}|(?<!\d)\d{250}")
_UNWANTED = re.compile("[\x00\ud800-\udfff]")
_large: RunVar[anyio.CapacityLimiter] = RunVar("large_bodies")


class StrictRoute(APIRoute):
    """A route whose JSON body is read by `parse`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        original = super().get_route_handler()
        field = None if self._embed_body_fields else self.body_field

        async def handler(request: Request) -> Response:
            try:
                return await original(_StrictRequest(request, field))
            except _Refused as refused:
                raise RequestValidationError(refused.wrong) from None

        return handler


class _Refused(HTTPException):
    """A body that is none of its model; of the kind that passes through the framework's reading as it is."""

    def __init__(self, wrong: list[Any]) -> None:
        super().__init__(422)
        self.wrong = wrong


class _StrictRequest(Request):
    def __init__(self, request: Request, field: ModelField | None) -> None:
        super().__init__(request.scope, request.receive)
        self._field = field

    async def json(self) -> Any:
        data = await self.body()
        if len(data) <= INLINE_BYTES:
            return parse(data)
        try:
            limiter = _large.get()
        except LookupError:
            _large.set(limiter := anyio.CapacityLimiter(LARGE_AT_A_TIME))
        return await anyio.to_thread.run_sync(self._read, data, limiter=limiter)

    def _read(self, data: bytes) -> Any:
        """The body as its model, which the framework then takes as it is; or its value where it has none."""
        value = parse(data)
        field = self._field
        if field is None or not isinstance(field.field_info.annotation, type):
            return value
        if not issubclass(field.field_info.annotation, BaseModel):
            return value
        found, wrong = field.validate(value, {}, loc=("body",))
        if wrong:
            raise _Refused(wrong[:MAX_WRONG])
        return found


def parse(data: bytes) -> Any:
    """The value. Raises JSONDecodeError for repeated keys, NaN, infinities, NUL and halves of surrogate pairs in text,
    numbers of thousands of digits, nesting beyond 64, objects of more than 50,000 members and more than two million
    values."""
    try:
        outside = _checked(data)
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_constant)
        if _DOUBTFUL_ESCAPE.search(data) or _LARGE_NUMBER.search(outside):  # there is no other way for them
            _check(value)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        raise json.JSONDecodeError(str(error)[:300] or type(error).__name__, "", 0) from error
    return value


def _checked(data: bytes) -> bytes:
    """What stands outside of texts. Checks depth and size before the parser sees them, and without a look at each
    value: bodies are large, and where a library raised the recursion limit, a deep one ends the process."""
    for escape in _ESCAPES:
        data = data.replace(escape, b"")
    too_many = ValueError(
        f"the body has more than {MAX_VALUES} values: send it in parts, as PUT /v1/task-uploads takes tasks"
    )
    if data.count(b'"') > 4 * MAX_VALUES:  # two around each text and each key
        raise too_many
    outside = b"".join(data.split(b'"')[::2])
    brackets = outside.translate(_ONE_KIND, _NO_BRACKETS)
    if brackets.count(b"[") + outside.count(b",") >= MAX_VALUES:
        raise too_many
    for _ in range(MAX_DEPTH):  # each time the innermost ones go
        brackets = brackets.replace(b"[]", b"")
    if brackets.count(b"[") > MAX_DEPTH or b"[]" in brackets:
        raise ValueError(f"the body is nested deeper than {MAX_DEPTH}")
    return outside


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_MEMBERS:
        raise ValueError(f"an object has more than {MAX_MEMBERS} members")
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON number")


def _check(value: Any) -> None:
    if isinstance(value, str):
        if _UNWANTED.search(value):
            raise ValueError("a text holds NUL or half of a surrogate pair")
    elif isinstance(value, float):
        if value in (float("inf"), float("-inf")):
            raise ValueError("a number is beyond what a double holds")
    elif isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else ():
            _check(key)
        for child in value.values() if isinstance(value, dict) else value:
            _check(child)
