"""Debian's Chromium, driven by Playwright: one browser for all tests, a fresh profile for each."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MILLISECONDS = 60_000
"""How long a wanted state may take on a loaded machine; nothing waits that long for its own sake."""


def chromium() -> str | None:
    """Where Chromium is: PIECEWORK_CHROMIUM, or the one on the PATH; None without one."""
    return os.environ.get("PIECEWORK_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def running_browser() -> Iterator[Any]:
    """Playwright's browser object."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """One person's window. It counts clicks, and keeps what the page logged as an error."""

    def __init__(self, browser: Any, gateway_url: str, **how: Any) -> None:
        self.context = browser.new_context(base_url=gateway_url, **({"locale": "en-GB"} | how))
        self.context.set_default_timeout(PATIENCE_MILLISECONDS)
        self.page = self.context.new_page()
        self.clicks = 0
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} {message.location.get('url', '')}")

    def open(self, path: str) -> None:
        self.page.goto(path)

    def click(self, name: str, role: str = "button", *, exact: bool = True) -> None:
        """Clicks what carries this name, once it can be clicked."""
        self.page.get_by_role(role, name=name, exact=exact).first.click()
        self.clicks += 1

    def sees(self, text: str) -> None:
        """Waits until the text is on the page."""
        self.page.get_by_text(text).first.wait_for()

    def expected_errors(self, part: str, *, least: int = 1) -> None:
        """All errors so far name `part`, and there are at least so many; they are then forgotten."""
        assert len(self.errors) >= least, self.errors
        assert [error for error in self.errors if part not in error] == []
        self.errors.clear()

    def shot(self, path: Path) -> None:
        self.page.screenshot(path=path, full_page=True)

    def close(self) -> None:
        self.context.close()
