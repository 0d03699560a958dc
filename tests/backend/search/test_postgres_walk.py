"""On PostgreSQL the list that is walked is the one of which a page needs to see the least."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine

from backend.search import postgres
from backend.search.query import parse
from backend.search.wanted import Wanted
from tests.backend.search.shelf import Shelf, manifest
from tests.backend.search.test_same_on_both import test_both_databases_find_what_a_plain_reading_finds_in_the_same_order


@pytest.fixture
def shelf(postgres_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Twelve batches, every third of which has the rarer word; lists of three are long."""
    monkeypatch.setattr(postgres, "_LONG", 3)
    monkeypatch.setattr(postgres, "_SORTED", 3)
    found = Shelf(postgres_engine)
    titles = ["common rarer" if number % 3 == 0 else "common" for number in range(12)]
    found.put_drafted([(manifest(title), {}) for title in titles])
    return found


def walked(shelf: Shelf, q: str) -> str:
    """The word whose list is walked."""
    with shelf.engine.connect() as connection:
        hits = shelf.catalog.index.hits(connection, Wanted(parse(q), (":live",)))
    name = re.search(r"search_lists_1 l WHERE l\.word = :(\w+)", hits.source)
    assert name is not None, hits.source
    return str(hits.values[name[1]])


def test_of_long_lists_the_one_whose_newest_lie_the_farthest_apart_is_walked(shelf: Shelf) -> None:
    assert [walked(shelf, q) for q in ("common", "common rarer", "rarer common")] == [":live", "rarer", "rarer"]
    assert len(shelf.find("common rarer")) == 4


def test_a_guess_that_takes_all_long_lists_for_equal_is_seen(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_guessed", lambda *_: 3)

    assert walked(shelf, "common rarer") == ":live"


def test_long_lists_are_walked_to_the_same_batches(shelves: list[Shelf], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_LONG", 4)
    monkeypatch.setattr(postgres, "_SORTED", 6)

    test_both_databases_find_what_a_plain_reading_finds_in_the_same_order(shelves)
