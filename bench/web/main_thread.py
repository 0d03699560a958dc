"""What a worker's steps take of the page's main thread, beside a fixed loop in the same browser.

Counted by Chromium itself (Chrome DevTools Protocol, `Performance.getMetrics`, `TaskDuration` in thread ticks): CPU
time of the main thread in all of its tasks (scripts, styles, layout), not the time on the wall. A busy or
slow machine makes both counts longer, so their ratio is the machine's least.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

from tests.frontend.browser import Visitor

LOOP = """() => {
  let x = 1
  for (let i = 0; i < 3e7; i++) x = (Math.imul(x, 1664525) + 1013904223 + (x >>> 3)) | 0
  return x
}"""
"""The floor: thirty million rounds of whole-number arithmetic, which no browser leaves out: it gives a result."""

BUDGETS = {"first page": 6.0, "sign in": 5.0, "first task": 5.0, "next task": 0.6}
"""The most that each step may take, in times of the loop: about twice what was measured."""


class MainThread:
    """The meter of one page."""

    def __init__(self, page: Any) -> None:
        self._protocol = page.context.new_cdp_session(page)
        self._protocol.send("Performance.enable", {"timeDomain": "threadTicks"})

    def seconds(self, step: Callable[[], Any]) -> float:
        """CPU seconds of the main thread while `step` is done, which must not load another document."""
        before = self.since_loading()
        step()
        return self.since_loading() - before

    def since_loading(self) -> float:
        """CPU seconds of the main thread for this document: Chromium counts anew from each navigation."""
        metrics = self._protocol.send("Performance.getMetrics")["metrics"]
        return next(float(each["value"]) for each in metrics if each["name"] == "TaskDuration")


def once(visitor: Visitor) -> dict[str, float]:
    """Seconds of the loop (`floor`) and of each step that BUDGETS names, for one newcomer with a test wallet.

    The stack must have practice work with two tasks to take.
    """
    page, meter = visitor.page, MainThread(visitor.page)

    def sign_in() -> None:
        visitor.click("Start with a test wallet")
        page.locator(".offer .primary").wait_for()

    def take() -> None:
        visitor.click("Start 2 tasks")
        page.frame_locator("iframe").locator("main p").first.wait_for()

    def answer() -> None:
        page.keyboard.press("1")
        visitor.sees("Task 2 of 2")

    visitor.open("/healthz")
    floor = meter.seconds(lambda: page.evaluate(LOOP))
    visitor.open("/")
    page.locator(".signin .primary").wait_for()
    return {
        "floor": floor,
        "first page": meter.since_loading(),
        "sign in": meter.seconds(sign_in),
        "first task": meter.seconds(take),
        "next task": meter.seconds(answer),
    }


def measured(visit: Callable[[], Visitor], rounds: int) -> dict[str, float]:
    """The median of `rounds` newcomers for the floor (seconds) and of each step (times of its floor)."""
    found = [once(visit()) for _ in range(rounds)]
    steps = {name: statistics.median(each[name] / each["floor"] for each in found) for name in BUDGETS}
    return {"floor_seconds": statistics.median(each["floor"] for each in found), **steps}


def over_budget(found: dict[str, float]) -> dict[str, float]:
    """Those steps that took more than they may."""
    return {name: found[name] for name, most in BUDGETS.items() if found[name] > most}
