"""What the index keeps of one batch: its words in their places, and its facts as words of their own.

Facts begin with a colon, which no word of a text does. Amounts are facts too: one for each power of two that they
reach, so that "at least" is one more word; the exact comparison is left to a few rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from backend.search.words import words

MAX_PLACES = 16_000
"""Words of one batch that are kept; PostgreSQL counts places to 16,383."""
MAX_REPEATS = 255
"""Places of one word that are kept; PostgreSQL takes no more."""
LIVE = ":live"
"""Neither closed nor past its last day for claims."""
_NO_WORD = ":"
"""Stands between texts, and where a word was repeated too often, so that no phrase reaches across."""
_SMALLEST_POWER = {"reward": 10, "pay": 10, "paid": 2}
"""Below two to this no fact is kept: nearly everything reaches it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a batch is, for filters. Amounts are token units; None where nobody knows."""

    texts: tuple[str, ...]
    """Title, instructions, and each skill."""
    requester: str
    reward_units: int
    task_type: str | None = None
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    """Where workers must be; none for anywhere."""
    pay_units_per_hour: int | None = None
    requester_paid: int = 0
    requester_approval_percent: int | None = None
    is_live: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """`text` is every word in its place, `facts` what filters ask for."""

    text: tuple[str, ...]
    facts: frozenset[str] = field(default_factory=frozenset)

    @property
    def places(self) -> dict[str, list[int]]:
        """Places of each word, from 1."""
        found: dict[str, list[int]] = {}
        for place, word in enumerate(self.text, start=1):
            if word != _NO_WORD:
                found.setdefault(word, []).append(place)
        return found


def entry_of(facts: Facts) -> Entry:
    """The words and facts of a batch."""
    named = [fact("requester", facts.requester), *(fact("skill", skill) for skill in facts.skills)]
    if facts.task_type:
        named.append(fact("type", facts.task_type))
    for language in facts.languages:
        named += [fact("language", language), fact("language", language.partition("-")[0])]
    named += [fact("country", country) for country in facts.countries or ("anywhere",)]
    named += at_least_facts("reward", facts.reward_units)
    named += at_least_facts("pay", facts.pay_units_per_hour or 0)
    named += at_least_facts("paid", facts.requester_paid)
    if facts.is_live:
        named.append(LIVE)
    return Entry(_placed(facts.texts), frozenset(named))


def fact(kind: str, value: str) -> str:
    """The fact that `kind` is `value`, in letters that every index takes as one word."""
    return f":{kind}:{'_'.join(words(value))}"


def at_least_facts(kind: str, amount: int) -> list[str]:
    """One for each power of two that `amount` reaches."""
    return [f":{kind}:{power}" for power in range(_SMALLEST_POWER[kind], amount.bit_length())]


def at_least_fact(kind: str, amount: int) -> str | None:
    """A fact of everything that reaches `amount`, and of some that does not; None if all must be looked at."""
    power = amount.bit_length() - 1
    return f":{kind}:{power}" if power >= _SMALLEST_POWER[kind] else None


def _placed(texts: Iterable[str]) -> tuple[str, ...]:
    placed: list[str] = []
    repeats: dict[str, int] = {}
    for text in texts:
        for word in words(text):
            repeats[word] = repeats.get(word, 0) + 1
            placed.append(word if repeats[word] <= MAX_REPEATS else _NO_WORD)
        placed.append(_NO_WORD)
        if len(placed) >= MAX_PLACES:
            break
    return tuple(placed[:MAX_PLACES])
