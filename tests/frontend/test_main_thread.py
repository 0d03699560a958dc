"""A worker's steps keep their budget of the page's main thread."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench.web.main_thread import BUDGETS, measured, over_budget
from tests.frontend.browser import Visitor

pytestmark = pytest.mark.slow

BUSY = """{
  let x = 1
  const burn = () => { for (let i = 0; i < 3e8; i++) x = (Math.imul(x, 1664525) + 1013904223 + (x >>> 3)) | 0 }
  document.addEventListener('DOMContentLoaded', burn)
  document.addEventListener('keydown', burn)
}"""


def test_a_workers_steps_keep_their_budget_of_the_main_thread(
    visit: Callable[..., Visitor], tell: Callable[[str], None]
) -> None:
    found = measured(visit, rounds=3)

    tell(", ".join(f"{name} {found[name]:.2f} of {most}" for name, most in BUDGETS.items()) + " times of the loop")
    assert over_budget(found) == {}
    assert all(found[name] > 0 for name in BUDGETS)


def test_a_page_that_keeps_the_main_thread_busy_is_over_its_budget(visit: Callable[..., Visitor]) -> None:
    """The planted bug: a script that computes as much as ten loops after loading, and at each key."""

    def busy() -> Visitor:
        visitor = visit()
        visitor.page.add_init_script(BUSY)
        return visitor

    found = measured(busy, rounds=1)
    assert {"first page", "next task"} <= set(over_budget(found)), found
