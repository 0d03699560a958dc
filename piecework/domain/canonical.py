"""Canonical JSON (RFC 8785): one document, one sequence of bytes, one digest."""

from __future__ import annotations

import json
import math
import re
import secrets
from collections.abc import Mapping
from typing import Any

MAX_DEPTH = 64
"""Objects and lists within each other."""
_LARGEST_INTEGER = 2**53 - 1
_SURROGATE = re.compile("[\ud800-\udfff]")


class NotCanonical(ValueError):
    """The bytes or the value cannot be a canonical document."""


def canonical_bytes(document: Mapping[str, Any]) -> bytes:
    """The RFC 8785 form.

    Raises NotCanonical for what JSON cannot carry exactly, or `strict_loads` would not read back.
    """
    import rfc8785

    try:
        _check(document, MAX_DEPTH)
        return rfc8785.dumps(dict(document))
    except rfc8785.CanonicalizationError as error:
        raise NotCanonical(f"the document cannot be written as canonical JSON: {error}") from error


def read_back(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a reader of the document has, so that both compare the same values: 1.0 is written as 1 and read as that.

    Raises NotCanonical.
    """
    found: dict[str, Any] = strict_loads(canonical_bytes(document))
    return found


def strict_loads(data: bytes) -> Any:
    """Parses JSON; refuses repeated keys, numbers beyond a double, halves of surrogate pairs, bad UTF-8, and nesting
    beyond 64.

    Integers above 2^53 - 1 become the double that RFC 8785 takes them for.
    Raises NotCanonical, and nothing else, with the place of the fault.
    """
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_int=_number,
            parse_float=_finite,
        )
    except NotCanonical:
        raise
    except (ValueError, RecursionError) as error:
        raise NotCanonical(f"the bytes are no JSON document: {error}") from error
    _check(value, MAX_DEPTH)
    return value


def canonical_loads(data: bytes) -> dict[str, Any]:
    """Parses a document that must already stand in canonical form."""
    value = strict_loads(data)
    if not isinstance(value, dict):
        raise NotCanonical("the document is no JSON object")
    if canonical_bytes(value) != data:
        raise NotCanonical("the bytes are not in canonical form (RFC 8785): write them anew")
    return value


def new_salt() -> str:
    """32 random bytes in hex, so that short answers cannot be guessed from their digest."""
    return "0x" + secrets.token_hex(32)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotCanonical(f"the key {twice!r} stands twice in one object")
    return found


def _refuse_constant(text: str) -> None:
    raise NotCanonical(f"{text} is no JSON number")


def _number(text: str) -> int | float:
    # 16 digits can be above 2^53 - 1, 20 always are: longer text is never turned into an integer.
    value = int(text) if len(text) <= 20 else _LARGEST_INTEGER + 1
    return value if abs(value) <= _LARGEST_INTEGER else _finite(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise NotCanonical(f"{text[:40]} is larger than a JSON reader can hold")
    return value


def _check(value: Any, left: int) -> None:
    if isinstance(value, str):
        _check_text(value)
        return
    if not isinstance(value, (Mapping, list, tuple)):
        return
    if left == 0:
        raise NotCanonical(f"the document is nested deeper than {MAX_DEPTH}")
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise NotCanonical(f"{key!r} is no key: an object's keys are text")
            _check_text(key)
    for child in value.values() if isinstance(value, Mapping) else value:
        _check(child, left - 1)


def _check_text(text: str) -> None:
    # UTF-8 cannot carry a lone surrogate, so neither a database nor another reader could hold this text.
    if not text.isascii() and _SURROGATE.search(text):
        raise NotCanonical(f"{text[:40]!r} holds half of a surrogate pair")
