"""One gateway and its people for each module that asks for them; nobody who holds the write lock asks the node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.backend.locks import Watched, watching


@pytest.fixture(scope="module")
def house(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A running gateway with its indexer on the module's chain."""
    from tests.backend.house import open_house

    with open_house(stack, tmp_path_factory.mktemp("house")) as found:
        yield found


@pytest.fixture(scope="module")
def court(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A running gateway before whose panel rejections are appealed."""
    from tests.backend.court import open_court

    with open_court(stack, tmp_path_factory.mktemp("court")) as found:
        yield found


@pytest.fixture(autouse=True)
def watched(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """What happens under the write lock in each test of the gateway; `asks_under_the_lock` marks a planted bug."""
    with watching(monkeypatch) as found:
        yield found
    if request.node.get_closest_marker("asks_under_the_lock") is None:
        assert found.asked == [], "the node is asked while others wait to write"
