"""A model's answers over HTTP: who may bring them, when, and what the results and the report say of them."""

from __future__ import annotations

from typing import Any

import pytest

from piecework.domain import documents
from tests.backend.house import REWARD_UNITS, House
from tests.backend.reviews.test_inferred_batch import proposed

REVIEW = {"policy": "inference"}


def said(tasks: int = 2, **changes: Any) -> dict[str, Any]:
    answers = [{"task": f"t{at}", "answer": "cat", "confidence": 0.9} for at in range(tasks)]
    return {"name": "small", "answers": answers} | changes


def test_a_models_answers_are_named_by_the_results_pinned_and_reported(house: House) -> None:
    requester = house.requester()
    batch_id = house.funded(requester, tasks=3, answers_per_task=2, review=REVIEW)
    path = f"/v1/batches/{batch_id}/model-answers"
    house.post(requester, path, said(1), 201)
    brought = house.post(requester, path, said(3), 201)
    assert house.get(requester, path) == brought
    assert (brought["name"], brought["answers"]) == ("small", 3)
    for worker in (house.wallet(), house.wallet()):
        house.submitted(worker, batch_id, "dog")

    house.settled(house.get(None, f"/v1/reviews/proposals/{proposed(house, batch_id)}"))

    settlement = house.get(None, f"/v1/batches/{batch_id}/results")["settlements"][0]
    fetch = lambda cid: house.client.get(f"/v1/payloads/{cid}").content  # noqa: E731
    parameters = documents.unpack(settlement["results_digest"], "results", fetch)["method"]["parameters"]
    assert parameters["model_answers"]["digest"] == brought["digest"]
    assert parameters["found"]["model"]["verdict"] == "too_little"
    pinned = documents.unpack(brought["digest"], "model-answers", fetch)
    assert {item["task"]: item["answer"] for item in pinned["answers"]} == dict.fromkeys(("t0", "t1", "t2"), "cat")

    report = house.get(requester, f"/v1/batches/{batch_id}/report")
    assert (report["model"]["name"], report["model"]["verdict"]) == ("small", "too_little")
    assert (report["model"]["answers_saved"], report["model"]["saved_units"]) == (0, "0")
    page = house.client.get(
        f"/v1/batches/{batch_id}/report?format=html", headers={"authorization": f"Bearer {house.token(requester)}"}
    ).text
    assert "A model beside people" in page
    assert "too few tasks" in page
    house.refused(requester, path, said(), 409, "model_too_late")


def test_people_are_paid_as_without_a_model(house: House) -> None:
    """The model contradicts everybody, and everybody is paid."""
    requester = house.requester()
    batch_id = house.funded(requester, tasks=2, answers_per_task=2, review=REVIEW)
    house.post(requester, f"/v1/batches/{batch_id}/model-answers", said(), 201)
    workers = [house.wallet(), house.wallet()]
    for worker in workers:
        house.submitted(worker, batch_id, "dog")

    house.settled(house.get(None, f"/v1/reviews/proposals/{proposed(house, batch_id)}"))

    for worker in workers:
        account = house.services.escrow.account(worker.address)
        assert account.owed == 2 * REWARD_UNITS


def test_a_model_that_was_brought_to_a_draft_is_weighed_once_the_batch_is_funded(house: House) -> None:
    requester = house.requester()
    draft = house.draft(requester, answers_per_task=1, review=REVIEW)
    batch_id = draft["batch_id"]
    path = f"/v1/batches/{batch_id}/model-answers"
    brought = house.post(requester, path, said(), 201)
    assert house.get(requester, path) == brought
    permit = {"permit": house.permit(requester, draft)}
    house.send(requester, house.post(requester, f"/v1/batches/{batch_id}/transaction", permit)["transaction"])
    house.until(lambda: house.client.get(f"/v1/batches/{batch_id}").status_code, lambda status: status == 200)
    assert house.get(requester, path) == brought
    house.submitted(house.wallet(), batch_id, "dog")

    house.settled(house.get(None, f"/v1/reviews/proposals/{proposed(house, batch_id)}"))

    settlement = house.get(None, f"/v1/batches/{batch_id}/results")["settlements"][0]
    fetch = lambda cid: house.client.get(f"/v1/payloads/{cid}").content  # noqa: E731
    method = documents.unpack(settlement["results_digest"], "results", fetch)["method"]
    assert method["parameters"]["model_answers"]["digest"] == brought["digest"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (said(answers=[{"task": "t9", "answer": "cat"}]), "task_unknown"),
        (said(answers=[{"task": "t0", "answer": "cat"}, {"task": "t0", "answer": "dog"}]), "task_id_twice"),
        (said(answers=[{"task": "t0", "answer": "a hen"}]), "answer_invalid"),
        (said(answers=[{"task": "t0", "answer": {"a": [1]}}]), "answer_invalid"),
    ],
    ids=["unknown", "twice", "no choice", "odd shape"],
)
def test_answers_that_fit_no_task_are_refused(house: House, body: Any, code: str) -> None:
    requester = house.requester()
    draft = house.draft(requester, review=REVIEW)
    house.refused(requester, f"/v1/batches/{draft['batch_id']}/model-answers", body, 422, code)


@pytest.mark.parametrize(
    "body",
    [
        {},
        said(answers=[]),
        said(name=""),
        said(answers=[{"task": "t0", "answer": "cat", "confidence": 1.5}]),
        said(answers=[{"task": "t0", "answer": "cat", "confidence": True}]),
        said(answers=[{"task": "t0/..", "answer": "cat"}]),
        said(more=1),
    ],
    ids=["empty", "no answers", "no name", "too sure", "bool", "odd id", "more"],
)
def test_a_malformed_body_is_refused(house: House, body: Any) -> None:
    requester = house.requester()
    draft = house.draft(requester, review=REVIEW)
    answer = house.client.post(
        f"/v1/batches/{draft['batch_id']}/model-answers",
        json=body,
        headers={"authorization": f"Bearer {house.token(requester)}"},
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("review", "more", "code"),
    [
        ({"policy": "agreement"}, {}, "model_needs_inference"),
        ({"policy": "inference"}, {"answer_schema": {"type": "string"}}, "model_needs_labels"),
    ],
    ids=["agreement", "text"],
)
def test_a_batch_that_weighs_no_model_takes_none(
    house: House, review: dict[str, Any], more: dict[str, Any], code: str
) -> None:
    requester = house.requester()
    draft = house.draft(requester, review=review, **more)
    house.refused(requester, f"/v1/batches/{draft['batch_id']}/model-answers", said(), 422, code)


def test_only_the_requester_brings_and_sees_them(house: House) -> None:
    requester = house.requester()
    draft = house.draft(requester, review=REVIEW)
    path = f"/v1/batches/{draft['batch_id']}/model-answers"
    house.get(requester, path, expected=404)
    house.post(requester, path, said(), 201)
    stranger = house.wallet()
    house.refused(stranger, path, said(), 403, "not_your_draft")
    house.get(stranger, path, expected=403)
    house.get(None, path, expected=401)
    house.refused(requester, f"/v1/batches/0x{'12' * 32}/model-answers", said(), 404, "draft_unknown")
