"""Words of any text, the same for what is indexed and what is looked for, on every database.

A word is a run of letters, marks and digits after compatibility normalisation (NFKC) and case folding, without accents.
Scripts that write no spaces are cut into overlapping pairs, so that any piece of such a text is found as a phrase.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

MAX_WORD = 64
"""Characters of a word that count; the rest of a longer one is ignored, here and there alike."""

_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200f]")
"""Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowels, its stretching stroke, and signs without width.
Marks of other scripts carry the vowels and stay."""
_ASCII_WORD = re.compile("[a-z0-9]+")
_APOSTROPHES = re.compile("(?<=\\w)['’ʼ](?=\\w)")
_LETTERS = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ؤ": "و", "ئ": "ي"}
)
"""Forms of Arabic letters that people write for one another."""
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1100, 0x11FF),  # Hangul
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x30FF),  # Japanese syllables
    (0x3400, 0x9FFF),  # Han
    (0xAC00, 0xD7AF),  # Hangul
    (0xF900, 0xFAFF),  # Han
    (0x20000, 0x3FFFF),  # Han
)


def folded(text: str) -> str:
    """`text` as words are compared: one form for each letter, no case, no accents, decimal digits as 0 to 9."""
    plain = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text).casefold())
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", plain).translate(_LETTERS))
    whole = unicodedata.normalize("NFKC", bare).translate(_LETTERS)
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in whole)


def words(text: str, *, sought: bool = False) -> list[str]:
    """The words in their order.

    A run of an unspaced script gives each pair of neighbours, and its last sign alone; if the `sought` text ends with
    such a run, its last sign is left out, so that it is found within longer runs.
    """
    if text.isascii():  # what follows would come to the same, more slowly
        return [word[:MAX_WORD] for word in _ASCII_WORD.findall(_APOSTROPHES.sub("", text).lower())]
    found: list[str] = []
    whole = ""
    for run, unspaced in _runs(folded(text)):
        whole = run if unspaced else ""
        found += [run[place : place + 2] for place in range(len(run))] if unspaced else [run[:MAX_WORD]]
    if sought and len(whole) > 1:
        found.pop()
    return found


def ends_unspaced(text: str) -> bool:
    """Whether the last word is one sign of an unspaced script, which begins every pair it stands first in."""
    if text.isascii():
        return False
    last = words(text, sought=True)[-1:]
    return bool(last) and len(last[0]) == 1 and _is_unspaced(last[0])


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    start, kind = 0, ""
    for place, sign in enumerate(text):
        now = _kind(sign, kind)
        if now != kind:
            if kind:
                yield text[start:place], kind == "unspaced"
            start, kind = place, now
    if kind:
        yield text[start:], kind == "unspaced"


def _kind(sign: str, before: str) -> str:
    """`spaced`, `unspaced`, or nothing for what separates; a mark goes with the letter before it."""
    category = unicodedata.category(sign)[0]
    if category == "M":
        return before
    if category not in "LN":
        return ""
    return "unspaced" if _is_unspaced(sign) else "spaced"


def _is_unspaced(sign: str) -> bool:
    point = ord(sign)
    return any(low <= point <= high for low, high in _UNSPACED)
