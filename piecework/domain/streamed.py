"""A JSON array, an item at a time, from text that comes in pieces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from json import JSONDecodeError

_SPACE = " \t\r\n"


class BrokenArray(ValueError):
    """The text is no JSON array, or ends before it does."""


def items(text: str, pieces: Iterator[str]) -> Iterator[str]:
    """Each item's own text with the space before it. `text` and then `pieces`: from behind the opening bracket.

    An item that is longer than a piece is looked at again with each further one. Raises BrokenArray.
    """
    decoder, is_first = json.JSONDecoder(), True
    while True:
        start = len(text) - len(text.lstrip(_SPACE))
        if text[start : start + 1] == "]":
            return
        at = start
        if not is_first and start < len(text):
            if text[start] != ",":
                raise BrokenArray(f"a comma is missing before {text[start : start + 20]!r}")
            at = len(text) - len(text[start + 1 :].lstrip(_SPACE))
        end = _end(decoder, text, at)
        if end is not None:
            yield text[:end].replace(",", "", 1) if at > start else text[:end]
            text, is_first = text[end:], False
            continue
        more = next(pieces, None)
        if more is None:
            raise BrokenArray("it breaks off" if text.strip(_SPACE) == "" else f"at {text.strip(_SPACE)[:40]!r}")
        text += more


def _end(decoder: json.JSONDecoder, text: str, at: int) -> int | None:
    """Of the item that begins there; None if that is not to be told yet: a number may go on in the next piece."""
    try:
        end = decoder.raw_decode(text, at)[1] if at < len(text) else 0
    except JSONDecodeError:
        return None
    except RecursionError as error:
        raise BrokenArray("it is nested too deep") from error
    following = text[end:].lstrip(_SPACE)[:1]
    return end if end and following in (",", "]") and following else None
