"""A batch of A-B preferences under the policy `inference`, on a chain: each pair's label, and all things ranked."""

from __future__ import annotations

from typing import Any

from tests.backend.house import House
from tests.backend.reviews.test_measured_batch import results_of

POEMS = ("the best", "the middle", "the worst")


def preference_batch(house: House) -> tuple[Any, str, list[Any]]:
    """Three poems, each pair of them once, three workers who agree."""
    requester = house.requester()
    pairs = [(0, 1), (2, 1), (0, 2)]
    tasks = [{"id": f"t{at}", "content": {"a": POEMS[a], "b": POEMS[b]}} for at, (a, b) in enumerate(pairs)]
    batch_id = house.funded(
        requester,
        tasks=tasks,
        answers_per_task=3,
        task_type="preference",
        answer_schema=None,
        options={"tie": True},
        review={"policy": "inference"},
    )
    workers = [house.wallet() for _ in range(3)]
    for worker in workers:
        offer = house.claimed(worker, batch_id)
        better = {"t0": "a", "t1": "b", "t2": "a"}
        body = {"answers": [{"task": task, "answer": better[task]} for task in offer["tasks"]]}
        path = f"/v1/work/assignments/{offer['assignment_id']}"
        house.submit(worker, offer, house.post(worker, path + "/answers", body))
        house.reaches(worker, offer["assignment_id"], "submitted")
    return requester, batch_id, workers


def test_pairs_get_labels_and_things_get_ranks(house: House) -> None:
    _, batch_id, workers = preference_batch(house)

    results = results_of(house, batch_id)

    assert {item["task"]: item["label"] for item in results["labels"]} == {"t0": "a", "t1": "b", "t2": "a"}
    assert {item["decision"] for item in results["decisions"]} == {"accepted"}
    ranking = results["method"]["parameters"]["found"]["ranking"]
    assert [(row["task"], row["side"]) for row in ranking["things"]] == [("t0", "a"), ("t0", "b"), ("t1", "a")]
    scores = [row["score"] for row in ranking["things"]]
    assert scores == sorted(scores, reverse=True)
    assert [row["compared"] for row in ranking["things"]] == [6, 6, 6]
    assert {row["worker"] for row in ranking["reliability"]} == {worker.address for worker in workers}
