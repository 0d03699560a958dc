"""Debian's Chromium, driven by Playwright: one browser for all tests, a fresh profile for each."""

from __future__ import annotations

import os
import shutil
from collections import deque
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
_REPORT_MILLISECONDS = 5_000
_MOST_ANSWERS, _MOST_WORDS = 25, 40
_PAGE = """body => ({
  states: [...document.querySelectorAll('[data-state], [data-lost], [data-late], [role=alert], [aria-busy=true]')]
    .map(each => `${each.getAttribute('data-state') ?? each.getAttribute('role') ?? 'notice'}: ${each.innerText}`),
  buttons: [...document.querySelectorAll('button')]
    .map(each => `${each.innerText}${each.disabled ? ' (disabled)' : ''}`),
  text: body.innerText,
})"""


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
    """One person's window. It counts clicks, keeps what the page logged as an error, and can tell what it shows."""

    def __init__(self, browser: Any, gateway_url: str, **how: Any) -> None:
        self.context = browser.new_context(base_url=gateway_url, **({"locale": "en-GB"} | how))
        self.context.set_default_timeout(PATIENCE_MILLISECONDS)
        self.page = self.context.new_page()
        self.clicks = 0
        self.errors: list[str] = []
        self._words: deque[str] = deque(maxlen=_MOST_WORDS)
        self._asked: deque[Any] = deque(maxlen=_MOST_ANSWERS)
        self.page.on("pageerror", self._note_error)
        self.page.on("console", self._note)
        self.page.on("request", self._note_request)

    def _note_error(self, error: Any) -> None:
        self.errors.append(str(error))
        self._words.append(f"uncaught: {error}")

    def _note(self, message: Any) -> None:
        said = f"{message.text} {message.location.get('url', '')}"
        self._words.append(f"{message.type}: {said}")
        if message.type == "error":
            self.errors.append(said)

    def _note_request(self, request: Any) -> None:
        if "/v1/" in request.url:
            self._asked.append(request)

    def report(self) -> str:
        """The window's address, states of calls, buttons and text, its console, and the gateway's last answers.

        Lists are copied first: while the browser is asked, it goes on telling.
        """
        return "\n".join((self.page.url, *self._shown(), "--- console", *list(self._words), *self._answers()))

    def _shown(self) -> list[str]:
        try:
            shown = self.page.locator("body").evaluate(_PAGE, timeout=_REPORT_MILLISECONDS)
        except Exception as error:  # a page that hangs is a finding, too
            return [f"--- the page does not tell what it shows: {error}"]
        buttons = " | ".join(shown["buttons"])
        return ["--- states", *shown["states"], "--- buttons", buttons, "--- text", shown["text"]]

    def _answers(self) -> list[str]:
        return ["--- the gateway's last answers", *(_answer_to(request) for request in list(self._asked))]

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


def _answer_to(request: Any) -> str:
    """One line: status and, of a refusal, its words; no answer has no status."""
    asked = f"{request.method} {request.url.partition('/v1/')[2]}"
    if request.failure:
        return f"{asked}: {request.failure}"
    if request.timing["responseStart"] < 0:
        return f"{asked}: no answer yet"
    answer = request.response()
    if answer.status < 400:
        return f"{asked}: {answer.status}"
    try:
        return f"{asked}: {answer.status} {answer.text()}"
    except Exception as error:
        return f"{asked}: {answer.status} ({error})"
