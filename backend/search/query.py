"""What somebody looks for: words, "phrases", -without, begin*."""

from __future__ import annotations

import re
from dataclasses import dataclass

from backend.errors import Invalid
from backend.search.words import ends_unspaced, words

MAX_TERMS = 16
MIN_PREFIX = 2
"""Letters before a star; fewer would begin most words."""
_PIECE = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)(?:"|$)(?P<star>\*?)|(?P<word>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand side by side; the last may be a beginning only."""

    words: tuple[str, ...]
    is_prefix: bool = False
    is_unwanted: bool = False

    @property
    def is_plain(self) -> bool:
        """One whole word."""
        return len(self.words) == 1 and not self.is_prefix


def parse(text: str) -> tuple[Term, ...]:
    """The terms, all of which must hold; none for an empty text.

    Raises Invalid for a text without a letter or digit, too many terms, and a beginning that is too short.
    """
    terms = [term for piece in _PIECE.finditer(text) if (term := _term(piece)) is not None]
    if text.strip() and not terms:
        raise Invalid("query_empty", 'the search holds no letter or digit: give words, "phrases", -without or begin*')
    if len(terms) > MAX_TERMS:
        raise Invalid("query_too_long", f"the search holds {len(terms)} words, {MAX_TERMS} are taken: leave some out")
    return tuple(dict.fromkeys(terms))


def _term(piece: re.Match[str]) -> Term | None:
    phrase = piece["phrase"]
    raw: str = piece["word"] if phrase is None else phrase
    found = words(raw, sought=True)
    if not found:
        return None
    starred = bool(piece["star"]) if phrase is not None else raw.endswith("*")
    whole = ends_unspaced(raw)
    if starred and not whole and len(found[-1]) < MIN_PREFIX:
        raise Invalid("prefix_too_short", f"give {MIN_PREFIX} letters or more before the star, not {found[-1]!r}")
    return Term(tuple(found), starred or whole, piece["minus"] == "-")
