"""Words and searches: what is one word, what means the same, and what a search may say."""

from __future__ import annotations

import random
import string

import pytest

from backend.errors import Invalid
from backend.search.entry import MAX_PLACES, MAX_REPEATS, Facts, at_least_fact, entry_of
from backend.search.query import MAX_TERMS, Term, parse
from backend.search.words import MAX_WORD, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ünïcödé", "unicode"),
        ("STRASSE", "straße"),
        ("ﬁne", "fine"),
        ("１２３", "123"),
        ("٣٤", "34"),
        ("Don’t", "dont"),
        ("e\u0301te\u0301", "été"),
        ("قِطَّة", "قطه"),
        ("أحمد", "احمد"),
        ("مـــرحبا", "مرحبا"),
        ("ЁЖ", "еж"),
        ("ΆΛΦΑ", "αλφα"),
        ("zero\u200bwidth", "zerowidth"),
        ("ｶﾞ", "ガ"),
        ("İ", "i"),
    ],
)
def test_forms_of_a_word_are_one_word(one: str, other: str) -> None:
    assert words(one) == words(other) != []


def test_the_short_way_through_plain_letters_comes_to_the_same() -> None:
    """A sign beyond ASCII that separates words sends a text the long way."""
    rng = random.Random(5)
    letters = string.printable + "abcXYZ01'_" * 5
    for _ in range(2_000):
        text = "".join(rng.choices(letters, k=rng.randint(0, 90)))
        for sought in (False, True):
            assert words(text, sought=sought) == words(text + "\u2026", sought=sought), text


def test_marks_that_carry_vowels_stay() -> None:
    assert words("हिन्दी") == ["हिन्दी"]
    assert words("कि") != words("का")


def test_a_text_without_spaces_is_found_by_any_piece_of_it() -> None:
    whole = words("東京都に住む")
    for piece in ("東京", "京都に", "住む", "東京都に住む"):
        sought = words(piece, sought=True)
        assert any(whole[place : place + len(sought)] == sought for place in range(len(whole))), piece
    assert words("都京", sought=True)[0] not in whole


def test_a_word_counts_to_a_length_here_and_there() -> None:
    assert words("x" * 500) == ["x" * MAX_WORD] == words("x" * 501)


def test_a_search_reads_words_phrases_exclusions_and_beginnings() -> None:
    assert parse('cats -dogs "big red" bird* 猫') == (
        Term(("cats",)),
        Term(("dogs",), is_unwanted=True),
        Term(("big", "red")),
        Term(("bird",), is_prefix=True),
        Term(("猫",), is_prefix=True),
    )
    assert parse('"never closed') == (Term(("never", "closed")),)
    assert parse("birds_x") == (Term(("birds", "x")),)
    assert parse("") == parse("   ") == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("%%% --- ***", "query_empty"),
        ('"""', "query_empty"),
        ("😀", "query_empty"),
        ("a*", "prefix_too_short"),
        (" ".join(f"w{n}" for n in range(MAX_TERMS + 1)), "query_too_long"),
    ],
)
def test_a_search_that_says_nothing_or_too_much_is_refused_by_name(text: str, code: str) -> None:
    with pytest.raises(Invalid) as raised:
        parse(text)
    assert raised.value.code == code


def test_an_entry_keeps_what_both_databases_keep() -> None:
    entry = entry_of(Facts(texts=("same " * 1_000, "other " * 30_000), requester="0x01", reward_units=1))

    assert len(entry.text) == MAX_PLACES
    assert len(entry.places["same"]) == MAX_REPEATS
    assert max(place for places in entry.places.values() for place in places) < 16_384


@pytest.mark.parametrize("amount", [0, 1, 1_023, 1_024, 10**6, 2**95, 2**96 - 1])
@pytest.mark.parametrize("least", [1, 1_000, 1_024, 1_025, 10**6, 2**95])
def test_whatever_reaches_an_amount_has_the_fact_that_is_asked_for(amount: int, least: int) -> None:
    facts = entry_of(Facts(texts=(), requester="0x01", reward_units=amount)).facts
    asked = at_least_fact("reward", least)

    assert amount < least or asked is None or asked in facts
