"""Ways through the app, with a picture at each stop. What is clicked is found by its place, so any language will do."""

from __future__ import annotations

import re

from tests.frontend.browser import Visitor
from tests.frontend.staged import Staged
from tools.screenshots.camera import Camera
from tools.screenshots.people import Stage

EMPTY = {
    "empty-rejections": "/rejections",
    "empty-requests": "/requests",
    "empty-lists": "/requests/lists",
    "empty-messages": "/messages",
    "empty-revisions": "/revisions",
    "empty-review": "/review",
    "empty-review-record": "/review/record",
    "empty-jury": "/jury",
    "wallet": "/wallet",
    "not-found": "/nothing",
}
"""Pages as somebody sees them who has just come."""
TABLE = """id,text
review-1,"The kettle boils fast, but the lid broke within a week."
review-2,Third pair that I own. I would not wear anything else.
review-3,The colour is not the one in the picture.
"""


def newcomer(camera: Camera) -> None:
    """From the first page to a payment, and all pages on which nothing stands yet."""
    visitor = camera.window()
    page = visitor.page
    camera.open(visitor, "/", ".list .item", "start")
    page.locator(".signin .primary").click()
    page.locator(".offer .primary").wait_for()
    camera.take(visitor, "work")
    page.locator(".offer .primary").click()
    page.frame_locator("iframe").locator("main p").first.wait_for()
    camera.take(visitor, "task")
    page.keyboard.press("1")
    page.keyboard.press("2")
    page.locator(".answers-list").wait_for()
    camera.take(visitor, "last-look")
    page.locator(".bench .primary").click()
    page.locator(".done").wait_for()
    camera.take(visitor, "handed-in")
    visitor.open("/earnings")
    page.locator(".figure.main .primary").click()
    page.locator("[data-state=confirmed]").wait_for()
    camera.open(visitor, "/earnings", "td", "earnings")
    for title, path in EMPTY.items():
        camera.open(visitor, path, "h1", title)
    visitor.close()


def troubles(camera: Camera) -> None:
    """A browser without a network, a gateway that fails, and one that does not answer."""
    visitor = camera.window()
    visitor.open("/")
    visitor.page.locator(".list .item").first.wait_for()
    visitor.context.set_offline(True)
    visitor.page.locator("main > .notice").first.wait_for()
    camera.take(visitor, "offline")
    visitor.context.set_offline(False)
    broken = {"status": 500, "json": {"code": "internal", "detail": "Something broke in the gateway. Try again."}}
    visitor.page.route("**/v1/audit/**", lambda route: route.fulfill(**broken))
    visitor.page.route("**/v1/batches?*", lambda route: route.fulfill(**broken))
    camera.open(visitor, "/audit", "main .notice.bad", "failed")
    visitor.page.unroute_all()
    visitor.open("/")
    visitor.page.locator(".list .item").first.wait_for()
    visitor.page.route("**/v1/**", lambda route: route.abort())
    visitor.page.locator("nav a[href='/audit']").click()
    visitor.page.locator("[data-lost=gateway]").wait_for()
    camera.take(visitor, "gateway-lost")
    visitor.close()


def task_types(camera: Camera, batches: dict[str, str]) -> None:
    """The work screen of each task type, before it is answered."""
    visitor = camera.window()
    page = visitor.page
    visitor.open("/")
    page.locator(".signin .primary").click()
    page.locator(".offer .primary").wait_for()
    for kind, batch_id in batches.items():
        visitor.open(f"/tasks/{batch_id}")
        page.locator(".offer .primary").click()
        page.locator(".bench .task").wait_for()
        if kind == "boxes":
            page.locator(".picture-boxes").wait_for()
            page.keyboard.press("n")
        elif kind == "file":
            page.locator("input[type=file]").wait_for(state="attached")
        camera.take(visitor, f"task-{kind.replace('_', '-')}")
    visitor.close()


def requester(camera: Camera, stage: Stage) -> None:
    """Lists, batches, what waits for a decision, and a thread: of the requester who was busy before."""
    visitor, worker = camera.window(stage.requester.key), stage.worker.address
    page = visitor.page
    camera.open(visitor, "/requests", ".row-title", "requests")
    visitor.open(f"/requests/{stage.done}")
    page.locator(".bars").first.wait_for()
    page.locator("section .table").nth(2).wait_for()
    camera.take(visitor, "batch")
    camera.open(visitor, f"/requests/{stage.drawn}", "td", "batch-drawn")
    camera.open(visitor, "/requests/lists", ".row-title", "lists")
    camera.open(visitor, f"/requests/lists/{stage.pool}", "td", "list")
    camera.open(visitor, "/review", ".row-title", "review")
    visitor.open(f"/review/{stage.waiting}")
    page.locator(".answered").first.wait_for()
    camera.take(visitor, "review-desk")
    page.keyboard.press("r")
    page.locator("textarea").wait_for()
    camera.take(visitor, "review-reject")
    camera.open(visitor, "/review/record", ".figures", "review-record")
    camera.open(visitor, "/messages", ".list .item", "messages")
    camera.open(visitor, f"/messages/{stage.done}/{worker}", ".thread .said", "thread")
    visitor.close()


def worker(camera: Camera, stage: Stage) -> None:
    """Somebody who worked for that requester: pay, a rejection, questions, a public record."""
    visitor = camera.window(stage.worker.key)
    camera.open(visitor, "/earnings", "td", "earnings-worker")
    camera.open(visitor, f"/tasks/{stage.done}", ".beside-work", "batch-of-worker")
    camera.open(visitor, "/rejections", ".list .item, .card", "rejections")
    camera.open(visitor, "/revisions", ".row-title", "revisions")
    camera.open(visitor, f"/revisions/{stage.revision}", ".card .primary", "revision")
    camera.open(visitor, f"/audit/accounts/{stage.worker.address}", ".said, .stars", "audit-account")
    visitor.close()


def judge(camera: Camera, stage: Stage) -> None:
    """Somebody who was drawn to judge answers."""
    visitor = camera.window(stage.judge.key)
    camera.open(visitor, "/review", ".row-title", "review-drawn")
    camera.open(visitor, f"/tasks/{stage.review_batch}", ".offer, .bench .task", "review-of-drawn")
    visitor.close()


def juror(camera: Camera, staged: Staged, key: str) -> None:
    """An open case that waits for this juror's vote."""
    visitor = camera.window(key)
    camera.open(visitor, "/jury", ".list .item", "jury")
    visitor.open(f"/jury/{staged.dispute_id}")
    visitor.page.frame_locator("iframe").first.locator("main p").first.wait_for()
    visitor.page.locator("fieldset").first.wait_for()
    camera.take(visitor, "jury-case")
    visitor.close()


def auditor(camera: Camera, staged: Staged) -> None:
    """The escrow, and a batch that was verified; nobody is signed in."""
    visitor = camera.window()
    page = visitor.page
    visitor.open("/audit")
    page.locator(".sum").first.wait_for()
    camera.open(visitor, "/audit", ".list .item", "audit")
    visitor.open(f"/audit/{staged.batch_id}")
    page.locator(".verify .primary").click()
    page.locator("[data-verified]").wait_for()
    page.locator("td").first.wait_for()
    camera.take(visitor, "audit-batch")
    visitor.close()


def new_batch(camera: Camera) -> None:
    """Five steps from a table to a funded batch."""
    visitor = camera.window()
    page = visitor.page
    visitor.open("/wallet")
    page.locator(".signin .primary").click()
    page.locator("main .card").nth(1).locator("button").click()
    page.locator("[data-state=confirmed]").first.wait_for()
    visitor.open("/requests/new")
    page.locator(".kinds input").first.check()
    page.locator("textarea.csv").fill(TABLE)
    page.locator(".steps.confirmed").wait_for()
    camera.take(visitor, "new-1-tasks")
    go_on(visitor, 2)
    page.locator(".steps.confirmed").wait_for()
    camera.take(visitor, "new-2-columns")
    go_on(visitor, 3)
    for field, text in enumerate(
        (
            "Would this customer buy again?",
            "Choose yes or no by what the review says of the thing itself, unclear if it says too little.",
            "yes\nno\nunclear",
        )
    ):
        page.locator(".beside .card").first.locator("input, textarea").nth(field).fill(text)
    page.locator(".preview .answer", has_text="unclear").wait_for()
    page.frame_locator("iframe").locator("main p").first.wait_for()
    camera.take(visitor, "new-3-instructions")
    go_on(visitor, 4)
    for field, text in enumerate(("0.05", "20", "3")):
        page.locator(".beside .card").first.locator("input").nth(field).fill(text)
    page.locator(".bill .total").first.wait_for()
    camera.take(visitor, "new-4-pay")
    go_on(visitor, 5)
    page.locator(".beside .card .primary").wait_for()
    camera.take(visitor, "new-5-fund")
    page.locator(".beside .card .primary").click()
    page.wait_for_url(re.compile("/requests/0x"))
    page.locator(".card progress").wait_for()
    camera.take(visitor, "batch-new")
    visitor.close()


def go_on(visitor: Visitor, step: int) -> None:
    visitor.page.locator(".step-ends .primary:enabled").click()
    visitor.page.wait_for_url(re.compile(f"step={step}"))
