"""Batches whose reviewers are drawn, and the people who review."""

from __future__ import annotations

from typing import Any

from tests.backend.house import House, verdict

RULES = {"reviewers": 3, "quorum": 2, "most": 5}


def worked(house: House, requester: Any, *who: Any, each: int = 1) -> str:
    """A batch of the requester whose answers these workers gave, and its reviewers accepted."""
    batch_id = house.funded(requester, each * len(who))
    for worker in who:
        house.submitted(worker, batch_id, count=each)
    answers = [
        verdict(worker, task)
        for worker in who
        for item in house.get(worker, "/v1/work/assignments", batch_id=batch_id)["items"]
        for task in item["task_ids"]
    ]
    house.settled(house.proposed(batch_id, answers))
    return batch_id


def opened(house: House, requester: Any, tasks: int = 1, candidates: str = "fit", **changes: Any) -> str:
    """A funded batch with drawn reviewers whose review batch is funded too."""
    batch_id = house.funded(requester, tasks, review={"policy": "drawn", "draw": RULES}, **changes)
    fund_reviews(house, requester, batch_id, candidates)
    return batch_id


def fund_reviews(house: House, requester: Any, batch_id: str, candidates: str = "fit") -> str:
    """By default anybody may review, where a test is about something else; "" leaves it to the gateway."""
    wanted = {"reward_units": "500"} | ({"candidates": candidates} if candidates else {})
    draft = house.post(requester, f"/v1/batches/{batch_id}/review-batch", wanted, 201)
    body = {"permit": house.permit(requester, draft)}
    sent = house.post(requester, f"/v1/batches/{draft['batch_id']}/transaction", body)["transaction"]
    house.send(requester, sent)
    house.until(lambda: house.client.get(f"/v1/batches/{draft['batch_id']}").status_code, lambda code: code == 200)
    return str(draft["batch_id"])


def enrol(house: House, batch_id: str, *who: Any) -> None:
    for each in who:
        headers = {"authorization": f"Bearer {house.token(each)}"}
        answer = house.client.put(f"/v1/reviews/batches/{batch_id}/candidacy", headers=headers)
        assert answer.status_code == 200, answer.text
    house.stack.travel(5)  # who enrols can be drawn for what is submitted after that second
    end = house.stack.web3.eth.get_block("latest")["timestamp"]
    house.until(house.services.clock.now, lambda now: now >= end)


def draws(house: House, batch_id: str) -> Any:
    return house.get(house.reviewers()[0], f"/v1/reviews/batches/{batch_id}/draws")


def drawn(house: House, batch_id: str, count: int = 3) -> Any:
    """The draw of the batch's only answer once so many were drawn."""
    return house.until(
        lambda: draws(house, batch_id)["items"], lambda items: items and len(items[0]["drawn"]) == count
    )[0]


def judges(house: House, reviewer: Any, task: str, verdict: str, review_batch_id: str) -> None:
    """The reviewer claims the review, reads the answer, and says so on chain."""
    offer = house.claimed(reviewer, review_batch_id, tasks=[task])
    (shown,) = house.assignment(reviewer, offer["assignment_id"])["tasks"]
    answer = {"verdict": verdict, "reason": f"I say {verdict}", "of": shown["content"]["of"]}
    house.submit(reviewer, offer, house.answered(reviewer, offer, answer))
    house.reaches(reviewer, offer["assignment_id"], "submitted")


def proposal_of(house: House, batch_id: str) -> Any:
    def open_ones() -> list[Any]:
        items = house.get(house.reviewers()[0], "/v1/reviews/queue")["items"]
        return [p for item in items if item["batch_id"] == batch_id for p in item["proposals"] if p["status"] == "open"]

    (found,) = house.until(open_ones, bool)
    return house.get(None, f"/v1/reviews/proposals/{found['proposal_id']}")


def by_address(people: list[Any]) -> dict[str, Any]:
    return {each.address: each for each in people}
