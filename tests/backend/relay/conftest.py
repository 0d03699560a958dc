"""A funded relayer with an empty database, for each test of the relay."""

from __future__ import annotations

from collections.abc import Callable
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
