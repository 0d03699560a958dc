"""Every page in real Chromium: axe finds nothing, nothing is wider than the screen, languages turn the page round."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Error

from scripts.crowd.practice import TITLE
from tests.e2e.running import until
from tests.frontend.browser import Visitor

pytestmark = pytest.mark.slow

AXE = Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
RUN_AXE = f"""axe.run(document, {json.dumps(RULES)}).then(({{ violations }}) =>
  violations.map(({{ id, nodes }}) => `${{id}}: ${{nodes[0].html.slice(0, 200)}}`))"""
"""What it found right of a page would be most of the answer, and of the time."""
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


def violations(visitor: Visitor) -> list[str]:
    """What axe says of the page, the task's frame included: rule and first place."""
    for frame in visitor.page.frames:
        try:
            if not frame.evaluate("'axe' in window"):
                frame.evaluate(AXE.read_text())
        except Error:
            if not frame.is_detached():  # a task's frame that was left meanwhile is no part of the page
                raise
    return [str(found) for found in visitor.page.evaluate(RUN_AXE)]


def fits(visitor: Visitor) -> bool:
    """Nothing reaches beyond the screen, nor beyond the card that it stands in."""
    cards = "[...document.querySelectorAll('.card')].every(card => card.scrollWidth <= card.clientWidth)"
    return bool(visitor.page.evaluate(f"document.documentElement.scrollWidth <= innerWidth && {cards}"))


def batch_of(facts: dict[str, Any]) -> str:
    """The practice batch; other tests' batches are newer."""

    def first() -> Any:
        found = httpx2.get(f"{facts['gateway_url']}/v1/batches", params={"status": "open", "q": "practice"})
        return [each for each in found.json()["items"] if each["title"] == TITLE]

    return str(until(first, "the practice batch is open")[0]["batch_id"])


def signed_in(visitor: Visitor) -> None:
    """Signs in with a test wallet; the button that takes tasks shows that it worked."""
    visitor.open("/")
    visitor.page.locator(".signin .primary").click()
    visitor.page.locator(".offer .primary").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_on_any_page_and_nothing_is_wider_than_the_screen(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], screen: dict[str, int], theme: str
) -> None:
    batch = batch_of(stack_up)
    visitor = visit(viewport=screen, color_scheme=theme)
    visitor.open("/")
    visitor.sees("Start with a test wallet")
    assert (violations(visitor), fits(visitor)) == ([], True)
    signed_in(visitor)
    for path, heading in (
        ("/", "Your next task"),
        (f"/tasks/{batch}", TITLE),
        ("/earnings", "No payments yet"),
        ("/rejections", "No rejections"),
        ("/requests", "No batches yet"),
        ("/requests/lists", "No lists yet"),
        ("/messages", "No messages yet"),
        ("/revisions", "Nobody asked for a better answer"),
        ("/review", "Nothing to review"),
        ("/review/record", "None tested yet"),
        ("/wallet", "Test money"),
        ("/audit", None),
        (f"/audit/{batch}", "BatchOpened"),
        ("/jury", "You are not a juror here"),
        ("/nothing", "There is no such page"),
    ):
        visitor.open(path)
        if heading is None:  # other tests' batches are newer than the practice batch, and fill the first page
            visitor.page.locator("main a[href^='/audit/0x']").first.wait_for()
        else:
            visitor.sees(heading)
        assert (path, violations(visitor), fits(visitor)) == (path, [], True)
    visitor.open(f"/tasks/{batch}")
    visitor.page.locator(".offer .primary").click()
    visitor.page.frame_locator("iframe").locator("main p").first.wait_for()
    assert (violations(visitor), fits(visitor)) == ([], True)


def test_what_reaches_beyond_its_card_would_be_found(visit: Callable[..., Visitor]) -> None:
    visitor = visit(viewport=PHONE)
    visitor.open("/")
    visitor.sees("Start with a test wallet")
    assert fits(visitor)
    visitor.page.evaluate("document.querySelector('.card p').style.width = '120%'")
    assert not fits(visitor)


def test_each_page_has_a_title_of_its_own_and_a_stranger_sees_what_an_hour_pays(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.open("/")
    visitor.page.locator(".list .item .pay", has_text="an hour").first.wait_for()
    titles = []
    for link in ("Work", "Earnings", "Rejections", "Requests", "Review", "Jury", "Audit"):
        visitor.click(link, role="link")
        visitor.page.locator("nav a.active", has_text=link).wait_for()
        titles.append(visitor.page.title())
    assert titles[0] == "Piecework: small tasks, paid on chain"
    assert titles[1:] == [
        f"{name} · Piecework" for name in ("Earnings", "Rejections", "Requests", "Review", "Jury", "Audit")
    ]


def test_axe_would_find_a_planted_fault(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.open("/")
    visitor.sees("Start with a test wallet")
    visitor.page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<button></button>')")

    assert [found.partition(":")[0] for found in violations(visitor)] == ["button-name"]


def test_the_whole_way_can_be_gone_by_keyboard_from_right_to_left_on_a_phone(visit: Callable[..., Visitor]) -> None:
    """In Arabic: sign in, answer with the keys 1 and 2, take one answer back, hand in, and find it in earnings."""
    worker = visit(viewport=PHONE, locale="ar")
    worker.open("/")
    worker.page.locator(".signin .primary").wait_for()
    assert worker.page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["ar", "rtl"]
    worker.page.locator(".signin .primary").press("Enter")
    worker.page.locator(".offer .primary").press("Enter")
    worker.page.frame_locator("iframe").locator("main p").first.wait_for()
    for key in ("1", "Backspace", "2", "3"):
        worker.page.keyboard.press(key)
    worker.page.locator(".answers-list").wait_for()
    answers = worker.page.locator(".answers-list span[dir=auto]").all_inner_texts()
    assert answers == ["a price", "a place"]
    assert fits(worker)
    worker.page.locator(".bench .primary").press("Enter")
    worker.page.locator(".done .primary").press("Enter")
    worker.page.locator(".figure.main .primary").press("Enter")
    worker.page.locator("[data-state=confirmed]").wait_for()
    assert fits(worker)
    assert violations(worker) == []


def test_a_language_that_is_chosen_is_kept_in_this_browser_alone(visit: Callable[..., Visitor]) -> None:
    reader, other = visit(), visit()
    reader.open("/")
    reader.page.locator("header select").select_option("es")
    reader.page.get_by_role("link", name="Ganancias").wait_for()
    for path in ("/", "/earnings"):
        reader.open(path)
        reader.page.get_by_role("link", name="Ganancias").wait_for()
        assert reader.page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["es", "ltr"]
        assert reader.page.get_by_role("link", name="Earnings").count() == 0
    other.open("/earnings")
    other.page.get_by_role("link", name="Earnings").wait_for()
    assert other.page.evaluate("document.documentElement.lang") == "en"
