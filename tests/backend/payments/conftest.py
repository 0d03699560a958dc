"""One gateway for each module of payment tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def gateway(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A running gateway with its indexer on the module's chain."""
    from tests.backend.payments.gateway import running_gateway

    with running_gateway(stack, tmp_path_factory.mktemp("gateway")) as found:
        yield found
