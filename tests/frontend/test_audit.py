"""An auditor's way without an account: money that adds up, a check against the node's logs, and lies that it tells."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from tests.frontend.browser import Visitor
from tests.frontend.staged import TITLE, Staged, staged_dispute
from tests.frontend.test_pages import DESK, PHONE, fits, violations

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def staged(stack_up: dict[str, Any]) -> Staged:
    return staged_dispute(stack_up)


@contextmanager
def altered(
    facts: dict[str, Any], batch_id: str, select: str, update: str, lie: Callable[[str], str]
) -> Iterator[None]:
    """The gateway's database with one lie in it. `select` names a row's id and what will be changed."""
    path = facts["database_url"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as database:
        row, kept = database.execute(select, (batch_id,)).fetchone()
        try:
            database.execute(update, (lie(kept), row))
            yield
        finally:
            database.execute(update, (kept, row))


def verified(auditor: Visitor, path: str) -> str:
    auditor.open(path)
    auditor.click("Verify")
    auditor.page.locator("[data-verified]").wait_for()
    return str(auditor.page.locator("[data-verified]").get_attribute("data-verified"))


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_an_auditor_finds_a_batch_and_verifies_it_from_the_nodes_logs(
    visit: Callable[..., Visitor], staged: Staged, screen: dict[str, int]
) -> None:
    auditor = visit(viewport=screen)
    auditor.open("/")
    auditor.click("Audit", role="link")
    auditor.page.get_by_label("Words in title or instructions").fill("animal")
    auditor.click(TITLE, role="link")
    auditor.page.wait_for_url("**/audit/0x*")
    auditor.sees("Everything the chain says")
    auditor.sees("It adds up.")
    auditor.click("Verify")
    auditor.page.locator("[data-verified=clean]").wait_for()
    facts = auditor.page.locator(".facts li.good").count()
    assert facts >= 15
    auditor.sees("What was not checked")
    assert (violations(auditor), fits(auditor)) == ([], True)
    auditor.click("Rejections", role="button")
    auditor.sees("Rejected")
    auditor.page.locator("td a").first.click()
    auditor.page.wait_for_url("**/audit/accounts/0x*")
    auditor.sees("Answers accepted")
    assert (violations(auditor), fits(auditor)) == ([], True)
    auditor.page.go_back()
    auditor.sees(TITLE)


def test_the_whole_escrow_is_verified(visit: Callable[..., Visitor], staged: Staged) -> None:
    del staged
    auditor = visit()
    assert verified(auditor, "/audit") == "clean"
    auditor.sees("The token holds enough for everybody")


def test_an_amount_that_the_gateways_database_lies_about_is_told(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], staged: Staged
) -> None:
    """The mirror pays less than the chain: the sums differ, in red, and on this page they no longer add up."""
    select = "select rowid, amount_units from payments where batch_id = ?"
    update = "update payments set amount_units = ? where rowid = ?"
    auditor = visit()
    with altered(stack_up, staged.batch_id, select, update, lambda kept: kept[:-1] + "7"):
        assert verified(auditor, f"/audit/{staged.batch_id}") == "differs"
        wrong = auditor.page.locator(".differences .bad").all_inner_texts()
        assert any("paid_units" in text and "250000" in text and "250007" in text for text in wrong), wrong
        auditor.sees("It does not add up.")
    assert verified(auditor, f"/audit/{staged.batch_id}") == "clean"


def test_an_event_that_the_gateways_database_lies_about_is_told(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], staged: Staged
) -> None:
    """Another worker was rejected, says the mirror; every sum still adds up."""
    select = "select rowid, args from events where batch_id = ? and name = 'Rejected'"
    update = "update events set args = ? where rowid = ?"
    auditor = visit()
    other = {"worker": "0x" + "11" * 20}
    with altered(stack_up, staged.batch_id, select, update, lambda kept: json.dumps({**json.loads(kept), **other})):
        assert verified(auditor, f"/audit/{staged.batch_id}") == "differs"
        auditor.sees("Each event as this site shows it")
        wrong = auditor.page.locator(".differences .bad").all_inner_texts()
        assert len(wrong) == 1
        assert "1111111111" in wrong[0]


def test_a_lost_node_is_told_and_a_verification_can_be_given_up(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], staged: Staged
) -> None:
    auditor = visit()
    auditor.open(f"/audit/{staged.batch_id}")
    node = f"{stack_up['rpc_url']}/**"
    auditor.page.route(node, lambda route: route.abort())
    auditor.click("Verify")
    auditor.sees("The chain’s node does not answer.")
    auditor.expected_errors(stack_up["rpc_url"])
    auditor.page.unroute(node)
    held: list[Any] = []
    auditor.page.route(node, lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks the handler
    auditor.click("Verify again")
    auditor.click("Stop")
    auditor.page.get_by_role("button", name="Verify", exact=True).wait_for()
    for route in held:
        route.abort()
    auditor.page.unroute(node)
    auditor.click("Verify")
    auditor.page.locator("[data-verified=clean]").wait_for()
    auditor.expected_errors(stack_up["rpc_url"], least=0)


def test_the_table_of_a_batch_can_be_taken_along(visit: Callable[..., Visitor], staged: Staged) -> None:
    auditor = visit()
    auditor.open(f"/audit/{staged.batch_id}")
    with auditor.page.expect_download() as download:
        auditor.click("As a table (CSV)", role="link")
    text = download.value.path().read_text()
    assert text.startswith("block_number,")
    assert "Disputed" in text


def test_an_auditor_who_types_no_address_is_told_so(visit: Callable[..., Visitor]) -> None:
    auditor = visit()
    auditor.open("/audit?status=ended")
    auditor.page.get_by_label("Requester’s address").fill("0x12")
    auditor.sees("An address is 0x and 40 hexadecimal digits.")
    auditor.page.get_by_label("Requester’s address").fill("0x" + "12" * 20)
    auditor.sees("No batch fits")
