"""A better answer is asked for and given beside the chain: no window stops, no submission changes, both see it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from backend.revisions import service
from piecework.db.gateway import Proposal
from piecework.domain.cid import cid_of_digest
from tests.backend.house import House, verdict
from tests.backend.relay.market import DAY

HOUR = 3_600


@pytest.fixture(scope="module")
def worker(house: House) -> Any:
    return house.wallet()


@pytest.fixture
def batch_id(house: House, worker: Any) -> str:
    """Two answered tasks."""
    found = house.funded(tasks=2)
    house.submitted(worker, found)
    return found


def asking(batch_id: str) -> str:
    return f"/v1/reviews/batches/{batch_id}/revisions"


def wish(worker: Any, task: str = "t0", reason: str = "look at the ears") -> dict[str, Any]:
    return {"worker": worker.address, "task": task, "reason": reason}


def asked(house: House, worker: Any, batch_id: str, task: str = "t0") -> Any:
    return house.post(house.reviewers()[0], asking(batch_id), wish(worker, task), 201)


def shown(house: House, batch_id: str, task: str = "t0") -> Any:
    """The revision as the reviewer's desk shows it beside the answer."""
    (item,) = house.get(house.reviewers()[1], f"/v1/reviews/batches/{batch_id}/submissions")["items"]
    (found,) = (each for each in item["tasks"] if each["task"] == task)
    return found["revision"]


def test_a_worker_sees_why_and_until_when_and_answers_better(house: House, worker: Any, batch_id: str) -> None:
    made = asked(house, worker, batch_id)

    seen = house.get(worker, f"/v1/work/revisions/{made['revision_id']}")
    assert (seen["reason"], seen["submitted_answer"], seen["content"]) == ("look at the ears", "cat", {"picture": 0})
    end = house.stack.escrow.tally(batch_id, worker.address).old_review_end
    assert (seen["state"], seen["review_ends_at"], seen["answer"]) == ("open", end, None)
    assert house.get(worker, "/v1/work/revisions")["items"][0] == seen

    answered = house.post(worker, f"/v1/work/revisions/{made['revision_id']}/answer", {"answer": "dog"})

    assert (answered["state"], answered["answer"]) == ("answered", "dog")
    assert shown(house, batch_id) == answered
    assert shown(house, batch_id, "t1") is None
    assert house.get(house.reviewers()[2], asking(batch_id))["items"] == [answered]


def test_a_revision_changes_neither_the_submission_nor_the_window_nor_the_label(
    house: House, worker: Any, batch_id: str
) -> None:
    before = house.stack.escrow.tally(batch_id, worker.address)
    made = asked(house, worker, batch_id)
    house.post(worker, f"/v1/work/revisions/{made['revision_id']}/answer", {"answer": "dog"})
    assert house.stack.escrow.tally(batch_id, worker.address) == before

    house.settled(house.proposed(batch_id, [verdict(worker, "t0"), verdict(worker, "t1")]))

    results = house.get(None, f"/v1/batches/{batch_id}/results")
    assert {item["task"]: item["label"] for item in results["labels"]} == {"t0": "cat", "t1": "cat"}
    document = house.client.get(f"/v1/payloads/{results['settlements'][0]['results_cid']}").json()
    (named,) = (item for item in document["decisions"] if "revision" in item)
    assert (named["task"], named["worker"]) == ("t0", worker.address)
    better = house.client.get(f"/v1/payloads/{cid_of_digest(named['revision'])}").json()
    assert (better["answer"], better["reason"], better["submission"]) == (
        "dog",
        "look at the ears",
        named["submission"],
    )
    (text,) = (item for item in results["revisions"])
    assert (text["task"], text["answer"]) == ("t0", "dog")


def test_before_the_results_nobody_can_read_a_better_answer(house: House, worker: Any, batch_id: str) -> None:
    made = asked(house, worker, batch_id)
    answered = house.post(worker, f"/v1/work/revisions/{made['revision_id']}/answer", {"answer": "dog"})

    assert house.client.get(f"/v1/payloads/{cid_of_digest(answered['document_digest'])}").status_code == 404


def test_a_worker_may_leave_it_and_loses_nothing(house: House, worker: Any, batch_id: str) -> None:
    made = asked(house, worker, batch_id)
    path = f"/v1/work/revisions/{made['revision_id']}"

    assert house.post(worker, path + "/refusal")["state"] == "declined"

    assert shown(house, batch_id)["state"] == "declined"
    house.refused(worker, path + "/answer", {"answer": "dog"}, 409, "revision_declined")
    house.settled(house.proposed(batch_id, [verdict(worker, "t0")]))
    cid = house.get(None, f"/v1/batches/{batch_id}/results")["settlements"][0]["results_cid"]
    assert '"revision"' not in house.client.get(f"/v1/payloads/{cid}").text


def test_both_sides_are_told_once(house: House, worker: Any) -> None:
    requester, late = house.requester(), house.wallet()
    batch_id = house.funded(requester, 1)
    house.submitted(late, batch_id)
    made = house.post(requester, asking(batch_id), wish(late), 201)
    (told,) = house.get(late, "/v1/notices")["items"]
    assert (told["name"], told["batch_id"]) == ("RevisionAsked", batch_id)
    assert told["data"]["reason"] == "look at the ears"
    assert told["data"]["review_ends_at"] == made["review_ends_at"]

    house.post(late, f"/v1/work/revisions/{made['revision_id']}/answer", {"answer": "dog"})

    (told,) = house.get(requester, "/v1/notices")["items"]
    assert (told["name"], told["data"]["task"]) == ("RevisionAnswered", "t0")
    assert house.get(worker, "/v1/notices")["items"] != [told]


def test_only_reviewers_and_the_requester_ask_and_only_the_worker_answers(
    house: House, worker: Any, batch_id: str
) -> None:
    stranger = house.wallet()
    for who in (stranger, worker):
        house.refused(who, asking(batch_id), wish(worker), 403, "reviewer_not_in_panel")
        house.refused(who, asking(batch_id), None, 403, "reviewer_not_in_panel", method="GET")
    house.refused(None, asking(batch_id), wish(worker), 401, "not_signed_in")
    made = asked(house, worker, batch_id)
    path = f"/v1/work/revisions/{made['revision_id']}"
    for who in (stranger, house.reviewers()[0]):
        house.refused(who, path + "/answer", {"answer": "dog"}, 404, "revision_unknown")
        house.refused(who, path + "/refusal", {}, 404, "revision_unknown")
        house.refused(who, path, None, 404, "revision_unknown", method="GET")
    assert house.get(stranger, "/v1/work/revisions")["items"] == []


def test_what_does_not_fit_is_refused_by_name(house: House, worker: Any, batch_id: str) -> None:
    first = house.reviewers()[0]
    for body, status, code in (
        (wish(house.wallet()), 409, "nothing_to_decide"),
        (wish(worker, "t9"), 409, "nothing_to_decide"),
        (wish(worker, reason=" \n"), 422, "reason_missing"),
        (wish(worker, reason="x" * 2_001), 422, "malformed_request"),
        (wish(worker) | {"more": 1}, 422, "malformed_request"),
        ({"worker": worker.address}, 422, "malformed_request"),
    ):
        house.refused(first, asking(batch_id), body, status, code)
    made = asked(house, worker, batch_id)
    house.refused(first, asking(batch_id), wish(worker), 409, "revision_open")
    path = f"/v1/work/revisions/{made['revision_id']}"
    house.refused(worker, path + "/answer", {"answer": "cow"}, 422, "answer_invalid")
    house.refused(worker, path + "/answer", {}, 422, "malformed_request")
    house.refused(worker, "/v1/work/revisions/x", None, 422, "malformed_request", method="GET")
    for _ in range(2):
        house.post(worker, f"/v1/work/revisions/{made['revision_id']}/answer", {"answer": "dog"})
        made = asked(house, worker, batch_id)
    house.post(worker, f"/v1/work/revisions/{made['revision_id']}/answer", {"answer": "dog"})
    house.refused(first, asking(batch_id), wish(worker), 409, "too_many_revisions")


def test_while_a_decision_is_signed_nothing_is_asked_and_nothing_answered(
    house: House, worker: Any, batch_id: str
) -> None:
    made = asked(house, worker, batch_id, "t1")
    proposal = house.proposed(batch_id, [verdict(worker, "t0"), verdict(worker, "t1")])

    house.refused(house.reviewers()[0], asking(batch_id), wish(worker), 409, "decision_under_way")
    path = f"/v1/work/revisions/{made['revision_id']}"
    house.refused(worker, path + "/answer", {"answer": "dog"}, 409, "decision_under_way")

    house.settled(proposal)
    house.refused(worker, path + "/answer", {"answer": "dog"}, 409, "nothing_to_decide")
    assert house.get(worker, path)["state"] == "over"


def test_without_that_guard_a_better_answer_would_come_after_the_file_that_should_name_it(
    house: House, worker: Any, batch_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug."""
    monkeypatch.setattr(service.repository, "is_being_decided", lambda *_: False)
    made = asked(house, worker, batch_id)
    proposal = house.proposed(batch_id, [verdict(worker, "t0")])
    house.post(worker, f"/v1/work/revisions/{made['revision_id']}/answer", {"answer": "dog"})
    house.settled(proposal)

    cid = house.get(None, f"/v1/batches/{batch_id}/results")["settlements"][0]["results_cid"]
    assert '"revision"' not in house.client.get(f"/v1/payloads/{cid}").text, "it is lost for readers of the results"


def test_a_superseded_decision_lets_it_be_asked_again(house: House, worker: Any, batch_id: str) -> None:
    proposal = house.proposed(batch_id, [verdict(worker, "t0")])
    with house.services.writing() as session:
        own = Proposal.proposal_id == proposal["proposal_id"]
        session.execute(update(Proposal).where(own).values(status="superseded"))

    assert asked(house, worker, batch_id)["state"] == "open"


def test_the_window_runs_on_and_silence_pays_what_was_submitted(house: House) -> None:
    """Last in this file: it moves the chain's clock beyond a review window."""
    late = house.wallet()
    batch_id = house.funded(tasks=1, review_window_seconds=HOUR)
    house.submitted(late, batch_id)
    made = asked(house, late, batch_id)

    house.stack.travel(DAY)

    house.until(lambda: house.stack.escrow.account(late.address).owed, lambda owed: owed == 1_000)
    path = f"/v1/work/revisions/{made['revision_id']}"
    house.until(lambda: house.get(late, path)["review_ends_at"], lambda found: found is None)
    assert house.get(late, path)["state"] == "over"
    house.refused(late, path + "/answer", {"answer": "dog"}, 409, "nothing_to_decide")
