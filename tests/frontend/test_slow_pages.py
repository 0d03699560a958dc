"""What a person does on a slow device before the page is ready is not lost, and the page says what it waits for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scripts.crowd.wallet import Node
from tests.frontend.browser import Visitor
from tests.frontend.funded import Requester, cats
from tests.frontend.injected import NAME, InjectedWallet
from tests.frontend.test_requester import typed

pytestmark = pytest.mark.slow

TEST_WALLET = "**/burnerProvider*"
"""What the page loads before it can ask the test wallet anything."""
HOLDS_WISHES = """
const Plain = Worker
window.held = []
window.Worker = class extends Plain {
  postMessage(message) {
    const post = () => super.postMessage(message)
    if (message.wish.do === window.holds) window.held.push(post)
    else post()
  }
}
"""
"""What the page asks its table's worker is held, as if the worker were slow, while `holds` names that wish."""
RELEASE = "window.holds = undefined; for (const post of window.held.splice(0)) post()"
COUNTS_CONNECTIONS = """() => {
  window.connections = 0
  const plain = Storage.prototype.setItem
  Storage.prototype.setItem = function (name, value) {
    if (name === 'wagmi.store') window.connections += 1
    return plain.call(this, name, value)
  }
}"""
"""wagmi keeps each state of its connections, also that it looks for one."""


def signed_in(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.click("Start with a test wallet")
    visitor.page.locator(".offer .primary").wait_for()


def release(held: list[Any]) -> None:
    assert held, "nothing was held: the page asked for it before"
    for route in held:
        route.continue_()


def test_a_signature_asked_for_before_the_wallet_was_found_again_waits_for_it(visit: Callable[..., Visitor]) -> None:
    page = (worker := visit()).page
    signed_in(worker)
    held: list[Any] = []
    page.route(TEST_WALLET, lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks the handler
    page.reload()
    page.locator(".offer .primary").click()
    page.locator("[data-state=wallet]").wait_for()
    worker.sees("Open it if it does not come up by itself.")
    release(held)
    page.wait_for_url("**/tasks/0x*")


def test_who_signs_in_before_the_wallet_was_found_again_is_signed_in(visit: Callable[..., Visitor]) -> None:
    page = (worker := visit()).page
    signed_in(worker)
    page.evaluate("localStorage.removeItem('piecework.session')")
    held: list[Any] = []
    page.route(TEST_WALLET, lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks the handler
    page.reload()
    worker.click("Start with a test wallet")
    page.locator("[data-state=pending]").wait_for()
    release(held)
    page.locator(".offer .primary").wait_for()


def test_fresh_facts_of_the_chain_do_not_take_the_wallet_away_to_look_for_it_again(
    visit: Callable[..., Visitor],
) -> None:
    page = (worker := visit()).page
    worker.open("/wallet")
    worker.click("Start with a test wallet")
    faucet = page.get_by_role("button", name="Give me")
    faucet.wait_for()
    page.evaluate(COUNTS_CONNECTIONS)
    finished: list[str] = []
    page.on("requestfinished", lambda request: finished.append(request.url.partition("/v1/")[2]))
    faucet.click()
    page.locator("[data-state=confirmed]").wait_for()
    last = max(place for place, asked in enumerate(finished) if asked.startswith("intents/"))
    while "chain" not in finished[last:]:
        page.evaluate("new Promise(requestAnimationFrame)")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("window.connections") == 0


def test_a_press_that_a_new_check_overtakes_still_goes_on(visit: Callable[..., Visitor]) -> None:
    page = (requester := visit()).page
    held: list[Any] = []
    page.route("**/answer-schema", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks the handler
    page.add_init_script(HOLDS_WISHES)
    with page.expect_request("**/answer-schema"):
        typed(requester)
    requester.sees("3 rows read")
    requester.click("Go on")
    requester.sees("3 tasks fit.")
    page.evaluate("window.holds = 'check'")
    page.get_by_role("button", name="Go on", exact=True).hover()
    page.mouse.down()
    with page.expect_response("**/answer-schema"):
        release(held)
    while page.evaluate("window.held.length") == 0:
        page.evaluate("new Promise(requestAnimationFrame)")
    page.mouse.up()
    requester.sees("Checking your tasks")
    page.evaluate(RELEASE)
    page.get_by_label("Title").wait_for()


def test_rows_that_are_typed_faster_than_they_are_read_stand_in_their_field(visit: Callable[..., Visitor]) -> None:
    page = (requester := visit()).page
    page.add_init_script(HOLDS_WISHES)
    requester.open("/requests/new")
    page.get_by_text("Choose one", exact=True).click()
    page.evaluate("window.holds = 'read'")
    field = page.locator("textarea.csv")
    field.focus()
    page.keyboard.type("id,text\na,b")
    assert field.input_value() == "id,text\na,b"
    page.evaluate(RELEASE)
    requester.sees("1 row read")
    requester.click("Go on")
    requester.sees("1 task fits.")


def test_who_opens_a_batch_right_after_typing_a_search_comes_to_the_batch(visit: Callable[..., Visitor]) -> None:
    page = (auditor := visit()).page
    auditor.open("/audit")
    batch = page.locator(".item h3 a").first
    batch.wait_for()
    held: list[Any] = []
    page.route("**/AuditBatch*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks the handler
    with page.expect_request("**/AuditBatch*"):
        page.get_by_label("Words in title or instructions").fill("a")
        batch.click()
    page.evaluate("new Promise(done => setTimeout(done, 400))")  # the search that was typed is looked for after 300
    release(held)
    page.wait_for_url("**/audit/0x*")
    page.get_by_role("button", name="Rejections", exact=True).wait_for()


def test_a_reviewers_last_buttons_wait_for_what_could_move_them(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], node: Node, requester: Requester
) -> None:
    batch_id = requester.fund("choice", {"text": "a cat"}, options={"choices": ["cat", "dog"]})
    cats(stack_up, batch_id)
    page = (reviewer := visit()).page
    InjectedWallet(reviewer, node, chain_id=stack_up["chain_id"], wallet=requester.api.wallet)
    held: list[Any] = []
    page.route("**/v1/signals/batches/*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks the handler
    reviewer.open(f"/review/{batch_id}")
    reviewer.click(f"Continue with {NAME}")
    page.locator(".task-frame[data-settled=true]").wait_for()
    rest = page.get_by_role("button", name="Accept the 1 that is left", exact=True)
    assert rest.is_disabled(), "what looks odd about an answer is told above it"
    release(held)
    rest.click()
    reviewer.sees("Sign 1 decision")
