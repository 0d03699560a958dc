"""A requester and a worker write to each other, and rate each other once the chain shows paid work."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.frontend.browser import Visitor
from tests.frontend.test_pages import PHONE, fits, violations
from tests.frontend.test_requester import answered, funded, with_money

pytestmark = pytest.mark.slow

HOSTILE = "Is <b>perhaps</b> a yes?\n<img src=x onerror=alert(1)>"
MAKE_BLOCK_LIST = """worker => fetch('/v1/lists', {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'no', kind: 'block' }),
}).then(answer => answer.json()).then(list => fetch(`/v1/lists/${list.list_id}/members`, {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ workers: [worker] }),
})).then(answer => answer.status)"""


def address_of(visitor: Visitor) -> str:
    return str(visitor.page.evaluate("JSON.parse(localStorage.getItem('piecework.session')).address"))


def entered(visitor: Visitor) -> None:
    """Signs in with a test wallet, whatever the language."""
    visitor.open("/wallet")
    visitor.page.locator(".signin .primary").click()
    visitor.page.locator(".signin").wait_for(state="detached")


def wrote(visitor: Visitor, text: str) -> None:
    visitor.page.get_by_label("Your message").fill(text)
    visitor.click("Send")
    visitor.page.locator(".thread .own .said", has_text=text.partition("\n")[0]).wait_for()


def accepted(requester: Visitor, batch_id: str) -> None:
    """The requester accepts three answers."""
    requester.open(f"/review/{batch_id}")
    requester.click("Accept the 3 that are left")
    requester.click("Sign 3 decisions")
    requester.page.locator("[data-state=confirmed]").wait_for()


def test_both_write_see_what_is_new_and_rate_each_other_after_the_payment(visit: Callable[..., Visitor]) -> None:
    requester, worker = visit(), visit(viewport=PHONE)
    requester_address = with_money(requester)
    batch_id = funded(requester)
    answered(worker, batch_id)
    requester.sees("Messages and rating")

    worker.open(f"/tasks/{batch_id}")
    worker.click("Write to the requester", role="link")
    worker.sees("Nothing has been written yet.")
    worker.sees("Once the chain shows paid work")
    wrote(worker, HOSTILE)
    assert worker.page.locator(".thread .said").inner_text() == HOSTILE, "text, whatever it looks like"
    assert (violations(worker), fits(worker)) == ([], True)

    page = requester.page
    page.locator(".letters .badge").wait_for()
    requester.click("Messages", role="link", exact=False)
    page.locator(".item .tag", has_text="1 new").wait_for()
    assert violations(requester) == []
    page.locator(".item a", has_text="What does the note want?").click()
    page.get_by_text("New", exact=True).wait_for()
    page.locator(".letters .badge").wait_for(state="detached")
    wrote(requester, "It is a yes.")
    worker.sees("It is a yes.")

    accepted(requester, batch_id)
    requester.open(f"/messages/{batch_id}/{address_of(worker)}")
    requester.sees("The chain shows 3 paid answers in this batch.")
    page.get_by_role("radio", name="4 stars").check()
    page.get_by_label("In a few words").fill("Careful.")
    requester.click("Rate")
    requester.sees("Your rating is public now.")
    assert violations(requester) == []
    worker.page.reload()
    worker.page.get_by_role("radio", name="5 stars").check()
    worker.click("Rate")
    worker.sees("Your rating is public now.")
    worker.page.get_by_role("radio", name="2 stars").check()
    worker.click("Change the rating")
    worker.sees("2 of 5")
    assert (violations(worker), fits(worker)) == ([], True)

    stranger = visit()
    stranger.open(f"/audit/accounts/{address_of(worker)}")
    stranger.sees("4 of 5")
    stranger.sees("Careful.")
    assert violations(stranger) == []
    worker.click("Take it back")
    worker.page.get_by_role("button", name="Rate", exact=True).wait_for()
    stranger.open(f"/audit/accounts/{requester_address}")
    stranger.sees("No ratings yet")


def test_who_is_blocked_is_told_and_what_it_wrote_stays_in_its_field(visit: Callable[..., Visitor]) -> None:
    requester, worker = visit(), visit(locale="ar", viewport=PHONE)
    with_money(requester)
    batch_id = funded(requester)
    entered(worker)
    worker.open(f"/tasks/{batch_id}")
    worker.page.locator(".offer .primary").click()
    worker.page.locator(".beside-work a").click()
    assert requester.page.evaluate(MAKE_BLOCK_LIST, address_of(worker)) == 200
    field = worker.page.locator("textarea").first
    field.fill("مرحبا")
    field.press("Control+Enter")
    worker.page.locator("form .notice.bad").wait_for()
    assert field.input_value() == "مرحبا"
    assert (violations(worker), fits(worker)) == ([], True)
    worker.expected_errors("/messages")


def test_messages_that_cannot_be_had_are_told_with_a_way_to_ask_again(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    with_money(visitor)
    broken = {"status": 500, "json": {"code": "internal", "detail": "broken"}}
    visitor.page.route("**/v1/messages?*", lambda route: route.fulfill(**broken))
    visitor.open("/messages")
    again = visitor.page.get_by_role("button", name="Try again")
    again.wait_for()
    assert violations(visitor) == []
    visitor.expected_errors("/v1/messages", least=4)
    visitor.page.unroute("**/v1/messages?*")
    again.click()
    visitor.sees("No messages yet")
