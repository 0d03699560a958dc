"""Keyset pages: an opaque cursor names the last row seen."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

from backend.errors import Invalid

MAX_LIMIT = 100
_MAX_CURSOR = 300
_LARGEST = 2**63 - 1
"""What a database's integer holds."""


def encode_cursor(key: Sequence[int | str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(key)).encode()).decode().rstrip("=")


def decode_cursor(text: str | None, kinds: Sequence[type]) -> list[int | str] | None:
    """The key of the last row, or None at the start. Raises Invalid for anything else."""
    if text is None:
        return None
    if len(text) > _MAX_CURSOR:
        text = "."
    try:
        key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        key = None
    if not isinstance(key, list) or [type(part) for part in key] != list(kinds) or not all(map(_fits, key)):
        raise Invalid("cursor_invalid", "the cursor is not one that this list gave: start again without it")
    return key


def _fits(part: int | str | float) -> bool:
    return isinstance(part, str) or 0 <= part <= _LARGEST
