"""A wallet that the browser offers (EIP-6963): its whole way, its refusals in words, a wrong network, and a reorg."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from scripts.crowd.wallet import Node
from tests.e2e.running import until
from tests.frontend.browser import Visitor
from tests.frontend.funded import Requester
from tests.frontend.injected import NAME, InjectedWallet
from tests.frontend.test_pages import violations
from tests.frontend.test_requester import COST_UNITS, paid, typed, worded

pytestmark = pytest.mark.slow

REWARD_UNITS = 100_000
REFUSED = "You refused it in your wallet."


def choices(requester: Requester) -> str:
    return requester.fund("choice", {"text": "a cat"}, options={"choices": ["cat", "dog"]})


def sign_in(visitor: Visitor, path: str) -> None:
    visitor.open(path)
    visitor.click(f"Continue with {NAME}")


def test_a_worker_with_an_injected_wallet_earns_and_withdraws_by_signatures_alone(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], requester: Requester, node: Node
) -> None:
    """Each refusal in the wallet is told in words and loses nothing; saying yes afterwards goes on from there."""
    worker = visit()
    wallet = InjectedWallet(worker, node, chain_id=stack_up["chain_id"])
    batch_id = choices(requester)
    wallet.refuses = True
    sign_in(worker, f"/tasks/{batch_id}")
    worker.sees(REFUSED)
    assert violations(worker) == []
    wallet.refuses = False
    worker.click(f"Continue with {NAME}")
    for button in ("Start 1 task", "Hand in 1 answer"):
        worker.page.get_by_role("button", name=button).wait_for()
        wallet.refuses = True
        worker.click(button)
        worker.sees(REFUSED)
        wallet.refuses = False
        worker.click(button)
        if button.startswith("Start"):
            worker.click("1 cat")
    worker.page.locator(".done").wait_for()
    accept_all(requester, batch_id)
    worker.open("/earnings")
    worker.page.get_by_role("button", name="Pay out all").and_(worker.page.locator(":enabled")).click()
    worker.sees("Paid to your wallet.")

    assert wallet.asked == ["personal_sign"] * 2 + ["Claim"] * 2 + ["Submit"] * 2 + ["Withdraw"]
    assert node.tokens_of(stack_up["token"], wallet.address) == REWARD_UNITS
    assert (node.balance_wei(wallet.address), node.transactions_sent(wallet.address)) == (0, 0)


def accept_all(requester: Requester, batch_id: str) -> None:
    path = f"/v1/reviews/batches/{batch_id}"
    verdicts = [
        {"task": task["task"], "worker": item["worker"], "decision": "accepted", "reason": ""}
        for item in requester.api.items(f"{path}/submissions")
        for task in item["tasks"]
    ]
    proposal = requester.api.post(f"{path}/proposals", {"verdicts": verdicts})
    assert requester.api.wallet is not None
    signature = requester.api.wallet.sign_typed(proposal["typed_data"])
    signed = requester.api.post(f"/v1/reviews/proposals/{proposal['proposal_id']}/signatures", {"signature": signature})
    requester.api.wait_for_intent(signed["intent_id"])


def test_a_wallet_on_another_network_is_told_and_switched(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], node: Node
) -> None:
    visitor = visit()
    wallet = InjectedWallet(visitor, node, chain_id=1)
    sign_in(visitor, "/wallet")
    visitor.sees("Your wallet is on another network.")
    assert violations(visitor) == []
    wallet.refuses = True
    visitor.click("Switch network")
    visitor.sees(REFUSED)
    wallet.refuses = False
    visitor.click("Switch network")
    visitor.page.get_by_role("button", name="Switch network").wait_for(state="detached")


def test_a_requesters_transaction_that_the_wallet_refuses_moves_no_money_and_can_be_tried_again(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], node: Node
) -> None:
    visitor = visit()
    wallet = InjectedWallet(visitor, node, chain_id=stack_up["chain_id"])
    sign_in(visitor, "/wallet")
    visitor.page.get_by_role("button", name=re.compile("Give me")).click()
    visitor.page.locator("[data-state=confirmed]").first.wait_for()
    before = node.tokens_of(stack_up["token"], wallet.address)
    typed(visitor)
    worded(visitor)
    paid(visitor)
    visitor.click("Go on")
    wallet.refuses = True
    visitor.click("Sign and fund")
    visitor.sees(REFUSED)
    assert node.tokens_of(stack_up["token"], wallet.address) == before
    wallet.refuses = False
    visitor.click("Sign and fund")
    visitor.page.wait_for_url(re.compile("/requests/0x"))

    assert wallet.asked == ["personal_sign", "Permit", "Permit", "eth_sendTransaction"]
    assert before - node.tokens_of(stack_up["token"], wallet.address) == 3 * COST_UNITS
    assert node.transactions_sent(wallet.address) == 1


def test_a_payment_that_a_reorg_took_back_comes_again_and_can_be_withdrawn(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], requester: Requester, node: Node
) -> None:
    worker = visit()
    wallet = InjectedWallet(worker, node, chain_id=stack_up["chain_id"])
    batch_id = choices(requester)
    sign_in(worker, f"/tasks/{batch_id}")
    worker.click("Start 1 task")
    worker.click("1 cat")
    worker.click("Hand in 1 answer")
    worker.page.locator(".done").wait_for()
    before = int(node.call("eth_blockNumber"), 16)
    accept_all(requester, batch_id)
    worker.open("/earnings")
    payment = worker.page.locator("tbody tr").first
    payment.wait_for()
    depth = int(node.call("eth_blockNumber"), 16) - before
    node.call("anvil_reorg", depth, [])
    assert owed(node, stack_up, wallet.address) == 0, "the payment is gone from the chain"
    until(lambda: owed(node, stack_up, wallet.address) == REWARD_UNITS, "the gateway brings the settlement again")

    worker.page.get_by_role("button", name="Pay out all").and_(worker.page.locator(":enabled")).click()
    worker.sees("Paid to your wallet.")
    assert node.tokens_of(stack_up["token"], wallet.address) == REWARD_UNITS


def owed(node: Node, facts: dict[str, Any], address: str) -> int:
    """What the escrow owes an account, as the node says."""
    from eth_utils.crypto import keccak

    data = "0x" + keccak(text="owed(address)")[:4].hex() + address[2:].lower().rjust(64, "0")
    return int(node.call("eth_call", {"to": facts["escrow"], "data": data}, "latest"), 16)
