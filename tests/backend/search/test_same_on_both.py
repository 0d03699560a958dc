"""SQLite and PostgreSQL find the same batches in the same order: those that a plain reading of the search finds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from backend.search import sqlite
from backend.search.query import Term, parse
from backend.search.words import words
from tests.backend.search.shelf import Shelf, address, manifest

SEED = 20_251_125
BATCHES, SEARCHES = 80, 120
VOCABULARY = ["cat", "cats", "category", "dog", "Straße", "strasse", "ünï", "uni", "東京都", "京都", "猫", "قطة", "قِطَّة",
              "don't", "50", "x", "NOT", "AND", "OR", "NEAR", "हिन्दी", "an"]  # fmt: skip

LANGUAGES, REWARDS = ["en", "de-AT", "ja"], [500, 1_500, 9_000]


@dataclass(frozen=True)
class Written:
    """A batch as the test knows it."""

    batch_id: str
    texts: tuple[str, ...]
    requester: str
    language: str
    reward: int


def holds(term: Term, written: Written) -> bool:
    """By reading each text word for word."""
    return any(_in(term, words(text)) for text in written.texts)


def _in(term: Term, text: Sequence[str]) -> bool:
    size = len(term.words)
    for place in range(len(text) - size + 1):
        here = text[place : place + size]
        last = here[-1].startswith(term.words[-1]) if term.is_prefix else here[-1] == term.words[-1]
        if tuple(here[:-1]) == term.words[:-1] and last:
            return True
    return False


def drawn_text(rng: random.Random, size: int) -> str:
    return rng.choice(" ,-").join(rng.choices(VOCABULARY, weights=range(len(VOCABULARY), 0, -1), k=size))


def drawn_search(rng: random.Random) -> str:
    pieces = []
    for _ in range(rng.randint(1, 3)):
        word = rng.choice(VOCABULARY)
        kind = rng.random()
        if kind < 0.2:
            word = f'"{word} {rng.choice(VOCABULARY)}"'
        elif kind < 0.35 and len(words(word, sought=True)[-1]) > 1:
            word = word[: rng.randint(2, len(word))] + "*"
        pieces.append(("-" if rng.random() < 0.2 else "") + word)
    return " ".join(pieces)


def stocked(shelves: list[Shelf], rng: random.Random) -> list[Written]:
    """The same batches in both, newest first."""
    stock, drafted = [], []
    for number in range(1, BATCHES + 1):
        title, instructions = drawn_text(rng, rng.randint(1, 4)), drawn_text(rng, rng.randint(1, 30))
        skills = [drawn_text(rng, 1) for _ in range(rng.randint(0, 2))]
        language, requester, reward = rng.choice(LANGUAGES), address(rng.randint(1, 4)), rng.choice(REWARDS)
        words_of_it = manifest(title, instructions, skills=skills, languages=[language])
        place = {"opened_block": number // 4, "opened_log_index": number % 4, "batch_id": f"0x{number:064x}"}
        drafted.append((words_of_it, {"requester": requester, "reward_units": reward, **place}))
        texts = (title, instructions, *skills)
        stock.append(Written(f"0x{number:064x}", texts, requester, language.partition("-")[0], reward))
    for shelf in shelves:
        shelf.put_drafted(drafted)
    return stock[::-1]


def test_both_databases_find_what_a_plain_reading_finds_in_the_same_order(shelves: list[Shelf]) -> None:
    rng = random.Random(SEED)
    stock = stocked(shelves, rng)
    found_any = 0
    for _ in range(SEARCHES):
        q = drawn_search(rng)
        filters = rng.choice([{}, {"language": "de"}, {"requester": address(2)}, {"min_reward_units": 1_501}])
        filters |= rng.choice([{}, {"status": "all"}, {"country": "AT"}])
        expected = [
            written.batch_id
            for written in stock
            if all(holds(term, written) is not term.is_unwanted for term in parse(q))
            and written.language == filters.get("language", written.language)
            and written.requester == filters.get("requester", written.requester)
            and written.reward >= filters.get("min_reward_units", 0)
        ]
        found_any += bool(expected)
        for shelf in shelves:
            assert shelf.find(q, limit=BATCHES, **filters) == expected, (shelf.engine.dialect.name, q, filters)
    assert found_any > SEARCHES // 3


def test_a_planted_bug_in_one_database_is_seen(shelves: list[Shelf], monkeypatch: pytest.MonkeyPatch) -> None:
    """Beginnings taken for whole words."""
    monkeypatch.setattr(sqlite, "_term", lambda term: f'"{" ".join(term.words)}"')

    with pytest.raises(AssertionError):
        test_both_databases_find_what_a_plain_reading_finds_in_the_same_order(shelves)


def test_pages_give_each_batch_once_while_newer_ones_arrive(shelves: list[Shelf]) -> None:
    from backend.search.repository import LOG_BITS

    rng = random.Random(SEED)
    stock = stocked(shelves, rng)
    expected = [
        written.batch_id for written in stock if any(_in(Term(("cat",)), words(text)) for text in written.texts)
    ]
    for shelf in shelves:
        seen: list[str] = []
        before = None
        number = 10_000
        while page := shelf.find("cat", limit=7, before=before):
            seen += page
            block = int(page[-1], 16)
            before = (block // 4 << LOG_BITS) + block % 4
            number += 1
            shelf.put(manifest("cat again"), opened_block=number, batch_id=f"0x{number:064x}")
        assert seen == expected
