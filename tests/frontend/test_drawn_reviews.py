"""Reviewers by draw in real Chromium: a requester pays for them, one enrols, is drawn, and judges by keys."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.frontend.browser import Visitor
from tests.frontend.test_lying_gateway import TOLD, lying, put
from tests.frontend.test_pages import PHONE, fits, violations
from tests.frontend.test_requester import answered, paid, typed, with_money, worded
from tests.frontend.test_talk import entered

pytestmark = pytest.mark.slow

LIES = (
    put("assignments", value=6),
    put("cost", "reward_units", value="1"),
    put("cost", "total_units", value="999999999"),
    put("terms", "reward", value="1"),
)


def drafted(requester: Visitor, *, reviewers: int, quorum: int, most: int) -> None:
    """Four steps of a batch whose reviewers are drawn."""
    typed(requester)
    worded(requester)
    paid(requester)
    page = requester.page
    page.get_by_role("radio", name="Reviewers by draw").check()
    page.get_by_label("Reviewers drawn for each answer").fill(str(reviewers))
    page.get_by_label("Equal verdicts that decide").fill(str(quorum))
    page.get_by_label("Reviewers at most, where they disagree").fill(str(most))
    page.get_by_text("Times and limits").click()
    page.get_by_label("Workers whose answers you want to be able to reject").fill("1")


def funded(requester: Visitor) -> str:
    """The batch is funded, and the pay of its reviewers is not; its id."""
    drafted(requester, reviewers=1, quorum=1, most=1)
    requester.click("Go on")
    requester.click("Sign and fund")
    requester.page.wait_for_url(re.compile("/requests/0x"))
    requester.sees("pays 3 reviews at most")
    return str(requester.page.url.rpartition("/")[2])


def reviewers_paid(requester: Visitor) -> None:
    """By a requester whom nobody worked for yet."""
    requester.click("See what it costs")
    requester.sees("Too few people did accepted work for you before.")
    assert violations(requester) == []
    requester.expected_errors("/review-batch")
    requester.page.get_by_role("radio", name="Anybody").check()
    requester.click("See what it costs")
    requester.sees("Reward for 3 answers")
    requester.sees("Kept in your account for rejections")
    requester.click("Sign and fund")
    requester.sees("Nothing was handed in yet.")


def enrolled(reviewer: Visitor, batch_id: str) -> None:
    """By way of the page of the review batch, wherever it stands in the list of those that look for reviewers."""
    entered(reviewer)
    own = f"/v1/reviews/candidacies?limit=20&batch_id={batch_id}"
    found = reviewer.page.evaluate("path => fetch(path).then(answer => answer.json())", own)
    (review_batch,) = [item["review_batch_id"] for item in found["items"]]
    reviewer.open(f"/tasks/{review_batch}")
    reviewer.page.locator(".offer button.primary").click()
    reviewer.page.locator(".offer .notice.good").wait_for()


def test_who_is_drawn_judges_by_keys_and_the_requester_signs_what_was_decided(visit: Callable[..., Visitor]) -> None:
    requester, reviewer, worker = visit(), visit(viewport=PHONE), visit()
    with_money(requester)
    batch_id = funded(requester)
    reviewers_paid(requester)
    enrolled(reviewer, batch_id)
    assert (violations(reviewer), fits(reviewer)) == ([], True)
    reviewer.open("/review")
    reviewer.sees("Nothing to review")
    answered(worker, batch_id)

    reviewer.sees("Drawn for you")
    reviewer.sees("3 reviews")
    assert (violations(reviewer), fits(reviewer)) == ([], True)
    reviewer.click("What does the note want?", role="link")
    reviewer.click("Start 3 reviews")
    page = reviewer.page
    page.frame_locator("iframe").locator("main p").first.wait_for()
    reviewer.sees("The answer to judge")
    page.get_by_label("Why").wait_for()
    for place, (key, reason) in enumerate((("a", "It asks to come."), ("r", "It is no wish."), ("a", "It waits.")), 1):
        reviewer.sees(f"Task {place} of 3")
        page.keyboard.press(key)
        page.keyboard.type(reason)
        assert page.locator(".answered").inner_text() == "yes"
        if place == 1:
            page.frame_locator("iframe").get_by_text("Come, now").wait_for()
            page.locator("iframe[data-settled=true]").wait_for()
            assert (violations(reviewer), fits(reviewer)) == ([], True)
        page.keyboard.press("Control+Enter")
    reviewer.sees("Reject · It is no wish.")
    reviewer.click("Hand in 3 answers")
    page.locator(".done").wait_for()

    requester.page.get_by_role("cell", name="0 accept, 1 reject").wait_for()
    assert violations(requester) == []
    requester.open(f"/review/{batch_id}")
    requester.sees("A decision that waits for signatures")
    requester.click("Sign")
    requester.page.locator("[data-state=confirmed]").wait_for()
    requester.open(f"/requests/{batch_id}")
    requester.sees("2 of 3 paid")
    worker.open("/rejections")
    worker.sees("1 of 1 drawn reviewers: It is no wish.")


def test_a_review_batch_that_is_not_what_was_asked_is_not_offered_for_funding(visit: Callable[..., Visitor]) -> None:
    requester = visit()
    with_money(requester)
    funded(requester)
    requester.page.get_by_role("radio", name="Anybody").check()
    lies = list(LIES)
    lying(requester, "**/review-batch", lies)
    while lies:
        requester.page.locator(".notice.bad").wait_for(state="detached")
        requester.click("See what it costs")
        requester.sees(TOLD)
        lies.pop(0)
        requester.page.reload()
        requester.page.get_by_role("radio", name="Anybody").check()
    requester.click("See what it costs")
    requester.page.get_by_role("button", name="Sign and fund").wait_for()


def test_a_draw_that_cannot_decide_is_told_before_anything_is_drafted(visit: Callable[..., Visitor]) -> None:
    requester = visit()
    drafted(requester, reviewers=4, quorum=2, most=5)
    requester.sees("Reviewers by draw: more than half must agree")
    assert requester.page.get_by_role("button", name="Go on", exact=True).is_disabled()
    assert violations(requester) == []


def test_a_reviewer_enrols_and_leaves_in_arabic_in_the_dark(visit: Callable[..., Visitor]) -> None:
    requester, reviewer = visit(), visit(locale="ar", viewport=PHONE, color_scheme="dark")
    with_money(requester)
    batch_id = funded(requester)
    reviewers_paid(requester)
    enrolled(reviewer, batch_id)
    reviewer.page.locator(".offer button.small:not(.primary)").click()
    reviewer.page.locator(".offer button.small.primary").wait_for()
    reviewer.open("/review")
    reviewer.page.locator(".item button").first.wait_for()
    assert (violations(reviewer), fits(reviewer)) == ([], True)
