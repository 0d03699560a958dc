"""Batches of boxes and of numbers under the policy `inference`, over HTTP, on a chain: nobody picks the verdicts."""

from __future__ import annotations

from typing import Any

from piecework.domain import documents
from tests.backend.house import House
from tests.backend.reviews.test_inferred_batch import proposed

REVIEW = {"policy": "inference", "reject_gold_below": 0.6}


def box(x: float, y: float = 0.2) -> dict[str, Any]:
    return {"label": "cat", "x": x, "y": y, "width": 0.3, "height": 0.25}


def results_of(house: House, batch_id: str) -> dict[str, Any]:
    """The results file, once the proposal that the policy made is settled."""
    house.settled(house.get(None, f"/v1/reviews/proposals/{proposed(house, batch_id)}"))
    found = house.get(None, f"/v1/batches/{batch_id}/results")
    fetch = lambda cid: house.client.get(f"/v1/payloads/{cid}").content  # noqa: E731
    return documents.unpack(found["settlements"][0]["results_digest"], "results", fetch)


def by_worker(results: dict[str, Any], decision: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for item in results["decisions"]:
        if item["decision"] == decision:
            counts[item["worker"]] = counts.get(item["worker"], 0) + 1
    return counts


def boxes_batch(house: House, requester: Any = None) -> tuple[str, list[Any]]:
    tasks = [{"id": f"t{i}", "content": {"image": f"https://pictures.example/{i}.jpg"}} for i in range(5)]
    batch_id = house.funded(
        requester,
        tasks=tasks,
        answers_per_task=3,
        task_type="boxes",
        answer_schema=None,
        options={"labels": ["cat", "dog"]},
        review=REVIEW,
        gold={f"t{i}": [box(0.1)] for i in range(3)},
    )
    workers = [house.wallet() for _ in range(3)]
    for worker, x in zip(workers, (0.1, 0.12, 0.6), strict=True):
        house.submitted(worker, batch_id, [box(x)])
    return batch_id, workers


def test_boxes_are_judged_by_where_most_see_things(house: House) -> None:
    batch_id, workers = boxes_batch(house)

    results = results_of(house, batch_id)

    assert results["method"]["name"] == "inference"
    assert results["method"]["parameters"]["labels"]["name"] == "piecework-boxes"
    labels = {item["task"]: item for item in results["labels"]}
    assert labels["t0"]["label"] == [box(0.1)], "known, and public now"
    assert labels["t4"]["label"] == [box(0.11)], "the middle of the two that agree"
    assert 0.5 < labels["t4"]["confidence"] <= 1
    assert by_worker(results, "accepted") == {worker.address: 5 for worker in workers[:2]}
    assert by_worker(results, "rejected") == {workers[2].address: 5}
    assert all("0 of 3 known answers" in i["reason"] for i in results["decisions"] if i["decision"] == "rejected")
    skills = {row["worker"]: row for row in results["method"]["parameters"]["found"]["skills"]}
    assert (skills[workers[2].address]["iou"], skills[workers[2].address]["known_right"]) == (0.0, 0)
    assert skills[workers[0].address]["iou"] > 0.9


def test_numbers_that_are_measured_cost_nobody_money_for_the_last_digit(house: House) -> None:
    batch_id = house.funded(
        tasks=5,
        answers_per_task=4,
        answer_schema={"type": "number", "minimum": 0, "maximum": 1000},
        review=REVIEW,
        gold={f"t{i}": 50 for i in range(3)},
    )
    workers = [house.wallet() for _ in range(4)]
    for worker, value in zip(workers, (49.8, 50.1, 50.3, 700), strict=True):
        house.submitted(worker, batch_id, value)

    results = results_of(house, batch_id)

    labels = {item["task"]: item["label"] for item in results["labels"]}
    assert labels["t1"] == 50
    assert 49.8 < labels["t4"] < 50.3
    assert by_worker(results, "accepted") == {worker.address: 5 for worker in workers[:3]}
    assert by_worker(results, "rejected") == {workers[3].address: 5}


def test_forms_are_judged_by_their_fields_and_not_by_a_wording(house: House) -> None:
    fields = [
        {"name": "total", "title": "Total", "kind": "number"},
        {"name": "paid", "title": "Paid", "kind": "yes_no"},
        {"name": "shop", "title": "Shop", "kind": "text"},
    ]
    batch_id = house.funded(
        tasks=[{"id": f"t{i}", "content": {"text": f"receipt {i}"}} for i in range(5)],
        answers_per_task=3,
        task_type="data_entry",
        answer_schema=None,
        options={"fields": fields},
        review=REVIEW,
        gold={f"t{i}": {"total": 12.5, "paid": True, "shop": "Corner Shop"} for i in range(3)},
    )
    workers = [house.wallet() for _ in range(3)]
    said = [
        {"total": 12.5, "paid": True, "shop": "The Corner Shop"},
        {"total": 12.5, "paid": True, "shop": "corner shop"},
        {"total": 99, "paid": False, "shop": "x"},
    ]
    for worker, answer in zip(workers, said, strict=True):
        house.submitted(worker, batch_id, answer)

    results = results_of(house, batch_id)

    assert results["method"]["parameters"]["labels"]["name"] == "piecework-records"
    labels = {item["task"]: item["label"] for item in results["labels"]}
    assert labels["t0"]["shop"] == "Corner Shop", "known, and public now"
    assert labels["t4"] in said[:2]
    assert by_worker(results, "accepted") == {worker.address: 5 for worker in workers[:2]}
    assert by_worker(results, "rejected") == {workers[2].address: 5}
