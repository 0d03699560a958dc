"""JSON bodies, read strictly: what two readers could understand differently, or a database could not keep, is refused.

Integers stay whole at any size, unlike in documents (RFC 8785), since amounts are integers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

MAX_DEPTH = 64
_TEXT_OR_BRACKET = re.compile(rb'"(?:[^"\\\\]|\\\\.)*+"|[\[\]{}]', re.DOTALL)
_UNWANTED = re.compile("[\x00\ud800-\udfff]")


class StrictRoute(APIRoute):
    """A route whose JSON body is read by `parse`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        original = super().get_route_handler()

        async def handler(request: Request) -> Response:
            return await original(_StrictRequest(request.scope, request.receive))

        return handler


class _StrictRequest(Request):
    async def json(self) -> Any:
        return parse(await self.body())


def parse(data: bytes) -> Any:
    """The value. Raises JSONDecodeError for repeated keys, NaN, infinities, NUL and halves of surrogate pairs in text,
    numbers of thousands of digits, and nesting beyond 64."""
    try:
        _check_depth(data)
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_constant)
        _check(value)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        raise json.JSONDecodeError(str(error)[:300] or type(error).__name__, "", 0) from error
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON number")


def _check_depth(data: bytes) -> None:
    """Before the parser sees it: where a library raised the recursion limit, a deep body ends the process."""
    depth = 0
    for found in _TEXT_OR_BRACKET.finditer(data):
        sign = found[0]
        if sign in (b"[", b"{"):
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError(f"the body is nested deeper than {MAX_DEPTH}")
        elif sign in (b"]", b"}"):
            depth -= 1


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
