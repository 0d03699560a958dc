"""A batch with the policy `inference`, over HTTP: proposed by itself, its file says how to compute it again."""

from __future__ import annotations

from typing import Any

from piecework.domain import documents
from tests.backend.house import House


def test_the_inference_policy_proposes_by_itself_and_says_how_it_decided(house: House) -> None:
    gold = {"t0": "cat", "t1": "cat", "t2": "cat"}
    review = {"policy": "inference", "reject_gold_below": 0.6}
    batch_id = house.funded(tasks=5, answers_per_task=3, review=review, gold=gold)
    workers = [house.wallet() for _ in range(3)]
    for worker, answer in zip(workers, ("cat", "cat", "dog"), strict=True):
        house.submitted(worker, batch_id, answer)

    proposal = house.get(None, f"/v1/reviews/proposals/{proposed(house, batch_id)}")
    house.settled(proposal)

    results = house.get(None, f"/v1/batches/{batch_id}/results")
    fetch = lambda cid: house.client.get(f"/v1/payloads/{cid}").content  # noqa: E731
    whole = documents.unpack(results["settlements"][0]["results_digest"], "results", fetch)
    parameters = whole["method"]["parameters"]
    assert (whole["method"]["name"], whole["method"]["version"]) == ("inference", 1)
    assert parameters["labels"]["parameters"]["seed"] == int(batch_id[2:10], 16)
    assert parameters["submissions"]["count"] == 3
    assert parameters["submissions"]["last"] in {item["submission"] for item in whole["decisions"]}
    assert {item["task"]: item["label"] for item in whole["labels"]} == dict.fromkeys(
        ("t0", "t1", "t2", "t3", "t4"), "cat"
    )
    assert parameters["found"]["flagged_gold"] == []
    assert {item["worker"] for item in parameters["found"]["skills"]} == {worker.address for worker in workers}
    rejected = {item["worker"] for item in whole["decisions"] if item["decision"] == "rejected"}
    assert rejected == {workers[2].address}


def proposed(house: House, batch_id: str) -> str:
    """The id of the proposal that the policy makes."""

    def found() -> Any:
        items = house.get(house.reviewers()[0], "/v1/reviews/queue")["items"]
        return [p["proposal_id"] for item in items if item["batch_id"] == batch_id for p in item["proposals"]]

    return str(house.until(found, bool)[0])
