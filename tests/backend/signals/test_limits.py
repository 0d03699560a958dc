"""A worker under an open signal gets less at a time and more known answers, reads why, and loses nothing it earned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backend.signals import limits
from backend.signals.book import SignalBook
from backend.signals.looking import Found, Looked
from backend.signals.lookout import Lookout
from piecework.domain.exposure import most_known
from piecework.quality.signals.reasons import NO_VERDICT
from tests.backend.house import REWARD_UNITS, House, verdict

GOLD = {f"t{number}": "cat" for number in range(4)}
SHARE = 0.4


def batch(house: House, **changes: Any) -> str:
    tasks = [{"id": f"t{n}", "content": {"picture": n}} for n in range(40)]
    return house.funded(None, tasks, **({"answers_per_task": 3, "gold": GOLD, "max_gold_share": SHARE} | changes))


class Told(SignalBook):
    """Finds what a test tells: a crowd that is large enough to be sure would take minutes here."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[str, Looked] = {}

    def get(self, batch_id: str, submissions: int, look: Callable[[], Looked]) -> Looked:
        return self.told.get(batch_id) or super().get(batch_id, submissions, look)

    def peek(self, batch_id: str) -> Looked | None:
        return self.told.get(batch_id) or super().peek(batch_id)


@pytest.fixture(scope="module", autouse=True)
def told(house: House) -> Told:
    house.services.signals = Told()
    return house.services.signals


def flag(house: House, batch_id: str, worker: Any) -> None:
    found = Found(worker.address, "too_fast", 1e-6, "A task took you 1 second.", "Tell the reviewers.", ("t1",), ())
    house.services.signals.told[batch_id] = Looked(1, 1, (found,))


def known_in(offer: Any) -> int:
    return sum(task in GOLD for task in offer["tasks"])


def test_under_a_signal_work_comes_in_small_parts_with_the_reason(house: House) -> None:
    worker, batch_id = house.wallet(), batch(house)
    first = house.submitted(worker, batch_id, count=2)
    assert first["notices"] == []
    before = next(i for i in house.get(worker, "/v1/work/next", limit=50)["items"] if i["batch_id"] == batch_id)
    flag(house, batch_id, worker)

    listed = next(i for i in house.get(worker, "/v1/work/next", limit=50)["items"] if i["batch_id"] == batch_id)
    assert listed["score"] < before["score"]
    assert listed["assign"]["count"] == limits.MOST_AT_ONCE
    assert "signal_too_fast" in [reason["code"] for reason in listed["reasons"]]
    own = house.get(worker, f"/v1/signals/batches/{batch_id}/own")
    assert (own["tasks_at_a_time"], own["note"]) == (limits.MOST_AT_ONCE, NO_VERDICT)

    offer = house.claimed(worker, batch_id, count=10)
    assert len(offer["tasks"]) == limits.MOST_AT_ONCE
    assert "A task took you 1 second. Tell the reviewers." in offer["notices"][0]["text"]
    problem = house.refused(worker, "/v1/work/assignments", {"batch_id": batch_id}, 409, "signal_limit")
    assert "hand in" in problem["detail"]
    assert problem["reasons"][0]["code"] == "signal_too_fast"
    nothing = house.get(worker, "/v1/work/next", limit=50, explain=True)
    assert batch_id not in [item["batch_id"] for item in nothing["items"]]

    other = house.offer(house.wallet(), batch_id, count=10)
    assert (len(other["tasks"]), other["notices"]) == (10, []), "nobody else is limited"


def test_it_ends_with_a_decision_and_what_was_earned_is_paid(house: House) -> None:
    worker, batch_id = house.wallet(), batch(house)
    done = house.submitted(worker, batch_id, count=4)
    flag(house, batch_id, worker)
    assert house.get(worker, f"/v1/signals/batches/{batch_id}/own")["tasks_at_a_time"] == limits.MOST_AT_ONCE

    house.settled(house.proposed(batch_id, [verdict(worker, task) for task in done["tasks"]]))

    account = house.until(
        lambda: house.get(None, f"/v1/accounts/{worker.address}"), lambda found: found["owed_units"] != "0"
    )
    assert (account["owed_units"], account["rejected"]) == (str(4 * REWARD_UNITS), 0)
    assert house.get(worker, f"/v1/signals/batches/{batch_id}/own")["tasks_at_a_time"] is None
    offer = house.offer(worker, batch_id, count=10)
    assert (len(offer["tasks"]), offer["notices"]) == (10, [])


@pytest.mark.parametrize("target", [None, 0.95])
@pytest.mark.parametrize("is_watched", [True, False])
def test_known_answers_are_as_many_as_promised_and_no_more(
    house: House, monkeypatch: pytest.MonkeyPatch, target: float | None, *, is_watched: bool
) -> None:
    """A tenth of the tasks is known, four tenths may be given. The second run plants the bug: no limits."""
    if not is_watched:
        monkeypatch.setattr("backend.work.service.limits_of", lambda *_: None)
    review = {"policy": "inference"} | ({} if target is None else {"target_confidence": target})
    worker, batch_id = house.wallet(), batch(house, review=review)
    given, known = 1, known_in(house.submitted(worker, batch_id, count=1))
    flag(house, batch_id, worker)
    counts = []
    for _ in range(3):
        offer = house.submitted(worker, batch_id, count=3)
        given, known = given + len(offer["tasks"]), known + known_in(offer)
        counts.append(known == most_known(SHARE, given))
        assert known <= most_known(SHARE, given)
    if is_watched:
        assert all(counts), "as many as the manifest allows"
        assert known == 4
    else:
        assert known < 4 or not all(counts), "by chance once in some hundred"


def test_who_names_its_tasks_is_told_how_many_it_may(house: House) -> None:
    worker, batch_id = house.wallet(), batch(house, gold=None, max_gold_share=None)
    house.submitted(worker, batch_id, tasks=["t0"])
    flag(house, batch_id, worker)
    wish = {"batch_id": batch_id, "tasks": ["t1", "t2", "t3", "t4"]}
    assert "name 3" in house.refused(worker, "/v1/work/assignments", wish, 409, "signal_limit")["detail"]
    assert house.offer(worker, batch_id, tasks=["t1", "t2"])["tasks"] == ["t1", "t2"]


def test_the_lookout_looks_at_open_batches_and_rests_in_between(house: House) -> None:
    worker, batch_id = house.wallet(), batch(house)
    house.submitted(worker, batch_id, count=2)
    book = house.services.signals = SignalBook()
    lookout = Lookout(house.services)

    assert lookout.run_once() > 0
    assert book.peek(batch_id) == Looked(2, 1, ())
    lookout._rests_until = dict.fromkeys(lookout._rests_until, float("inf"))
    assert lookout.run_once() == 0
