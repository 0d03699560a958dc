"""An escrow with a planted bug: the audit names it, and says that the market is not clean."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from piecework.domain.messages import Verdict
from tests.backend.relay.market import DAY, Market
from tests.scripts.audit.auditing import audited, checks
from tests.scripts.audit.planted import BUGS, Bug, deploy_with


def live_a_little(stack: Any) -> None:
    """One batch; one worker is reviewed, one is paid by silence."""
    market = Market(stack)
    key = market.open_batch(10, reviewWindow=DAY)
    reviewed, silent = market.worker(), market.worker()
    market.relayed_by_hand(key, market.claim_and_submit(key, reviewed, 4), market.claim_and_submit(key, silent, 2))
    stack.send(stack.accounts["reviewer1"], stack.escrow.settle(key, 1, _DIGEST, [Verdict(reviewed.address, 0, 3, 1)]))
    if not is_payable(stack, key, silent):
        stack.travel(DAY + 60)
    stack.send(stack.accounts["stranger"], stack.escrow.pay_overdue(key, silent.address))


def is_payable(stack: Any, key: Any, worker: Any) -> bool:
    """Whether silence would pay already, which only the bug allows."""
    from piecework.chain.calls import simulate
    from piecework.chain.errors import CallReverted

    try:
        simulate(stack.web3, stack.escrow.pay_overdue(key, worker.address), stack.accounts["stranger"].address)
    except CallReverted:
        return False
    return True


_DIGEST = "0x" + "77" * 32


def test_the_shipped_escrow_shows_no_difference(stack: Any) -> None:
    live_a_little(stack)
    report = audited(stack.rpc_url, stack.escrow.address)
    assert report["differs"] == []


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_named(stack: Any, bug: Bug) -> None:
    wrong = replace(stack, escrow=deploy_with(bug, stack))
    live_a_little(wrong)
    report = audited(wrong.rpc_url, wrong.escrow.address)
    assert report["exit_code"] == 1
    assert bug.found_by <= checks(report, "differs"), report["differs"]
