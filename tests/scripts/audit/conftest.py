"""Markets to audit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.backend.relay.market import Market
from tests.scripts.audit.pinned import PinnedMarket
from tests.scripts.audit.servers import file_server


@pytest.fixture
def own_stack() -> Iterator[Any]:
    """A chain for one test: an audit is of everything on an escrow."""
    from piecework.chain.anvil import start_anvil
    from piecework.chain.client import connect
    from tests.conftest import ROOT, deploy_stack

    process = start_anvil(ROOT)
    yield deploy_stack(process.rpc_url, connect(process.rpc_url))
    process.stop()


@pytest.fixture
def pinned(own_stack: Any) -> PinnedMarket:
    """A market before its first batch."""
    return PinnedMarket(Market(own_stack))


@pytest.fixture
def payloads(pinned: PinnedMarket) -> Iterator[str]:
    """URL of its pinned files."""
    with file_server(pinned.files) as url:
        yield url
