"""A worker whose node, gateway or time is gone: what was answered stays, the page says what to do, and work goes on."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from scripts.crowd.api import Api
from scripts.crowd.wallet import Node
from tests.e2e.running import Up, is_alive, until
from tests.frontend.browser import Visitor
from tests.frontend.funded import Requester
from tests.frontend.injected import NAME, InjectedWallet
from tests.frontend.staged import staged_dispute
from tests.frontend.test_juror import case_of, juror_of
from tests.frontend.test_pages import fits, violations

pytestmark = pytest.mark.slow

LEASE_SECONDS = 3_600


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A stack of these tests alone: they stop parts of it, and set its chain's clock."""
    found = Up(tmp_path_factory.mktemp("lost") / "data")
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def stack_up(up: Up) -> dict[str, Any]:
    return up.facts


@pytest.fixture
def batch_id(requester: Requester) -> str:
    content, options = {"text": "a cat"}, {"choices": ["cat", "dog"]}
    return requester.fund("choice", content, tasks=2, options=options, lease_seconds=LEASE_SECONDS)


@contextmanager
def stopped(up: Up, part: str) -> Iterator[None]:
    """The part ends as it would by itself, and is started again only after the block."""
    assert up.process is not None
    pid = up.children()[part]
    os.kill(up.process.pid, signal.SIGSTOP)  # who would start it again
    try:
        os.kill(pid, signal.SIGTERM)
        until(lambda: not is_alive(pid), f"{part} has ended")
        yield
    finally:
        os.kill(up.process.pid, signal.SIGCONT)


def at_work(visitor: Visitor, node: Node, facts: dict[str, Any], batch_id: str) -> InjectedWallet:
    wallet = InjectedWallet(visitor, node, chain_id=facts["chain_id"])
    visitor.open(f"/tasks/{batch_id}")
    visitor.click(f"Continue with {NAME}")
    visitor.page.get_by_role("button", name="Start 2 tasks").wait_for()
    return wallet


def kept_answers(visitor: Visitor) -> list[str]:
    script = "Object.entries(localStorage).filter(([key]) => /answers|late/.test(key)).map(([, text]) => text)"
    return [str(text) for text in visitor.page.evaluate(script)]


def test_a_lost_node_holds_up_claim_and_answers_and_both_go_on_by_themselves(
    visit: Callable[..., Visitor], up: Up, stack_up: dict[str, Any], node: Node, batch_id: str
) -> None:
    visitor = visit()
    wallet = at_work(visitor, node, stack_up, batch_id)
    lost = visitor.page.locator("[data-state=lost]")
    with stopped(up, "chain"):
        visitor.click("Start 2 tasks")
        lost.wait_for()
        assert "The chain’s node does not answer." in lost.inner_text()
        assert (violations(visitor), fits(visitor)) == ([], True)
    visitor.click("1 cat")
    visitor.click("2 dog")
    with stopped(up, "chain"):
        visitor.click("Hand in 2 answers")
        lost.wait_for()
        assert len(kept_answers(visitor)) == 1
    visitor.page.locator(".done").wait_for()
    assert wallet.asked == ["personal_sign", "Claim", "Submit"], "nothing was asked for twice"
    assert kept_answers(visitor) == []
    visitor.expected_errors("503")


def test_a_lost_gateway_leaves_the_answers_and_they_are_handed_in_when_it_is_back(
    visit: Callable[..., Visitor], up: Up, stack_up: dict[str, Any], node: Node, batch_id: str
) -> None:
    visitor = visit()
    wallet = at_work(visitor, node, stack_up, batch_id)
    visitor.click("Start 2 tasks")
    visitor.click("1 cat")
    with stopped(up, "gateway"):
        visitor.page.locator("[data-lost=gateway]").wait_for()
        assert (violations(visitor), fits(visitor)) == ([], True)
        visitor.click("2 dog")
        visitor.click("Hand in 2 answers")
        visitor.page.locator("[data-state=lost]").wait_for()
        assert len(kept_answers(visitor)) == 1
    visitor.page.locator(".done").wait_for()
    visitor.page.locator("[data-lost]").wait_for(state="detached")
    assert wallet.asked == ["personal_sign", "Claim", "Submit"]
    visitor.expected_errors("Failed to load resource")


def at_a_batch(visitor: Visitor, node: Node, facts: dict[str, Any], requester: Requester) -> InjectedWallet:
    """The requester before an open batch of its own."""
    batch_id = requester.fund("choice", {"text": "a cat"}, options={"choices": ["cat", "dog"]})
    wallet = InjectedWallet(visitor, node, chain_id=facts["chain_id"], wallet=requester.api.wallet)
    visitor.open(f"/requests/{batch_id}")
    visitor.click(f"Continue with {NAME}")
    visitor.page.get_by_role("button", name="Close the batch").wait_for()
    return wallet


def test_a_requesters_transaction_begun_while_the_node_is_lost_goes_on_when_it_is_back(
    visit: Callable[..., Visitor], up: Up, stack_up: dict[str, Any], node: Node, requester: Requester
) -> None:
    visitor = visit()
    wallet = at_a_batch(visitor, node, stack_up, requester)
    lost = visitor.page.locator("[data-state=lost]")
    with stopped(up, "chain"):
        visitor.click("Close the batch")
        lost.wait_for()
        assert "The chain’s node does not answer. Nothing is lost." in lost.inner_text()
        assert wallet.asked == ["personal_sign"], "nobody signs what cannot be sent"
        assert (violations(visitor), fits(visitor)) == ([], True)
    visitor.sees("The batch gives out no more work.")
    assert wallet.asked == ["personal_sign", "eth_sendTransaction"]
    visitor.errors.clear()


def test_a_jurors_vote_begun_while_the_node_is_lost_is_on_the_chain_when_it_is_back(
    visit: Callable[..., Visitor], up: Up, stack_up: dict[str, Any]
) -> None:
    staged = staged_dispute(stack_up)
    juror = juror_of(visit, stack_up)
    case_of(juror, staged).click()
    juror.click("2 are right")
    with stopped(up, "chain"):
        juror.click("Vote in secret")
        juror.page.locator("[data-state=lost]").wait_for()
    juror.sees("You have voted.")
    with closing(Api(stack_up["gateway_url"])) as api:
        assert api.get(f"/v1/disputes/{staged.dispute_id}")["case"]["commits"] == 1
    juror.errors.clear()


def test_a_node_lost_after_a_transaction_was_sent_is_waited_for_and_nothing_is_sent_again(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], node: Node, requester: Requester
) -> None:
    visitor = visit()
    wallet = at_a_batch(visitor, node, stack_up, requester)
    is_away = True

    def refuse(route: Any) -> None:
        if is_away and "eth_sendTransaction" in wallet.asked:
            route.abort()
        else:
            route.continue_()

    visitor.page.route(f"{stack_up['rpc_url']}/**", refuse)
    visitor.click("Close the batch")
    visitor.page.locator("[data-state=lost]").wait_for()
    is_away = False
    visitor.page.locator("[data-state=confirmed]").wait_for()
    assert wallet.asked == ["personal_sign", "eth_sendTransaction"]
    visitor.errors.clear()


def test_a_page_that_could_not_be_loaded_comes_by_itself_when_the_gateway_is_back(
    visit: Callable[..., Visitor], up: Up, batch_id: str
) -> None:
    visitor = visit()
    visitor.open("/")
    visitor.page.get_by_role("link", name="Audit").wait_for()
    with stopped(up, "gateway"):
        visitor.page.evaluate("path => history.pushState(null, '', path)", f"/audit/{batch_id}")
        visitor.page.locator("[data-lost=gateway]").wait_for()
    visitor.page.locator("[data-lost]").wait_for(state="detached")
    visitor.sees("A batch of choice")
    visitor.expected_errors("Failed to load resource")


def test_a_part_of_a_page_that_cannot_be_loaded_takes_nothing_else_away(
    visit: Callable[..., Visitor], node: Node, stack_up: dict[str, Any], batch_id: str
) -> None:
    visitor, is_away = visit(), True
    at_work(visitor, node, stack_up, batch_id)

    def refuse(route: Any) -> None:
        if is_away:
            route.abort()
        else:
            route.continue_()

    for name in ("**/assets/WithRequester*", "**/healthz"):
        visitor.page.route(name, refuse)
    visitor.click("Start 2 tasks")
    visitor.page.get_by_role("button", name="1 cat").wait_for()
    with visitor.page.expect_request("**/healthz"):
        pass
    visitor.click("1 cat")
    is_away = False
    visitor.page.get_by_role("link", name="Write to the requester").wait_for()
    visitor.expected_errors("ERR_FAILED")


def test_when_the_lease_runs_out_the_answers_stay_and_stand_there_when_the_tasks_are_taken_again(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], node: Node, batch_id: str
) -> None:
    """Once while the worker answers, once at the moment of handing in."""
    visitor = visit()
    wallet = at_work(visitor, node, stack_up, batch_id)
    visitor.click("Start 2 tasks")
    visitor.click("1 cat")
    run_out(node)
    visitor.sees("The time for your tasks ran out")
    visitor.sees("1 answer of yours is kept in this browser")
    assert (violations(visitor), fits(visitor)) == ([], True)
    visitor.click("Start 2 tasks")
    visitor.sees("Task 2 of 2")
    visitor.click("2 dog")

    held: list[Any] = []
    lists = "**/v1/work/assignments?*"
    visitor.page.route(lists, lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks the handler
    run_out(node)
    visitor.click("Hand in 2 answers")
    visitor.page.locator("[data-state=failed]").wait_for()  # by the gateway, or by the chain a moment later
    for route in held:
        route.continue_()
    visitor.page.unroute(lists)
    visitor.sees("2 answers of yours are kept in this browser")
    visitor.click("Start 2 tasks")
    visitor.sees("Look once more")
    visitor.click("Hand in 2 answers")
    visitor.page.locator(".done").wait_for()
    assert kept_answers(visitor) == []
    assert wallet.asked[:2] == ["personal_sign", "Claim"]
    visitor.errors.clear()


def test_who_gives_tasks_back_reads_that_it_did_and_they_are_there_for_others(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], node: Node, batch_id: str
) -> None:
    visitor = visit()
    wallet = at_work(visitor, node, stack_up, batch_id)
    visitor.click("Start 2 tasks")
    visitor.click("1 cat")
    visitor.page.locator("summary", has_text="Give the tasks back").click()
    wallet.refuses = True
    visitor.click("Give the tasks back")
    visitor.sees("You refused it in your wallet. Nothing happened.")
    wallet.refuses = False
    visitor.click("Give the tasks back")
    visitor.sees("2 tasks are given back. They do not count against you.")
    assert (violations(visitor), fits(visitor)) == ([], True)
    assert wallet.asked == ["personal_sign", "Claim", "ReturnClaim", "ReturnClaim"]
    assert kept_answers(visitor) == []
    visitor.click("Start 2 tasks")
    visitor.sees("Task 1 of 2")


def run_out(node: Node) -> None:
    node.call("evm_increaseTime", LEASE_SECONDS + 60)
    node.call("evm_mine")
