"""A worker whose wallet is a contract: signs in, works, is paid and takes the money out, with no gas and no key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scripts.crowd.wallet import Node, Wallet
from tests.frontend.browser import Visitor
from tests.frontend.contract_wallet import ContractWallet
from tests.frontend.funded import Requester
from tests.frontend.injected import NAME, InjectedWallet
from tests.frontend.test_injected_wallet import REWARD_UNITS, accept_all, owed

pytestmark = pytest.mark.slow


@pytest.fixture
def wallet(stack_up: dict[str, Any], node: Node) -> ContractWallet:
    return ContractWallet(node, stack_up["chain_id"])


def test_a_contract_wallet_earns_and_withdraws_by_its_own_rule_alone(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], node: Node, wallet: ContractWallet, requester: Requester
) -> None:
    worker = visit()
    injected = InjectedWallet(worker, node, chain_id=stack_up["chain_id"], wallet=wallet)
    batch_id = requester.fund("choice", {"text": "a cat"}, options={"choices": ["cat", "dog"]})
    worker.open(f"/tasks/{batch_id}")
    worker.click(f"Continue with {NAME}")
    worker.click("Start 1 task")
    worker.click("1 cat")
    worker.click("Hand in 1 answer")
    worker.page.locator(".done").wait_for()
    accept_all(requester, batch_id)
    worker.open("/earnings")
    worker.page.get_by_role("button", name="Pay out all").and_(worker.page.locator(":enabled")).click()
    worker.sees("Paid to your wallet.")

    assert injected.asked == ["personal_sign", "Claim", "Submit", "Withdraw"]
    assert (owed(node, stack_up, wallet.address), node.tokens_of(stack_up["token"], wallet.address)) == (
        0,
        REWARD_UNITS,
    )
    assert node.balance_wei(wallet.address) == 0
    other = Wallet().address
    transfer = "0xa9059cbb" + other[2:].lower().rjust(64, "0") + f"{REWARD_UNITS:064x}"
    wallet.execute(stack_up["token"], transfer)
    assert node.tokens_of(stack_up["token"], other) == REWARD_UNITS, "what came out is the owner's to use"


def test_the_owners_own_signature_is_not_the_wallets(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], node: Node, wallet: ContractWallet
) -> None:
    """Without the contract's own rule nobody signs in: neither its owner's key nor somebody else's."""
    for stranger in (Wallet("0x" + bytes(wallet.owner.key).hex()), Wallet()):
        stranger.address = wallet.address
        visitor = visit()
        InjectedWallet(visitor, node, chain_id=stack_up["chain_id"], wallet=stranger)
        visitor.open("/wallet")
        visitor.click(f"Continue with {NAME}")
        visitor.page.locator("[data-state=failed]").wait_for()
        visitor.expected_errors("422")


def test_a_contract_wallet_funds_a_batch_without_a_permit(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], node: Node, wallet: ContractWallet, requester: Requester
) -> None:
    """A permit is signed by a key; a contract allows the amount by a call of its own, and funds by a second."""
    from tests.frontend.test_requester import COST_UNITS, paid, typed, worded

    visitor = visit()
    injected = InjectedWallet(visitor, node, chain_id=stack_up["chain_id"], wallet=wallet)
    requester.api.post("/v1/faucet", {"address": wallet.address, "amount_units": str(5 * COST_UNITS)})
    from tests.e2e.running import until

    until(lambda: node.tokens_of(stack_up["token"], wallet.address), "the faucet gave tokens")
    visitor.open("/wallet")
    visitor.click(f"Continue with {NAME}")
    visitor.page.get_by_role("button", name="Sign out").wait_for()
    typed(visitor)
    worded(visitor)
    paid(visitor)
    visitor.click("Go on")
    visitor.sees("Your wallet is a contract")
    visitor.click("Sign and fund")
    visitor.page.wait_for_url("**/requests/0x*")
    assert injected.asked == ["personal_sign", "eth_sendTransaction", "eth_sendTransaction"]
    assert node.tokens_of(stack_up["token"], wallet.address) == 2 * COST_UNITS
    assert owed(node, stack_up, wallet.address) == 0, "all of it is locked in the batch"
