"""Writes a picture of every page of the web app at two widths and in both themes.

Run as `python -m tools.screenshots FOLDER`; it starts a stack with practice work, and needs Chromium.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from scripts.stack.running import running_stack
from tests.frontend.browser import Visitor, chromium, running_browser
from tests.frontend.funded import Requester, picture, recording
from tests.frontend.staged import Staged, staged_dispute
from tests.frontend.test_requester import answered, paid, typed, with_money, worded
from tests.frontend.test_task_types import CASES

SCREENS = {"desk": {"width": 1200, "height": 800}, "phone": {"width": 390, "height": 844}}
THEMES = ("light", "dark")
PAGES = {
    "earnings": "/earnings",
    "rejections": "/rejections",
    "requests": "/requests",
    "lists": "/requests/lists",
    "messages": "/messages",
    "revisions": "/revisions",
    "review": "/review",
    "wallet": "/wallet",
    "not-found": "/nothing",
}


def tour(visitor: Visitor, folder: Path, name: str) -> int:
    """One person's way from the first page to a payment; returns how many pictures were written."""
    taken = 0

    def shot(page: str) -> None:
        nonlocal taken
        visitor.shot(folder / f"{page}-{name}.png")
        taken += 1

    page = visitor.page
    visitor.open("/")
    page.locator(".list .item").first.wait_for()
    shot("start")
    visitor.click("Start with a test wallet")
    page.locator(".offer .primary").wait_for()
    shot("work")
    page.locator(".offer .primary").click()
    page.frame_locator("iframe").locator("main p").first.wait_for()
    shot("task")
    page.keyboard.press("1")
    page.keyboard.press("2")
    page.locator(".answers-list").wait_for()
    shot("last-look")
    page.locator(".bench .primary").click()
    page.locator(".done").wait_for()
    shot("handed-in")
    visitor.open("/earnings")
    visitor.click("Pay out all")
    page.locator("[data-state=confirmed]").wait_for()
    for title, path in PAGES.items():
        visitor.open(path)
        page.locator("h1").first.wait_for()
        page.locator(".skeleton").first.wait_for(state="detached")
        shot(title)
    return taken


def task_types(requester: Requester) -> dict[str, str]:
    """A batch of each task type, with a task for each window; ids by type."""
    media = {"image": requester.api.upload(picture()), "audio": requester.api.upload(recording())}
    others = {
        "file": ({"question": "Send your notes of the meeting"}, {"media_types": ["text/plain"], "most_bytes": 1_000}),
        "external": ({"url": "https://study.example/search"}, {}),
    }
    shown = {kind: case[:2] for kind, case in CASES.items()} | others
    return {
        kind: requester.fund(
            kind,
            {name: media.get(value, value) if isinstance(value, str) else value for name, value in content.items()},
            answers_per_task=len(SCREENS) * len(THEMES),
            options=options,
        )
        for kind, (content, options) in shown.items()
    }


def task_tour(visitor: Visitor, folder: Path, name: str, batches: dict[str, str]) -> int:
    """The work screen of each task type, before it is answered."""
    page = visitor.page
    for kind, batch_id in batches.items():
        visitor.open(f"/tasks/{batch_id}")
        page.locator(".offer .primary").click()
        page.locator(".bench .task").wait_for()
        if kind == "boxes":
            page.locator(".picture-boxes").wait_for()
            page.keyboard.press("n")
        elif kind != "external":
            page.locator("[data-settled=true]").first.wait_for()
        visitor.shot(folder / f"task-{kind.replace('_', '-')}-{name}.png")
    return len(batches)


def requesting(visitor: Visitor, worker: Visitor, folder: Path, name: str) -> int:
    """A requester's way from a table to results, with somebody who does the work; how many pictures were written."""
    taken = 0

    def shot(page: str) -> None:
        nonlocal taken
        visitor.shot(folder / f"{page}-{name}.png")
        taken += 1

    page = visitor.page
    with_money(visitor)
    typed(visitor)
    visitor.sees("3 rows read")
    shot("new-1-tasks")
    visitor.click("Go on")
    visitor.sees("3 tasks fit.")
    shot("new-2-columns")
    visitor.open("/requests/new")
    worded(visitor)
    shot("new-3-instructions")
    paid(visitor)
    visitor.sees("Reward for 3 answers")
    shot("new-4-pay")
    visitor.click("Go on")
    page.get_by_role("button", name="Sign and fund").wait_for()
    shot("new-5-fund")
    visitor.click("Sign and fund")
    page.wait_for_url(re.compile("/requests/0x"))
    visitor.sees("0 of 3 paid")
    return taken + deciding(visitor, worker, folder, name)


def deciding(visitor: Visitor, worker: Visitor, folder: Path, name: str) -> int:
    """From a funded batch on: the answers, the decisions, and what comes of them."""
    taken, page = 0, visitor.page

    def shot(title: str) -> None:
        nonlocal taken
        visitor.shot(folder / f"{title}-{name}.png")
        taken += 1

    answered(worker, page.url.rpartition("/")[2])
    visitor.click("Look at 3 answers", role="link")
    page.frame_locator("iframe").locator("main p").first.wait_for()
    page.keyboard.press("a")
    visitor.sees("1 decided")
    shot("review-desk")
    page.keyboard.press("r")
    page.get_by_role("button", name="Reject with this reason").wait_for()
    shot("review-reject")
    page.keyboard.press("Escape")
    visitor.click("Accept the 2 that are left")
    visitor.click("Sign 3 decisions")
    page.locator("[data-state=confirmed]").wait_for()
    page.go_back()
    visitor.sees("3 of 3 paid")
    visitor.sees("Labels probably right")
    page.get_by_role("button", name="Give a bonus").first.click()
    page.get_by_label("Amount").fill("0.25")
    page.get_by_label("What it is for").fill("The most careful answers of all.")
    shot("batch")
    visitor.open("/review/record")
    page.locator(".figures").wait_for()
    shot("review-record")
    visitor.open("/requests")
    page.locator(".row-title").first.wait_for()
    shot("requests-list")
    return taken


def auditor_tour(visitor: Visitor, folder: Path, name: str, staged: Staged) -> int:
    """The escrow, a batch that was verified, a worker's record, and the case before the jurors."""
    page = visitor.page
    visitor.open("/audit")
    page.locator(".list .item").first.wait_for()
    page.locator(".sum").first.wait_for()
    visitor.shot(folder / f"audit-{name}.png")
    visitor.open(f"/audit/{staged.batch_id}")
    page.locator(".verify .primary").click()
    page.locator("[data-verified]").wait_for()
    page.locator("td").first.wait_for()
    visitor.shot(folder / f"audit-batch-{name}.png")
    visitor.open(f"/audit/accounts/{staged.worker}")
    page.locator("td").first.wait_for()
    visitor.shot(folder / f"audit-account-{name}.png")
    visitor.open(f"/jury/{staged.dispute_id}")
    page.frame_locator("iframe").first.locator("main p").first.wait_for()
    visitor.shot(folder / f"jury-case-{name}.png")
    visitor.open("/jury")
    page.locator("h1").first.wait_for()
    visitor.shot(folder / f"jury-{name}.png")
    return 5


def main(folder: Path) -> int:
    if chromium() is None:
        print("no Chromium on this machine: install Debian's chromium, or name one in PIECEWORK_CHROMIUM")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="piecework-") as data,
        running_browser() as browser,
        running_stack(Path(data), practice=True) as facts,
    ):
        staged, payer = staged_dispute(facts), Requester(facts)
        batches = task_types(payer)
        for screen, size in SCREENS.items():
            for theme in THEMES:
                how: dict[str, Any] = {"viewport": size, "color_scheme": theme}
                visitor = Visitor(browser, facts["gateway_url"], **how)
                name = f"{screen}-{theme}"
                taken = tour(visitor, folder, name) + auditor_tour(visitor, folder, name, staged)
                taken += task_tour(visitor, folder, name, batches)
                print(f"{taken} pictures: {screen}, {theme}", flush=True)
                visitor.close()
                requester, worker = (Visitor(browser, facts["gateway_url"], **how) for _ in range(2))
                print(f"{requesting(requester, worker, folder, f'{screen}-{theme}')} of a requester", flush=True)
                requester.close()
                worker.close()
        payer.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "out/screenshots")))
