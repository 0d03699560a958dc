"""A chain with a random life on it, and databases to index it into."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from piecework.chain.rpc import Rpc
from piecework.db.engine import open_engine, upgrade

MakeEngine = Callable[[str], Engine]


@pytest.fixture(scope="module")
def world(stack: Any) -> Any:
    """The module's world, its people ready."""
    from tests.indexer.world import World

    world = World(stack, rng=random.Random(11))
    world.begin()
    return world


@pytest.fixture
def rpc(stack: Any) -> Iterator[Rpc]:
    """The module's node."""
    connection = Rpc(stack.rpc_url)
    yield connection
    connection.close()


@pytest.fixture
def new_engine(new_database: Callable[[str], str]) -> Iterator[MakeEngine]:
    """Makes engines over new databases with every table, by `sqlite` or `postgres`."""
    made: list[Engine] = []

    def make(kind: str) -> Engine:
        made.append(open_engine(new_database(kind)))
        upgrade(made[-1])
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()
