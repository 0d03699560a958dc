"""A juror's whole way: an open case with hostile words in it, a secret vote, the reveal, the ruling, and the fee."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from scripts.crowd.api import Api
from tests.e2e.running import until
from tests.frontend.browser import Visitor
from tests.frontend.staged import Staged, keys_of, staged_dispute
from tests.frontend.test_pages import PHONE, fits, violations

pytestmark = pytest.mark.slow


def juror_of(visit: Callable[..., Visitor], facts: dict[str, Any], **how: Any) -> Visitor:
    """A window whose test wallet is the first juror's key."""
    found = visit(**how)
    key = keys_of(facts)["juror1"]
    # It runs in the closed frames of task content too, which have no storage.
    found.context.add_init_script(f"if (origin !== 'null') localStorage.setItem('piecework.test-wallet', '{key}')")
    return found


def case_of(juror: Visitor, staged: Staged) -> Any:
    """The way to the case in the list, for a juror who has signed in."""
    juror.open("/jury")
    juror.click("Start with a test wallet")
    link = juror.page.locator(f"a[href='/jury/{staged.dispute_id}']")
    link.wait_for()
    return link


def test_the_button_to_vote_comes_when_all_evidence_has_its_place(
    visit: Callable[..., Visitor], stack_up: dict[str, Any]
) -> None:
    """While one frame is held back there is nothing to click that could move; then what stands there stays."""
    staged = staged_dispute(stack_up)
    juror, held = juror_of(visit, stack_up), list[Any]()
    case = case_of(juror, staged)
    juror.context.route("**/frame.html", lambda route: route.continue_() if held else held.append(route))
    case.click()
    juror.page.locator("iframe[data-settled=true]").nth(1).wait_for()
    ballot = juror.page.get_by_role("button", name="2 are right")
    assert (juror.page.locator("iframe").count(), ballot.count()) == (3, 0)
    held[0].continue_()
    ballot.wait_for()
    place = ballot.bounding_box()
    juror.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert ballot.bounding_box() == place


def test_a_juror_votes_also_where_the_tasks_cannot_be_had(
    visit: Callable[..., Visitor], stack_up: dict[str, Any]
) -> None:
    """Whoever keeps the manifest back must not keep the jury from voting."""
    staged = staged_dispute(stack_up)
    juror = juror_of(visit, stack_up)
    case = case_of(juror, staged)
    gone = {"type": "about:blank", "title": "Gone", "status": 404, "code": "payload_missing", "detail": "nobody has it"}
    juror.context.route("**/v1/batches/*/manifest", lambda route: route.fulfill(status=404, json=gone))
    case.click()
    juror.page.get_by_role("button", name="2 are right").wait_for()
    juror.expected_errors("404")


@pytest.mark.parametrize("held", ["**/frame.html", "**/v1/batches/*/manifest"], ids=["frame", "manifest"])
def test_a_juror_votes_also_where_evidence_never_finishes_loading(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], held: str
) -> None:
    """Neither an answer nor an error comes. The clock is the browser's own, and set ahead."""
    staged = staged_dispute(stack_up)
    juror = juror_of(visit, stack_up)
    case = case_of(juror, staged)
    routes: list[Any] = []
    juror.context.route(held, lambda route: routes.append(route))  # noqa: PLW0108 - Playwright marks the handler
    juror.page.clock.install()
    case.click()
    juror.page.get_by_role("heading", name="What the worker says").wait_for()
    until(lambda: juror.page.evaluate("true") and routes, "the held request was made")
    ballot = juror.page.get_by_role("button", name="2 are right")
    assert ballot.count() == 0
    juror.page.clock.run_for(21_000)
    ballot.wait_for()
    if held.endswith("frame.html"):
        juror.page.locator("[data-late]").first.wait_for()
    for route in routes:
        route.abort()
    juror.errors.clear()


def test_a_juror_votes_in_secret_shows_the_vote_and_takes_the_fee(
    visit: Callable[..., Visitor], stack_up: dict[str, Any]
) -> None:
    staged = staged_dispute(stack_up)
    juror = juror_of(visit, stack_up, viewport=PHONE)
    case_of(juror, staged).click()
    juror.page.frame_locator("iframe").first.get_by_text("looks wrong to me").wait_for()
    assert juror.page.evaluate("window.owned") is None
    juror.click("2 are right")
    assert (violations(juror), fits(juror)) == ([], True)
    juror.click("Vote in secret")
    juror.sees("You have voted.")
    with closing(Api(stack_up["gateway_url"])) as api:
        seen = api.get(f"/v1/disputes/{staged.dispute_id}")["case"]
    assert (seen["commits"], seen["votes"]) == (1, {}), "nobody can read the vote yet"
    for other in staged.others:
        other.commit(staged.dispute_id)
    juror.click("Show my vote")
    juror.sees("Your vote is public.")
    for other in staged.others:
        other.reveal(staged.dispute_id)
    juror.sees("The jury has ruled.")
    juror.sees("2 of 2 answers are paid.")
    juror.open("/jury")
    juror.click("Withdraw")
    juror.page.locator("[data-state=confirmed]").wait_for()


def test_a_vote_that_this_browser_lost_is_shown_from_its_copy(
    visit: Callable[..., Visitor], stack_up: dict[str, Any]
) -> None:
    """And a copy with another salt is refused by the panel, in words."""
    staged = staged_dispute(stack_up)
    juror = juror_of(visit, stack_up)
    case_of(juror, staged).click()
    juror.click("1 is right")
    juror.click("Vote in secret")
    juror.sees("You have voted.")
    juror.page.get_by_text("Copy of your vote").click()
    copy = juror.page.locator("details code").inner_text()
    for other in staged.others:
        other.commit(staged.dispute_id)
    juror.page.evaluate("for (const k of Object.keys(localStorage)) if (/vote:/.test(k)) localStorage.removeItem(k)")
    juror.page.reload()
    paste = juror.page.get_by_label("This browser does not have your vote.")
    paste.fill(copy.replace("0x", "0x0123456789abcdef")[:-18] + copy[-2:])
    juror.click("Show my vote")
    juror.page.locator("[data-state=failed]").wait_for()
    juror.expected_errors("/reveal")
    paste.fill(copy)
    juror.click("Show my vote")
    juror.sees("Your vote is public.")
