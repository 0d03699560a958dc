"""The wallet's page tells what the wallet holds, before and after money came in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.frontend.browser import Visitor

pytestmark = pytest.mark.slow


def test_the_wallet_tells_what_it_holds_and_follows_what_comes_in(visit: Callable[..., Visitor]) -> None:
    page = (visitor := visit()).page
    visitor.open("/wallet")
    visitor.click("Start with a test wallet")
    holds = page.locator("section", has=page.get_by_role("heading", name="In this wallet", exact=True))
    money, coin = holds.locator("dd").first, holds.locator("dd").last
    money.wait_for()
    assert "0.00" in money.inner_text()
    assert coin.inner_text() == "0"
    page.get_by_role("button", name="Give me").click()
    page.locator("[data-state=confirmed]").wait_for()
    holds.get_by_text("100.00").wait_for()
    assert float(coin.inner_text()) > 0, "the faucet gives gas, too"
    holds.get_by_role("link", name="See your earnings").click()
    page.wait_for_url("**/earnings")
