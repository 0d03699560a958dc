"""Writes a picture of every page of the web app at two widths and in both themes.

Run as `python -m tools.screenshots FOLDER`; it starts a stack with practice work, and needs Chromium.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from scripts.stack.running import running_stack
from tests.frontend.browser import Visitor, chromium, running_browser

SCREENS = {"desk": {"width": 1200, "height": 800}, "phone": {"width": 390, "height": 844}}
THEMES = ("light", "dark")
PAGES = {
    "earnings": "/earnings",
    "rejections": "/rejections",
    "requests": "/requests",
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
        for screen, size in SCREENS.items():
            for theme in THEMES:
                how: dict[str, Any] = {"viewport": size, "color_scheme": theme}
                visitor = Visitor(browser, facts["gateway_url"], **how)
                print(f"{tour(visitor, folder, f'{screen}-{theme}')} pictures: {screen}, {theme}", flush=True)
                visitor.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "out/screenshots")))
