"""A reviewer's own record in real Chromium, after decisions and a ruling that really happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scripts.crowd.api import Api
from scripts.crowd.wallet import Node
from tests.e2e.running import until
from tests.frontend.browser import Visitor
from tests.frontend.injected import NAME, InjectedWallet
from tests.frontend.staged import first_juror, staged_dispute
from tests.frontend.test_pages import fits, violations

pytestmark = pytest.mark.slow


def test_a_reviewer_reads_how_the_rejections_that_it_signed_came_out(
    visit: Callable[..., Visitor], stack_up: dict[str, Any]
) -> None:
    """Three decisions: one accepted; two right answers rejected, contested, and turned around by the jurors."""
    staged = staged_dispute(stack_up)
    api, node = Api(stack_up["gateway_url"], staged.reviewer), Node(stack_up["rpc_url"])
    api.sign_in(api.get("/v1/chain"))
    visitor = visit()
    InjectedWallet(visitor, node, chain_id=stack_up["chain_id"], wallet=staged.reviewer)
    visitor.open("/review")
    visitor.click(f"Continue with {NAME}")
    visitor.click("Your record as a reviewer", role="link")
    visitor.sees("None tested yet")
    visitor.sees("1 accepted and 2 rejected, in 1 batch.")
    jurors = (*staged.others, first_juror(stack_up))
    for juror in jurors:
        juror.commit(staged.dispute_id)
    for juror in jurors:
        juror.reveal(staged.dispute_id)
    until(lambda: api.get("/v1/reviewers/me/record")["accuracy"]["tested"], "the ruling is in the record")

    visitor.page.reload()
    visitor.sees("0 of 2 verdicts that were tested")
    turned = visitor.page.locator(".facts div", has_text="Rejections that jurors turned around")
    assert turned.locator("dd").inner_text() == "2"
    assert (violations(visitor), fits(visitor)) == ([], True)
    node.close()
    api.close()
