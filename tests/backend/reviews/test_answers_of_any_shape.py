"""Answers that are lists or objects go the whole way: decided by a policy, settled, reported, looked at."""

from __future__ import annotations

from typing import Any

import pytest

from piecework.domain.task_types import example
from tests.backend.house import House

ALLOWED = {"decision": "allow", "rule": None}
REMOVED = {"decision": "remove", "rule": "no threats"}


@pytest.mark.parametrize(
    ("name", "policy", "answers"),
    [
        ("multiple_choice", "agreement", [["person"], ["person"], []]),
        ("moderation", "inference", [ALLOWED, REMOVED, ALLOWED]),
    ],
)
def test_what_most_answered_is_the_label_and_everybody_is_paid(
    house: House, name: str, policy: str, answers: list[Any]
) -> None:
    requester, workers = house.requester(), [house.wallet() for _ in answers]
    task, options = example(name)["tasks"][0], example(name)["options"]
    wish = {"task_type": name, "options": options, "answer_schema": None, "review": {"policy": policy}}
    batch_id = house.funded(requester, [task], answers_per_task=len(answers), **wish)
    for worker, answer in zip(workers, answers, strict=True):
        house.submitted(worker, batch_id, answer)

    house.settled(proposal_of(house, batch_id))

    labels = house.get(None, f"/v1/batches/{batch_id}/results")["labels"]
    assert [(label["task"], label["label"]) for label in labels] == [(task["id"], answers[0])]
    house.until(lambda: house.get(None, f"/v1/accounts/{workers[2].address}")["accepted"], lambda count: count == 1)
    assert house.get(requester, f"/v1/batches/{batch_id}/report")["format"] == "piecework/requester-report/1"
    assert house.get(requester, f"/v1/signals/batches/{batch_id}")["answers_looked_at"] == len(answers)


def proposal_of(house: House, batch_id: str) -> Any:
    def waiting() -> list[Any]:
        items = house.get(house.reviewers()[0], "/v1/reviews/queue")["items"]
        return [proposal for item in items if item["batch_id"] == batch_id for proposal in item["proposals"]]

    return house.get(None, f"/v1/reviews/proposals/{house.until(waiting, bool)[0]['proposal_id']}")
