"""A signal that a reviewer looked at and closed: limits lift, the worker reads why, only later answers reopen it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy.orm import Session

from backend import operator_log
from backend.signals import limits, repository, service
from backend.signals.book import SignalBook
from backend.signals.closing import open_ones, unseen, with_closings
from backend.signals.looking import Found, Looked, Stretch, look_at
from backend.signals.lookout import Lookout
from piecework.db.gateway import ClosedSignal
from scripts.signals import run_close, run_list
from tests.backend.house import House
from tests.backend.signals.test_looking import RULES, TASKS, contents, named, stretches

HALF = len(TASKS) // 2
SAID = {"signal": "too_fast", "reason": "The pictures are of one kind, and a look is enough."}


def closing(position: int, *digests: str, signal: str = "constant_answers") -> ClosedSignal:
    return ClosedSignal(
        position=position, batch_id="b", worker="w11", signal=signal, reviewer="r", seen="", reason="",
        submissions=list(digests), closed_at=0.0,
    )  # fmt: skip


def crowd(spamming: list[Stretch], *, later: str) -> tuple[dict[str, Stretch], list[str]]:
    """By digest; w11 is as `spamming` on the first half of the tasks, whose digests are told, and then as `later`."""
    honest = stretches()
    found, seen = {}, []
    for number, (bad, good) in enumerate(zip(spamming, honest, strict=True)):
        is_first = TASKS.index(bad.answers[0][0]) < HALF
        found[f"d{number}"] = bad if later == "the same" or is_first else good
        if bad.worker == "w11" and is_first:
            seen.append(f"d{number}")
    return found, seen


def looked_beyond(given: dict[str, Stretch], closed: list[ClosedSignal]) -> Looked:
    whole = look_at(list(given.values()), contents(), RULES)
    return with_closings(whole, look_at(unseen(given, closed), contents(), RULES), closed)


def test_what_was_closed_stays_closed_while_later_answers_are_fine() -> None:
    given, seen = crowd(stretches(spammer_seconds=2.0), later="honest")
    closed = [closing(4, *seen, signal="too_fast")]
    whole = look_at(list(given.values()), contents(), RULES)
    assert named(whole) == {"w11": {"too_fast"}}, "all answers together still look odd: this check can fail"
    assert open_ones(looked_beyond(given, closed).found, closed) == ()


def test_what_was_closed_comes_back_if_later_answers_show_it_by_themselves() -> None:
    given, seen = crowd(stretches(spammer_answer="cat"), later="the same")
    closed = [closing(4, *seen)]
    again = open_ones(looked_beyond(given, closed).found, closed)
    assert [(each.worker, each.signal, each.beyond) for each in again] == [("w11", "constant_answers", 4)]
    assert "60 of your 60 answers are the same" in again[0].seen
    later = [*closed, closing(5, *given)]
    assert open_ones(again, later) == (), "and is closed again"


def test_a_look_from_before_the_closing_is_closed_by_it_and_others_stay_open() -> None:
    cheating = look_at(stretches(spammer_seconds=2.0, spammer_answer="cat"), contents(), RULES)
    assert named(cheating) == {"w11": {"constant_answers", "too_fast"}}
    assert {each.signal for each in open_ones(cheating.found, [closing(1)])} == {"too_fast"}


def test_a_look_comes_back_from_the_database_as_it_was() -> None:
    looked = look_at(stretches(spammer_answer="cat"), contents(), RULES)
    assert looked.found
    assert Looked.from_json(json.loads(json.dumps(looked.as_json()))) == looked


@pytest.fixture
def flagged(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Any]]:
    """A batch and a worker whom each look names: a crowd that is large enough to be sure would take minutes here."""
    worker = house.wallet()
    batch_id = house.funded(None, 20)
    house.submitted(worker, batch_id, count=4)
    house.services.signals = SignalBook()

    def look(given: Any, *_: Any) -> Looked:
        if not any(each.worker == worker.address for each in given):
            return Looked(0, 0, ())
        found = Found(worker.address, "too_fast", 1e-6, "A task took you 1 second.", "Tell us.", ("t1",), ())
        return Looked(4, 1, (found,))

    monkeypatch.setattr(service, "look_at", look)
    yield batch_id, worker
    house.services.signals = SignalBook()


def own(house: House, batch_id: str, worker: Any) -> Any:
    return house.get(worker, f"/v1/signals/batches/{batch_id}/own")


def test_a_reviewer_closes_a_signal_and_the_worker_works_on_and_reads_why(
    house: House, flagged: tuple[str, Any]
) -> None:
    batch_id, worker = flagged
    path, reviewer = f"/v1/signals/batches/{batch_id}", house.reviewers()[0]
    assert [each["worker"] for each in house.get(reviewer, path)["items"]] == [worker.address]
    assert own(house, batch_id, worker)["tasks_at_a_time"] == limits.MOST_AT_ONCE

    body = SAID | {"worker": worker.address}
    made = house.post(reviewer, path + "/closed", body, 201)

    assert (made["reviewer"], made["seen"]) == (reviewer.address, "A task took you 1 second.")
    now = own(house, batch_id, worker)
    assert (now["tasks_at_a_time"], now["items"]) == (None, [])
    assert [(each["signal"], each["reason"]) for each in now["closed"]] == [("too_fast", SAID["reason"])]
    assert "reviewer" not in now["closed"][0]
    offer = house.offer(worker, batch_id, count=10)
    assert (len(offer["tasks"]), offer["notices"]) == (10, [])
    listed = house.get(house.reviewers()[1], path)
    assert (listed["items"], [each["worker"] for each in listed["closed"]]) == ([], [worker.address])
    house.refused(reviewer, path + "/closed", body, 404, "signal_not_open")


def test_later_answers_bring_a_closed_signal_back(house: House, flagged: tuple[str, Any]) -> None:
    batch_id, worker = flagged
    house.get(house.reviewers()[0], f"/v1/signals/batches/{batch_id}")
    house.post(house.reviewers()[0], f"/v1/signals/batches/{batch_id}/closed", SAID | {"worker": worker.address}, 201)
    house.services.signals = SignalBook()
    assert own(house, batch_id, worker)["items"] == [], "the same answers, looked at anew"
    house.submitted(worker, batch_id, count=2)
    assert [each["signal"] for each in own(house, batch_id, worker)["items"]] == ["too_fast"]
    assert own(house, batch_id, worker)["tasks_at_a_time"] == limits.MOST_AT_ONCE


def test_only_a_reviewer_closes_and_only_with_a_reason(house: House, flagged: tuple[str, Any]) -> None:
    batch_id, worker = flagged
    path = f"/v1/signals/batches/{batch_id}/closed"
    body = SAID | {"worker": worker.address}
    house.get(house.reviewers()[0], f"/v1/signals/batches/{batch_id}")
    for stranger in (worker, house.wallet()):
        house.refused(stranger, path, body, 403, "reviewer_not_in_panel")
    reviewer = house.reviewers()[0]
    house.refused(reviewer, path, body | {"reason": "   "}, 422, "reason_missing")
    house.refused(reviewer, path, body | {"signal": "ring"}, 404, "signal_not_open")
    house.refused(reviewer, path, body | {"worker": house.wallet().address}, 404, "signal_not_open")
    assert own(house, batch_id, worker)["tasks_at_a_time"] == limits.MOST_AT_ONCE


class Forgetful(SignalBook):
    """Knows nothing, whatever the gateway's own lookout finds meanwhile."""

    def get(self, batch_id: str, submissions: int, look: Callable[[], Looked]) -> Looked:
        return look()


def test_a_gateway_that_starts_anew_knows_what_was_found(house: House, flagged: tuple[str, Any]) -> None:
    """No look is made after the restart: the limit is there with the first request."""
    batch_id, worker = flagged
    Lookout(house.services).run_once()
    house.services.signals = Forgetful()
    offer = house.offer(worker, batch_id, count=10)
    assert len(offer["tasks"]) == limits.MOST_AT_ONCE
    assert offer["notices"][0]["code"] == "signal_too_fast"


def test_without_what_is_kept_a_restart_would_lift_the_limit(
    house: House, flagged: tuple[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id, worker = flagged
    Lookout(house.services).run_once()
    house.services.signals = Forgetful()
    monkeypatch.setattr("backend.signals.repository.kept_look", lambda *_: None)
    assert len(house.offer(worker, batch_id, count=10)["tasks"]) == 10, "this check must be able to fail"


def test_the_operator_closes_a_signal_in_the_open_and_erases_nothing(
    house: House, flagged: tuple[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    batch_id, worker = flagged
    path, reviewer = f"/v1/signals/batches/{batch_id}", house.reviewers()[0]
    url = house.services.settings.database_url
    found = house.get(reviewer, path)["items"]
    assert run_list(url, batch_id) == 0
    assert [json.loads(line)["worker"] for line in capsys.readouterr().out.splitlines()] == [worker.address]

    assert run_close(url, batch_id, worker.address.lower(), "too_fast", " A look is enough. ") == 0

    assert "1 submissions were looked at" in capsys.readouterr().out
    listed = house.get(reviewer, path)
    assert listed["items"] == [], "it is closed for reviewers"
    (closed,) = listed["closed"]
    assert (closed["closed_by"], closed["reviewer"], closed["reason"]) == ("operator", None, "A look is enough.")
    assert (closed["seen"], closed["worker"]) == (found[0]["seen"], worker.address), "what was said stays"
    now = own(house, batch_id, worker)
    assert (now["items"], now["tasks_at_a_time"]) == ([], None)
    assert [(each["closed_by"], each["reason"]) for each in now["closed"]] == [("operator", "A look is enough.")]
    with Session(house.services.engine) as session:
        rows, broken = operator_log.entries(session)
    assert broken is None
    assert (rows[-1].action, rows[-1].detail["worker"], rows[-1].detail["reason"]) == (
        "signal_closed",
        worker.address,
        "A look is enough.",
    )

    house.submitted(worker, batch_id, count=1)
    assert [each["signal"] for each in house.get(reviewer, path)["items"]] == ["too_fast"], "new evidence opens it anew"
    assert [each["closed_by"] for each in house.get(reviewer, path)["closed"]] == ["operator"], "and history stays"
    assert run_list(url, None) == 0
    assert batch_id in capsys.readouterr().out


@pytest.mark.parametrize("is_planted", [False, True], ids=["as it is", "with the bug"])
def test_the_operator_closes_no_more_than_was_looked_at(
    house: House, flagged: tuple[str, Any], monkeypatch: pytest.MonkeyPatch, is_planted: bool
) -> None:
    batch_id, worker = flagged
    path, reviewer = f"/v1/signals/batches/{batch_id}", house.reviewers()[0]
    house.get(reviewer, path)
    house.submitted(worker, batch_id, count=1)  # after the look
    if is_planted:
        digests = repository.digests
        monkeypatch.setattr(repository, "digests", lambda *given, **_: digests(*given))

    assert run_close(house.services.settings.database_url, batch_id, worker.address, "too_fast", "Fine.") == 0

    assert [each["signal"] for each in house.get(reviewer, path)["items"]] == ([] if is_planted else ["too_fast"])


def test_what_the_operator_closes_without_a_reason_or_what_is_not_open_is_refused_and_not_noted(
    house: House, flagged: tuple[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    batch_id, worker = flagged
    url = house.services.settings.database_url
    house.get(house.reviewers()[0], f"/v1/signals/batches/{batch_id}")
    with Session(house.services.engine) as session:
        before = len(operator_log.entries(session)[0])

    wrong = {
        "say why": (batch_id, worker.address, "too_fast", "  "),
        "no signal ring": (batch_id, worker.address, "ring", "Fine."),
        "is open in batch 0x00": ("0x" + "00" * 32, worker.address, "too_fast", "Fine."),
        "address": (batch_id, "worker.eth", "too_fast", "Fine."),
    }
    for told, given in wrong.items():
        assert run_close(url, *given) == 1
        assert told in capsys.readouterr().err
    assert run_close("nothing://", batch_id, worker.address, "too_fast", "Fine.") == 1
    assert run_list("nothing://", None) == 1

    with Session(house.services.engine) as session:
        assert len(operator_log.entries(session)[0]) == before
    assert own(house, batch_id, worker)["tasks_at_a_time"] == limits.MOST_AT_ONCE
    assert run_close(url, batch_id, worker.address, "too_fast", "Fine.") == 0
    assert run_close(url, batch_id, worker.address, "too_fast", "Fine.") == 1, "it is closed already"
