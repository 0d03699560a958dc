"""A newcomer's first minute: from nothing to money in a wallet, without docs, without gas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scripts.crowd.wallet import Node
from tests.frontend.browser import Visitor

pytestmark = pytest.mark.slow

MOST_CLICKS = 8


def test_a_newcomer_earns_and_withdraws_a_first_payment_in_eight_clicks(
    visit: Callable[..., Visitor], stack_up: dict[str, Any]
) -> None:
    newcomer = visit()
    newcomer.open("/")
    newcomer.click("Start with a test wallet")
    newcomer.click("Start 2 tasks")
    newcomer.page.frame_locator("iframe").get_by_text(".").first.wait_for()
    newcomer.click("1 a time")
    newcomer.click("2 a price")
    newcomer.click("Hand in 2 answers")
    newcomer.click("Earnings", role="link")
    newcomer.click("Pay out all")
    newcomer.sees("Paid to your wallet.")

    assert newcomer.clicks <= MOST_CLICKS
    kept = newcomer.page.evaluate("JSON.parse(localStorage.getItem('piecework.session'))")
    node = Node(stack_up["rpc_url"])
    assert node.tokens_of(stack_up["token"], kept["address"]) == 2 * 250_000
    assert node.balance_wei(kept["address"]) == 0
    assert node.transactions_sent(kept["address"]) == 0
    node.close()
