"""A reviewer asks for a better answer, the worker gives one or leaves it, and the reviewer sees both."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.frontend.browser import Visitor
from tests.frontend.test_pages import PHONE, fits, violations
from tests.frontend.test_requester import answered, funded, with_money
from tests.frontend.test_talk import entered

pytestmark = pytest.mark.slow


def asks(reviewer: Visitor, reason: str) -> None:
    """By keys alone, about the answer that is shown."""
    reviewer.page.keyboard.press("b")
    field = reviewer.page.get_by_label("What the worker should change")
    field.press_sequentially(reason)
    field.press("Control+Enter")
    reviewer.sees("A better answer was asked for, and none has come yet:")


def test_a_reviewer_asks_and_sees_both_answers_and_the_decision_is_about_the_one_on_chain(
    visit: Callable[..., Visitor],
) -> None:
    requester, worker = visit(), visit(viewport=PHONE)
    with_money(requester)
    batch_id = funded(requester)
    answered(worker, batch_id)
    requester.open(f"/review/{batch_id}")
    requester.page.frame_locator("iframe").get_by_text("Come, now").wait_for()
    asks(requester, "It is no order.")
    assert violations(requester) == []
    requester.page.keyboard.press("j")
    requester.page.frame_locator("iframe").get_by_text("Go away").wait_for()
    asks(requester, "Are you sure?")

    worker.open("/earnings")
    worker.sees("2 answers of yours could be better")
    assert (violations(worker), fits(worker)) == ([], True)
    worker.click("See what is asked", role="link")
    worker.page.locator(".item", has_text="It is no order.").get_by_role("link").click()
    worker.page.frame_locator("iframe").get_by_text("Come, now").wait_for()
    hand_in = worker.page.get_by_role("button", name="Hand in the better answer")
    assert hand_in.is_disabled(), "it is what was handed in"
    worker.page.keyboard.press("2")
    assert (violations(worker), fits(worker)) == ([], True)
    hand_in.click()
    worker.sees("You sent a better answer.")
    worker.click("Asked for better answers", role="link")
    worker.page.locator(".item", has_text="Are you sure?").get_by_role("link").click()
    worker.click("Leave it as it is")
    worker.sees("You left it as it was.")

    requester.sees("the worker stays with this one:")
    requester.page.keyboard.press("k")
    requester.sees("A better answer was asked for, and came:")
    better = requester.page.get_by_role("region", name="The better answer")
    assert better.locator(".answered").inner_text() == "no"
    assert requester.page.locator(".answered").first.inner_text() == "yes", "what stands on chain stays in sight"
    assert violations(requester) == []
    requester.click("Accept the 3 that are left")
    requester.click("Sign 3 decisions")
    requester.page.locator("[data-state=confirmed]").wait_for()


def test_a_request_that_comes_too_late_is_told_and_in_arabic_too(visit: Callable[..., Visitor]) -> None:
    requester, worker = visit(), visit(locale="ar", viewport=PHONE, color_scheme="dark")
    with_money(requester)
    batch_id = funded(requester)
    entered(worker)
    worker.open(f"/tasks/{batch_id}")
    worker.page.locator(".offer .primary").click()
    worker.page.frame_locator("iframe").locator("main p").first.wait_for()
    for _ in range(3):
        worker.page.keyboard.press("1")
    worker.page.locator(".bench .primary").click()
    worker.page.locator(".done").wait_for()
    requester.open(f"/review/{batch_id}")
    requester.page.frame_locator("iframe").locator("main p").first.wait_for()
    asks(requester, "It is no order.")
    worker.open("/revisions")
    worker.page.locator(".row-title a").first.click()
    worker.page.locator(".card .primary").wait_for()
    assert (violations(worker), fits(worker)) == ([], True)
    worker.page.get_by_role("button").filter(has_text="1").first.wait_for()
    worker.page.keyboard.press("2")
    requester.click("Accept the 3 that are left")
    requester.click("Sign 3 decisions")
    requester.page.locator("[data-state=confirmed]").wait_for()
    worker.page.locator(".notice[role=status]").wait_for()
    assert worker.page.locator(".card .primary").count() == 0
