"""JSON bodies, read strictly: what two readers could understand differently, or a database could not keep, is refused.

Integers stay whole at any size, unlike in documents (RFC 8785), since amounts are integers. All but the smallest are
read in threads of their own, few at a time, so that the gateway answers others meanwhile; what a body costs to read is
bounded and paid for before it is read.
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
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from backend.rates import OWE, too_dear

MAX_DEPTH = 64
MAX_VALUES = 2_000_000
"""In one body. Reading so many holds the interpreter for half a second."""
MAX_MEMBERS = 50_000
"""Of one object: as many as a batch has tasks."""
MOST_WRONG = 100
"""Places of a body that are told; with more it is told that there are more. Each costs much more than to be found."""
INLINE_BYTES = 2_048
"""A body of at most so many is read at once."""
LARGE_BYTES = 262_144
"""Above, bodies do not keep those of people at work waiting."""
AT_A_TIME = 4
LARGE_AT_A_TIME = 2
MOST_WAITING = 64
"""Large bodies that wait to be read."""
VALUES_OF_ONE_UNIT = 5_000
NO_MODEL = 0
"""What stands for a body that is wrong; no model is made of it."""
_ESCAPES = (b"\\\\", b'\\"')
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_DOUBTFUL_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_LARGE_NUMBER = re.compile(rb"[eE]\+?\d{2}|(?<!\d)\d{250}")
_UNWANTED = re.compile("[\x00\ud800-\udfff]")


class _Turns:
    """Of one event loop."""

    def __init__(self) -> None:
        self.usual = anyio.CapacityLimiter(AT_A_TIME)
        self.large = anyio.CapacityLimiter(LARGE_AT_A_TIME)
        self.large_ones = 0
        """That are read or wait to be."""


_turns: RunVar[_Turns] = RunVar("bodies")


class StrictRoute(APIRoute):
    """A route whose JSON body is read by `parse`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        original = super().get_route_handler()
        field = None if self._embed_body_fields else self.body_field

        async def handler(request: Request) -> Response:
            strict = _StrictRequest(request, field)
            try:
                return await original(strict)
            except RequestValidationError as error:
                if strict.wrong is None:
                    raise
                elsewhere = [each for each in error.errors() if each["loc"][:1] != ("body",)]
                raise RequestValidationError([*elsewhere, *strict.wrong]) from None

        return handler


class _StrictRequest(Request):
    def __init__(self, request: Request, field: ModelField | None) -> None:
        super().__init__(request.scope, request.receive)
        self._field = field
        self.wrong: list[Any] | None = None
        """What is wrong with the body, where it is none of its model."""

    async def json(self) -> Any:
        data = await self.body()
        if len(data) <= INLINE_BYTES:
            return self._read(data)
        try:
            turns = _turns.get()
        except LookupError:
            _turns.set(turns := _Turns())
        if len(data) <= LARGE_BYTES:
            return await anyio.to_thread.run_sync(self._read, data, limiter=turns.usual)
        if turns.large_ones >= LARGE_AT_A_TIME + MOST_WAITING:
            raise HTTPException(503, "too many large bodies wait to be read: try again", {"retry-after": "2"})
        turns.large_ones += 1
        try:
            return await anyio.to_thread.run_sync(self._read, data, limiter=turns.large)
        finally:
            turns.large_ones -= 1

    def _read(self, data: bytes) -> Any:
        """The body as its model, which the framework then takes as it is; its value where it has none; and where it is
        wrong what no model takes, so that who asks is looked at first."""
        owe, values = self.scope.get(OWE), sum(data.count(sign) for sign in (b",", b"[", b"{"))
        if owe is not None and (wait := owe(values // VALUES_OF_ONE_UNIT)):
            raise too_dear(wait)
        value = parse(data)
        field = self._field
        if field is None or not isinstance(field.field_info.annotation, type):
            return value
        if not issubclass(field.field_info.annotation, BaseModel):
            return value
        try:
            return field.field_info.annotation.model_validate(value)
        except ValidationError as error:
            self.wrong = _places(error)
            return NO_MODEL


def _places(error: ValidationError) -> list[Any]:
    """As the framework has them."""
    if error.error_count() > MOST_WRONG:
        told = f"the body is wrong at {error.error_count()} places: look at what GET /openapi.json says of it"
        return [{"type": "too_many_errors", "loc": ("body",), "msg": told, "input": None}]
    return [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]


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
    if brackets.count(b"[") != brackets.count(b"]"):
        raise ValueError("brackets are missing, or there are too many")
    for _ in range(MAX_DEPTH):  # each time the innermost ones go
        left = len(brackets)
        brackets = brackets.replace(b"[]", b"")
        if len(brackets) == left:
            return outside  # the parser says where
    if brackets:
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
