"""A bonus in real Chromium: from the requester's batch page into the worker's earnings, and no other way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from scripts.crowd.api import Api, Json
from scripts.crowd.wallet import Node, Wallet
from scripts.crowd.worker import work_listed
from tests.frontend.browser import Visitor
from tests.frontend.funded import Requester
from tests.frontend.injected import NAME, InjectedWallet
from tests.frontend.test_lying_gateway import STRANGER, TOLD, Lie, lying, put

pytestmark = pytest.mark.slow

BONUS_UNITS = 1_500_000
REASON = "The most careful answers of all."


@pytest.fixture
def worked(stack_up: dict[str, Any], requester: Requester) -> Iterator[tuple[str, Api]]:
    """A batch of the requester, and the one worker who answered in it."""
    batch_id = requester.fund("choice", {"text": "a cat"}, options={"choices": ["cat", "dog"]})
    worker = Api(stack_up["gateway_url"], Wallet())
    worker.sign_in(worker.get("/v1/chain"))
    work_listed(worker, batch_id, ["t-1"], lambda *_: "cat", lambda _: None)
    yield batch_id, worker
    worker.close()


def opened(visitor: Visitor, batch_id: str, worker: str) -> None:
    visitor.open(f"/requests/{batch_id}")
    visitor.click(f"Continue with {NAME}")
    filled(visitor, worker)


def filled(visitor: Visitor, worker: str) -> None:
    visitor.click(f"Give a bonus to {worker}")
    visitor.page.get_by_label("Amount").fill("1.5")
    visitor.page.get_by_label("What it is for").fill(REASON)


def owed(node: Node, facts: dict[str, Any], address: str) -> int:
    from tests.frontend.test_injected_wallet import owed as found

    return found(node, facts, address)


def test_a_bonus_goes_from_the_requesters_wallet_to_the_workers_earnings(
    visit: Callable[..., Visitor],
    stack_up: dict[str, Any],
    node: Node,
    requester: Requester,
    worked: tuple[str, Api],
) -> None:
    batch_id, api = worked
    worker, funds = api.wallet.address, requester.api.wallet
    visitor = visit()
    wallet = InjectedWallet(visitor, node, chain_id=stack_up["chain_id"], wallet=funds)
    before = node.tokens_of(stack_up["token"], funds.address)
    opened(visitor, batch_id, worker)
    visitor.sees("One transaction deposits that; a second gives")
    wallet.refuses = True
    visitor.click("Sign and give")
    visitor.page.locator("[data-state=failed]").wait_for()
    assert node.tokens_of(stack_up["token"], funds.address) == before
    wallet.refuses = False
    visitor.click("Sign and give")
    visitor.sees("Given. It is in the worker’s account.")

    assert wallet.asked == ["personal_sign", "Permit", "Permit", "eth_sendTransaction", "eth_sendTransaction"]
    assert before - node.tokens_of(stack_up["token"], funds.address) == BONUS_UNITS
    assert owed(node, stack_up, worker) == BONUS_UNITS
    visitor.page.get_by_role("row", name=re.compile(re.escape(worker[:6]))).get_by_text("1.50").wait_for()

    other = visit()
    InjectedWallet(other, node, chain_id=stack_up["chain_id"], wallet=api.wallet)
    other.open("/earnings")
    other.click(f"Continue with {NAME}")
    other.sees(REASON)
    other.page.get_by_role("heading", name="Bonuses").wait_for()


def in_calldata(old: str, new: str) -> Lie:
    """Writes other hexadecimal digits over some of the transaction."""

    def lie(told: Json) -> None:
        data = told["transaction"]["data"]
        told["transaction"]["data"] = data.replace(old, new)
        assert told["transaction"]["data"] != data, "a lie differs from the truth"

    return lie


def test_a_bonus_that_is_not_what_was_written_never_reaches_the_wallet(
    visit: Callable[..., Visitor],
    stack_up: dict[str, Any],
    node: Node,
    requester: Requester,
    worked: tuple[str, Api],
) -> None:
    batch_id, api = worked
    worker = api.wallet.address
    visitor = visit()
    wallet = InjectedWallet(visitor, node, chain_id=stack_up["chain_id"], wallet=requester.api.wallet)
    permits: list[Lie] = [
        put("permit", "message", "value", value=str(BONUS_UNITS - 1)),
        put("permit", "message", "spender", value=STRANGER),
    ]
    lying(visitor, "**/v1/deposits/draft", permits)
    bonuses: list[Lie] = [
        in_calldata(worker[2:].lower(), STRANGER[2:]),
        in_calldata(f"{BONUS_UNITS:064x}", f"{BONUS_UNITS + 1:064x}"),
        in_calldata(requester.api.wallet.address[2:].lower(), STRANGER[2:]),
        put("document", "reason", value="Something else."),
        put("transaction", "to", value=STRANGER),
    ]
    lying(visitor, "**/bonuses/draft", bonuses)
    opened(visitor, batch_id, worker)
    while permits:
        visitor.click("Sign and give")
        visitor.sees(TOLD)
        assert wallet.asked == ["personal_sign"]
        permits.pop(0)
        visitor.page.reload()
        filled(visitor, worker)
    asked = ["personal_sign", "Permit", "eth_sendTransaction"]
    while bonuses:
        visitor.click("Sign and give")
        visitor.sees(TOLD)
        assert wallet.asked == asked, "the deposit was true and came once; nothing else is asked for"
        bonuses.pop(0)
        visitor.page.reload()
        filled(visitor, worker)
    assert owed(node, stack_up, worker) == 0
    visitor.click("Sign and give")
    visitor.sees("Given. It is in the worker’s account.")
    assert wallet.asked == [*asked, "eth_sendTransaction"]
    assert owed(node, stack_up, worker) == BONUS_UNITS
