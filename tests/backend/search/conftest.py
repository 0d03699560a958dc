"""A catalog on one database, and one on each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from piecework.db.engine import open_engine, upgrade
from tests.backend.search.shelf import Shelf


@pytest.fixture
def shelf(engine: Engine) -> Shelf:
    return Shelf(engine)


@pytest.fixture
def shelves(new_database: Callable[[str], str]) -> Iterator[list[Shelf]]:
    found = []
    for kind in ("sqlite", "postgres"):
        engine = open_engine(new_database(kind))
        upgrade(engine)
        found.append(Shelf(engine))
    yield found
    for shelf in found:
        shelf.engine.dispose()
