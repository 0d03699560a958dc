"""One court for each module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def court(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A running gateway that serves a registry of qualifications."""
    from tests.backend.court import open_court

    with open_court(stack, tmp_path_factory.mktemp("court")) as found:
        yield found
