"""One browser and one stack with practice work for all tests of the web app."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest

from backend.web.site import BUILT
from scripts.crowd.wallet import Node
from tests.e2e.running import Up
from tests.frontend.browser import Visitor, chromium, running_browser
from tests.frontend.funded import Requester


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium; a test that needs it is skipped, with this reason, where there is none."""
    if chromium() is None:
        pytest.skip("no Chromium on this machine: install Debian's chromium, or name one in PIECEWORK_CHROMIUM")
    with running_browser() as found:
        yield found


@pytest.fixture(scope="session")
def stack_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The facts of a running `piecework up --practice`."""
    assert (BUILT / "index.html").is_file(), "the web app is not built: run `make web`"
    up = Up(tmp_path_factory.mktemp("web") / "data", arguments=("--practice", "--in-memory"))
    try:
        yield up.start()
    finally:
        up.stop()


@pytest.fixture
def node(stack_up: dict[str, Any]) -> Iterator[Node]:
    """The chain of that stack."""
    found = Node(stack_up["rpc_url"])
    yield found
    found.close()


@pytest.fixture(scope="module")
def requester(stack_up: dict[str, Any]) -> Iterator[Requester]:
    """Funds batches on that stack; a new one for each file."""
    found = Requester(stack_up)
    yield found
    found.close()


WINDOWS = pytest.StashKey[list[Visitor]]()
"""The open windows of a test."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails in a browser says what its windows showed then."""
    report = yield
    if report.when == "call" and report.failed:
        for number, visitor in enumerate(item.stash.get(WINDOWS, []), 1):
            report.sections.append((f"window {number}", visitor.report()))
    return report


@pytest.fixture
def visit(browser: Any, stack_up: dict[str, Any], request: pytest.FixtureRequest) -> Iterator[Callable[..., Visitor]]:
    """Opens windows with a fresh profile each; none of them may log an error."""
    opened = request.node.stash[WINDOWS] = list[Visitor]()

    def one(**how: Any) -> Visitor:
        opened.append(Visitor(browser, stack_up["gateway_url"], **how))
        return opened[-1]

    yield one
    errors = [error for visitor in opened for error in visitor.errors]
    for visitor in opened:
        visitor.close()
    assert errors == []
