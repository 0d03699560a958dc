"""Canonical JSON (RFC 8785): one document, one sequence of bytes, one digest."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

MAX_DEPTH = 64


class NotCanonical(ValueError):
    """The bytes or the value cannot be a canonical document."""


def canonical_bytes(document: Mapping[str, Any]) -> bytes:
    """The RFC 8785 form. Raises NotCanonical for values that JSON cannot carry exactly."""
    import rfc8785

    try:
        return rfc8785.dumps(dict(document))
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise NotCanonical(f"the document cannot be written as canonical JSON: {error}") from error


def strict_loads(data: bytes) -> Any:
    """Parses JSON; refuses repeated keys, NaN and infinities, bad UTF-8, and nesting beyond 64.

    Raises NotCanonical with the place of the fault.
    """
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise NotCanonical(f"the bytes are no JSON document: {error}") from error
    _check_depth(value, MAX_DEPTH)
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


def _check_depth(value: Any, left: int) -> None:
    if left == 0:
        raise NotCanonical(f"the document is nested deeper than {MAX_DEPTH}")
    children = value.values() if isinstance(value, dict) else value
    if isinstance(value, (dict, list)):
        for child in children:
            _check_depth(child, left - 1)
