"""What was noticed in answers, as its worker and its reviewer meet it; what the gateway found is given by the test."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.frontend.browser import Visitor
from tests.frontend.test_pages import violations
from tests.frontend.test_requester import answered, funded, with_money

pytestmark = pytest.mark.slow

SEEN = "3 answers in 2 s: a page takes 4 s to read"


def test_a_worker_reads_what_was_noticed_and_a_reviewer_closes_it_with_a_reason(
    visit: Callable[..., Visitor],
) -> None:
    requester, worker = visit(), visit()
    with_money(requester)
    batch_id = funded(requester)
    answered(worker, batch_id)
    wallet = worker.page.evaluate("JSON.parse(localStorage.getItem('piecework.session')).address")
    found = {"signal": "too_fast", "seen": SEEN, "how_to_answer": "Tell the reviewer how you worked."}
    shown = {"batch_id": batch_id, "answers_looked_at": 3, "note": "", "how_to_contest": "", "tasks_at_a_time": 3}
    closed = {"signal": "random_answers", "seen": SEEN, "reason": "Read them all, they are fine.", "closed_at": 1.0}

    worker.page.route("**/own", lambda route: route.fulfill(json=shown | {"items": [found], "closed": [closed]}))
    worker.open(f"/tasks/{batch_id}")
    worker.sees("Something in your answers was noticed")
    worker.sees("tasks of this batch at a time: 3.")
    worker.sees("Read them all, they are fine.")
    worker.page.get_by_text("Answered very fast").click()
    worker.sees(SEEN)
    assert violations(worker) == []

    items = [found | {"worker": wallet, "p_value": 0.001, "tasks": ["n-1"], "partners": []}]
    about = shown | {"workers": 1, "false_discovery_rate": 0.05, "funding": "none", "closed": []}
    requester.page.route(
        f"**/v1/signals/batches/{batch_id}", lambda route: route.fulfill(json=about | {"items": items})
    )
    posted: list[Any] = []

    def close(route: Any) -> None:
        posted.append(json.loads(route.request.post_data))
        items.clear()
        route.fulfill(status=201, json=closed | posted[0] | {"reviewer": wallet})

    requester.page.route("**/closed", close)
    requester.click("Look at 3 answers", role="link")
    requester.page.get_by_text("Answered very fast").click()
    requester.sees(SEEN)
    button = requester.page.get_by_role("button", name="Nothing is wrong")
    assert button.is_disabled()
    requester.page.get_by_label("Why nothing is wrong").fill("a quick reader")
    assert violations(requester) == []
    button.click()
    requester.page.get_by_text("Answered very fast").wait_for(state="detached")
    requester.page.locator(".notice.bad").wait_for(state="detached")
    assert posted == [{"worker": wallet, "signal": "too_fast", "reason": "a quick reader"}]
