"""A client of the module's own stack, `up`, with money."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from piecework import Client
from tests.e2e.crowd import key_of
from tests.e2e.running import Up


@pytest.fixture
def client(up: Up) -> Iterator[Client]:
    with Client(up.facts["gateway_url"], key=key_of(up, "requester")) as found:
        found.faucet("100")
        yield found
