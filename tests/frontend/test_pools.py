"""Private pools in real Chromium: the best workers of a batch, a list for them, and a batch that is for them alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.frontend.browser import Visitor
from tests.frontend.test_pages import PHONE, fits, violations
from tests.frontend.test_requester import answered, funded, typed, with_money, worded
from tests.frontend.test_talk import accepted, entered

pytestmark = pytest.mark.slow


def made(requester: Visitor, name: str) -> None:
    requester.open("/requests")
    requester.click("Pools and block lists", role="link")
    requester.page.get_by_label("Name").fill(name)
    requester.click("Make the list")
    requester.sees("Nobody is on this list yet.")


def test_the_best_of_a_batch_get_the_next_one_alone_at_higher_pay(visit: Callable[..., Visitor]) -> None:
    requester, worker, stranger = visit(), visit(), visit()
    with_money(requester)
    batch_id = funded(requester)
    answered(worker, batch_id)
    accepted(requester, batch_id)
    made(requester, "My best")
    assert violations(requester) == []
    page = requester.page
    requester.open(f"/requests/{batch_id}")
    requester.click("Choose the best")
    requester.click("Add 1 worker")
    requester.sees("They are on the list.")
    assert violations(requester) == []
    requester.click("My best", role="link")
    requester.sees("1 person")
    assert violations(requester) == []

    requester.click("New batch for this pool")
    typed(requester)
    worded(requester)
    requester.click("Go on")
    assert page.get_by_role("checkbox", name="My best, 1 worker").is_checked()
    requester.sees("Only they see these tasks.")
    page.get_by_label("Seconds that one task takes").fill("20")
    page.get_by_label("Answers for each task").fill("1")
    for reward, told in (("0.04", "less than the"), ("0.05", "no more than the"), ("0.1", "100% more than the")):
        page.get_by_label("Reward for one answer").fill(reward)
        requester.sees(f"pwUSD here, {told}")
    assert violations(requester) == []
    requester.click("Go on")
    requester.click("Sign and fund")
    page.wait_for_url(re.compile("/requests/0x"))
    kept = page.url.rpartition("/")[2]

    stranger.open("/wallet")
    stranger.click("Start with a test wallet")
    stranger.sees("Test money")
    stranger.open(f"/tasks/{kept}")
    stranger.click("Start 3 tasks")
    stranger.sees("This batch is kept for people whom its requester named.")
    stranger.expected_errors("/v1/work/assignments")
    worker.open(f"/tasks/{kept}")
    worker.click("Start 3 tasks")
    worker.sees("Task 1 of 3")


def test_people_are_added_by_address_and_taken_off_and_a_list_is_deleted(visit: Callable[..., Visitor]) -> None:
    requester = visit(viewport=PHONE)
    with_money(requester)
    made(requester, "Not these")
    page = requester.page
    field = page.get_by_label("Addresses, one a line")
    field.fill(f"0x{'11' * 20}\nsomebody")
    requester.sees("Line 2 is no address")
    assert page.get_by_role("button", name="Add", exact=True).is_disabled()
    assert (violations(requester), fits(requester)) == ([], True)
    field.fill(f"0x{'11' * 20}\n0x{'22' * 20}\n")
    requester.click("Add")
    requester.sees("2 people")
    requester.click(f"Remove 0x{'11' * 20}")
    requester.sees("1 person")
    page.get_by_text("Delete the list").first.click()
    page.get_by_role("button", name="Delete the list").click()
    requester.sees("No lists yet")


def test_lists_in_arabic_on_a_phone_in_the_dark(visit: Callable[..., Visitor]) -> None:
    requester = visit(viewport=PHONE, locale="ar", color_scheme="dark")
    entered(requester)
    requester.open("/requests/lists")
    requester.page.get_by_role("textbox").fill("الأفضل")
    assert (violations(requester), fits(requester)) == ([], True)
    requester.page.locator("form .primary").click()
    requester.page.locator("textarea").wait_for()
    assert (violations(requester), fits(requester)) == ([], True)
    requester.open("/requests/lists")
    requester.page.get_by_role("link", name="الأفضل").wait_for()
    assert (violations(requester), fits(requester)) == ([], True)
