"""A requester's whole way in real Chromium: from nothing to a funded batch, a decision, results and money back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.crowd.wallet import Node
from tests.frontend.browser import Visitor
from tests.frontend.test_pages import PHONE, fits, violations

pytestmark = pytest.mark.slow

ROWS = 'id,text\nn-1,"Come, now"\nn-2,Go away\nn-3,Maybe later\n'
COST_UNITS = 52_500
"""Of one answer: the reward, and the development stack's fee of five percent."""
LONGEST_MILLISECONDS = 1_000
"""How long the page may be deaf to its reader; on a quiet machine it was a twentieth of that."""


def with_money(visitor: Visitor) -> str:
    """Signs in with a test wallet, which the faucet fills; its address."""
    visitor.open("/wallet")
    visitor.click("Start with a test wallet")
    visitor.page.get_by_role("button", name=re.compile("Give me")).click()
    visitor.page.locator("[data-state=confirmed]").first.wait_for()
    kept = visitor.page.evaluate("JSON.parse(localStorage.getItem('piecework.session'))")
    return str(kept["address"])


def typed(visitor: Visitor, rows: str = ROWS) -> None:
    """Step one: choices about texts, with rows that are typed."""
    visitor.open("/requests/new")
    visitor.page.get_by_text("Choose one", exact=True).click()
    visitor.page.locator("textarea.csv").fill(rows)


def worded(visitor: Visitor) -> None:
    """Steps two and three."""
    visitor.sees("3 rows read")
    visitor.click("Go on")
    visitor.sees("3 tasks fit.")
    visitor.click("Go on")
    visitor.page.get_by_label("Title").fill("What does the note want?")
    visitor.page.get_by_label("Instructions", exact=True).fill("Say whether the note asks somebody to do something.")
    visitor.page.get_by_label("Choices").fill("yes\nno")
    visitor.page.frame_locator("iframe").get_by_text("Come, now").wait_for()
    visitor.page.get_by_role("button", name="1 yes").wait_for()


def paid(visitor: Visitor) -> None:
    """Step four."""
    visitor.click("Go on")
    visitor.page.get_by_label("Reward for one answer").fill("0.05")
    visitor.page.get_by_label("Seconds that one task takes").fill("20")
    visitor.page.get_by_label("Answers for each task").fill("1")


def funded(visitor: Visitor) -> str:
    """All five steps; the batch's id."""
    typed(visitor)
    worded(visitor)
    paid(visitor)
    visitor.click("Go on")
    visitor.click("Sign and fund")
    visitor.page.wait_for_url(re.compile("/requests/0x"))
    visitor.sees("0 of 3 paid")
    return str(visitor.page.url.rpartition("/")[2])


def answered(worker: Visitor, batch_id: str) -> None:
    """Another person does the whole batch."""
    worker.open("/wallet")
    worker.click("Start with a test wallet")
    worker.sees("Test money")
    worker.open(f"/tasks/{batch_id}")
    worker.click("Start 3 tasks")
    worker.page.frame_locator("iframe").locator("main p").first.wait_for()
    for _ in range(3):
        worker.page.keyboard.press("1")
    worker.click("Hand in 3 answers")
    worker.page.locator(".done").wait_for()


def test_from_nothing_to_a_funded_batch_its_results_and_the_rest_of_the_money(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], tmp_path: Path
) -> None:
    requester, worker = visit(), visit()
    address = with_money(requester)
    node = Node(stack_up["rpc_url"])
    before = node.tokens_of(stack_up["token"], address)
    batch_id = funded(requester)
    assert before - node.tokens_of(stack_up["token"], address) == 3 * COST_UNITS

    answered(worker, batch_id)
    requester.click("Look at 3 answers", role="link")
    requester.page.frame_locator("iframe").locator("main p").first.wait_for()
    assert violations(requester) == []
    page = requester.page
    page.evaluate("window.kept = document.querySelector('.desk iframe')")
    page.keyboard.press("a")
    requester.sees("1 decided")
    page.frame_locator("iframe").get_by_text("Go away").wait_for()
    assert page.evaluate("window.kept === document.querySelector('.desk iframe')"), "the frame stays between answers"
    page.keyboard.press("a")
    requester.sees("2 decided")
    page.reload()
    requester.sees("2 decided")
    requester.click("Sign 2 decisions")
    page.locator("[data-state=confirmed]").wait_for()
    requester.sees("Answer 1 of 1")

    requester.open(f"/requests/{batch_id}")
    requester.sees("2 of 3 paid")
    page.locator("section", has=page.get_by_role("heading", name="Results")).locator("tbody tr").nth(1).wait_for()
    with page.expect_download() as saved:
        requester.click("Save as JSON")
    saved.value.save_as(tmp_path / "results.json")
    labels = json.loads((tmp_path / "results.json").read_text())["labels"]
    assert {label["task"]: label["label"] for label in labels} == {"n-1": "yes", "n-2": "yes"}
    page.get_by_text("With tasks and judged answers, as files").click()
    for link, ending in (
        ("Tasks (CSV)", ".csv"),
        ("Answers (CSV)", ".answers.csv"),
        ("Tasks (JSON lines)", ".jsonl"),
        ("For Label Studio (JSON)", ".label-studio.json"),
        ("Label Studio’s interface (XML)", ".xml"),
        ("All your money in and out (CSV)", ".csv"),
    ):
        with page.expect_download() as exported:
            requester.click(link, role="link")
        exported.value.save_as(tmp_path / "exported")
        assert exported.value.suggested_filename.endswith(ending)
        assert (tmp_path / "exported").stat().st_size > 0
    assert violations(requester) == []
    node.close()


def test_what_nobody_took_comes_back_when_the_batch_is_closed(
    visit: Callable[..., Visitor], stack_up: dict[str, Any]
) -> None:
    requester = visit()
    address = with_money(requester)
    node = Node(stack_up["rpc_url"])
    before = node.tokens_of(stack_up["token"], address)
    batch_id = funded(requester)
    requester.click("Close the batch")
    requester.sees("In your account:")
    requester.sees("The batch gives out no more work.")
    requester.click("Take it out", role="link")
    requester.click("Pay out all")
    requester.sees("Paid to your wallet.")
    assert node.tokens_of(stack_up["token"], address) == before
    requester.open("/requests")
    requester.sees("What does the note want?")
    assert batch_id in str(requester.page.locator(".row-title a").first.get_attribute("href"))
    node.close()


def test_a_draft_survives_a_reload_and_a_bad_file_is_refused_with_line_and_column(
    visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    requester = visit()
    typed(requester)
    requester.sees("3 rows read")
    bad = tmp_path / "bad.csv"
    bad.write_text('id,text\na,fine\nb,"never closed\n')
    requester.page.locator("input[type=file]").set_input_files(bad)
    requester.sees("the tasks from before are still there")
    requester.sees("Line 3, column 2 (text):")
    assert violations(requester) == []
    worded(requester)
    paid(requester)
    requester.page.reload()
    assert requester.page.get_by_label("Reward for one answer").input_value() == "0.05"
    requester.sees("Reward for 3 answers")
    requester.page.get_by_label("Reward for one answer").fill("0.001")
    requester.sees("That is too little for an hour of work here.")
    requester.page.go_back()
    requester.page.get_by_label("Title").wait_for()
    assert requester.page.get_by_label("Title").input_value() == "What does the note want?"


def test_what_is_being_typed_stays_when_the_gateway_is_slow_to_say_how_tasks_are_answered(
    visit: Callable[..., Visitor],
) -> None:
    requester, page = (visitor := visit()), visitor.page
    typed(requester)
    requester.sees("3 rows read")
    requester.click("Go on")
    requester.click("Go on")
    held: list[Any] = []
    page.route("**/answer-schema", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks the handler
    title = page.get_by_label("Title")
    with page.expect_request(lambda request: "answer-schema" in request.url and "tell" in (request.post_data or "")):
        page.get_by_label("Choices").fill("ask\ntell")
    title.focus()
    page.keyboard.type("What does ")
    for each in held:  # on a slow machine the choices that stood there before are asked for as well
        each.continue_()
    page.get_by_role("button", name="1 ask").wait_for()
    page.keyboard.type("it want?")
    assert title.input_value() == "What does it want?"
    requester.sees("Step 3")


def test_known_answers_wait_for_the_choices_that_are_typed_after_them(visit: Callable[..., Visitor]) -> None:
    requester, page = (visitor := visit()), visitor.page
    typed(requester, 'id,text,known_answer\nn-1,"Come, now",ask\nn-2,Go away,\n')
    requester.sees("2 rows read")
    requester.click("Go on")
    requester.sees("2 tasks fit. 1")
    requester.click("Go on")
    page.get_by_label("Title").fill("What is it?")
    page.get_by_label("Instructions", exact=True).fill("Say whether it asks or tells.")
    page.get_by_label("Choices").fill("asks\ntells")
    requester.sees("the known answer “ask” is none of the choices.")
    go_on = page.get_by_role("button", name="Go on", exact=True)
    assert go_on.is_disabled()
    assert violations(requester) == []
    page.get_by_label("Choices").fill("ask\ntell")
    requester.click("Go on")
    page.get_by_label("Reward for one answer").wait_for()


def test_a_file_that_is_gone_when_it_is_read_is_told_and_the_tasks_before_it_stay(
    visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    requester, page = (visitor := visit()), visitor.page
    typed(requester)
    requester.sees("3 rows read")
    gone = tmp_path / "gone.csv"
    gone.write_text("id,text\na,b\n")
    page.evaluate(
        "document.addEventListener('change', event => event.stopImmediatePropagation(), { capture: true, once: true })"
    )
    chosen = page.locator("input[type=file]")
    chosen.set_input_files(gone)
    gone.unlink()
    chosen.dispatch_event("change")
    requester.sees("This file could not be read; the tasks from before are still there.")
    requester.sees("3 rows read")
    requester.click("Go on")
    requester.sees("3 tasks fit.")


def test_fifty_thousand_rows_do_not_freeze_the_page(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    large.write_text("id,text\n" + "".join(f"row-{n},note number {n} wants something\n" for n in range(50_000)))
    requester = visit()
    requester.open("/requests/new")
    requester.page.get_by_text("Choose one", exact=True).click()
    requester.page.evaluate(
        "window.longest = 0; new PerformanceObserver(list => { for (const entry of list.getEntries())"
        " window.longest = Math.max(window.longest, entry.duration) }).observe({ type: 'longtask' })"
    )
    requester.page.locator("input[type=file]").set_input_files(large)
    requester.sees("50,000 rows read")
    requester.click("Go on")
    requester.sees("50,000 tasks fit.")
    longest = requester.page.evaluate("window.longest")
    print(f"longest task of the page's thread: {longest} ms")
    assert longest < LONGEST_MILLISECONDS
    requester.page.reload()
    requester.sees("50,000 tasks fit.")


@pytest.mark.parametrize("language", ["es", "ar"])
def test_all_steps_fit_a_phone_in_the_dark_and_axe_finds_nothing(visit: Callable[..., Visitor], language: str) -> None:
    requester = visit(viewport=PHONE, color_scheme="dark", locale=language)
    requester.open("/requests/new")
    page = requester.page
    page.locator(".kinds input").first.check()
    page.locator(".card button").first.click()
    for step in (1, 2, 3, 4):
        page.locator("h2").first.wait_for()
        page.locator(".step-ends .primary:enabled").wait_for()
        assert (step, violations(requester), fits(requester)) == (step, [], True)
        page.locator(".step-ends .primary").click()
        page.wait_for_url(re.compile(f"step={step + 1}"))
    page.locator(".signin").wait_for()
    assert (violations(requester), fits(requester)) == ([], True)
