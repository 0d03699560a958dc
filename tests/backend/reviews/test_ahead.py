"""A proposal is planned before anybody has to wait for it, and planned again if anything it rests on has changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from backend.reviews import repository, service
from piecework.db.gateway import ModelAnswers, Proposal
from piecework.db.revisions import Revision
from tests.backend.house import House, verdict
from tests.backend.locks import Watched

DIGEST = "0x" + "5a" * 32


@pytest.fixture
def plans(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each plan of a reviewer's proposal, whether others had to wait for it."""
    found: list[bool] = []
    plan = service.plan

    def counted(*given: Any, **named: Any) -> Any:
        found.append(watched.holds())
        return plan(*given, **named)

    monkeypatch.setattr(service, "plan", counted)
    return found


def worked_on(house: House, tasks: int = 4) -> tuple[str, Any]:
    batch_id, worker = house.funded(tasks=tasks), house.wallet()
    house.submitted(worker, batch_id, count=2)
    return batch_id, worker


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Once between the plan and the lock."""
    prepare = service.prepare

    def preparing(*given: Any, **named: Any) -> Any:
        ahead = prepare(*given, **named)
        monkeypatch.setattr(service, "prepare", prepare)
        other = threading.Thread(target=happens)  # whose transactions are none of this request's
        other.start()
        other.join()
        return ahead

    monkeypatch.setattr(service, "prepare", preparing)


def test_where_nothing_changes_nobody_waits_for_a_plan(house: House, plans: list[bool]) -> None:
    batch_id, worker = worked_on(house)

    proposal = house.proposed(batch_id, [verdict(worker, "t0"), verdict(worker, "t1")])

    assert plans == [False]
    house.settled(proposal)
    results = house.get(None, f"/v1/payloads/{proposal['results_cid']}")
    assert [each["task"] for each in results["decisions"]] == ["t0", "t1"]


def another_answer(house: House, batch_id: str) -> None:
    house.submitted(house.wallet(), batch_id, count=1)


def a_better_answer(house: House, batch_id: str) -> None:
    row = Revision(
        revision_id="r" * 32, batch_id=batch_id, assignment_id="a" * 32, task_id="t9", worker=house.wallet().address,
        submission=DIGEST, asked_by=house.wallet().address, reason="x", state="answered", document={}, digest=DIGEST,
        asked_at=time.time(), ended_at=time.time(),
    )  # fmt: skip
    with house.services.writing() as session:
        session.add(row)


def a_models_answers(house: House, batch_id: str) -> None:
    row = ModelAnswers(batch_id=batch_id, digest=DIGEST, document={}, created_at=time.time())
    with house.services.writing() as session:
        session.add(row)


def an_ended_proposal(house: House, batch_id: str) -> None:
    row = Proposal(
        proposal_id="p" * 32, batch_id=batch_id, nonce=1, results_digest=DIGEST, verdicts=[], status="superseded",
        created_at=time.time(),
    )  # fmt: skip
    with house.services.writing() as session:
        session.add(row)


CHANGES = [another_answer, a_better_answer, an_ended_proposal]


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_meanwhile_is_planned_with(
    house: House, plans: list[bool], monkeypatch: pytest.MonkeyPatch, change: Callable[[House, str], None]
) -> None:
    batch_id, worker = worked_on(house)
    meanwhile(monkeypatch, lambda: change(house, batch_id))

    proposal = house.proposed(batch_id, [verdict(worker, "t0")])

    assert plans == [False, True]
    assert proposal["verdicts"] == [{"worker": worker.address, "decidedBefore": 0, "accepted": 1, "rejected": 0}]


def test_a_models_answers_change_what_a_plan_rests_on(house: House) -> None:
    batch_id, _ = worked_on(house)
    with house.services.reading() as session:
        before = repository.standing(session, batch_id)

    a_models_answers(house, batch_id)

    with house.services.reading() as session:
        assert repository.standing(session, batch_id) != before


def test_a_plan_for_a_batch_that_is_over_meanwhile_is_made_again_whatever_it_rests_on(
    house: House, plans: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "standing", lambda *_: ())
    batch_id, worker = worked_on(house, tasks=3)
    meanwhile(monkeypatch, lambda: another_answer(house, batch_id))

    house.proposed(batch_id, [verdict(worker, "t0")])

    assert plans == [False, True]


def test_a_plan_that_is_never_made_again_would_be_seen(
    house: House, plans: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "standing", lambda *_: ())  # the planted bug
    batch_id, worker = worked_on(house)
    meanwhile(monkeypatch, lambda: another_answer(house, batch_id))

    house.proposed(batch_id, [verdict(worker, "t0")])

    assert plans == [False]


def test_a_plan_for_other_verdicts_is_not_taken(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    batch_id, worker = worked_on(house)
    prepare = service.prepare

    def of_less(services: Any, batch: str, verdicts: Any, **more: Any) -> Any:
        return prepare(services, batch, verdicts[:1], **more)

    monkeypatch.setattr(service, "prepare", of_less)
    proposal = house.proposed(batch_id, [verdict(worker, "t0"), verdict(worker, "t1")])

    assert proposal["verdicts"][0]["accepted"] == 2
