"""Known answers look like any task, each worker gets few of them, and they stay sealed while anybody could use them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backend.work import choosing
from piecework.domain.cid import cid_of_digest
from piecework.domain.exposure import default_share, most_known
from tests.backend.house import House

GOLD = {f"t{number:02d}": "cat" for number in range(10)}


def tasks(count: int) -> list[dict[str, Any]]:
    return [{"id": f"t{number:02d}", "content": {"picture": number}} for number in range(count)]


def batch(house: House, count: int = 50, **changes: Any) -> str:
    """A funded batch whose first ten tasks have a known answer."""
    body = {"gold": GOLD, "review": {"policy": "inference", "reject_gold_below": 0.6}} | changes
    requester = house.requester()
    draft = house.post(requester, "/v1/batches", house.draft_body(0, **body) | {"tasks": tasks(count)}, 201)
    signed = {"permit": house.permit(requester, draft)}
    transaction = house.post(requester, f"/v1/batches/{draft['batch_id']}/transaction", signed)["transaction"]
    house.send(requester, transaction)
    house.until(lambda: house.client.get(f"/v1/batches/{draft['batch_id']}").status_code, lambda code: code == 200)
    return str(draft["batch_id"])


def manifest(house: House, batch_id: str) -> Any:
    return house.get(None, f"/v1/batches/{batch_id}/manifest")


def test_nothing_but_content_tells_a_known_answer_apart(house: House) -> None:
    """The manifest's tasks, and the documents that a worker sees, have the same shape and no telling order."""
    batch_id = batch(house)
    found = manifest(house, batch_id)
    worker = house.wallet()
    offer = house.claimed(worker, batch_id, count=20)
    seen = house.assignment(worker, offer["assignment_id"])["tasks"]

    shape = lambda task: (sorted(task), sorted(task["content"]))  # noqa: E731
    for documents in (found["tasks"], seen):
        assert len({str(shape(task)) for task in documents}) == 1
    order = [task["id"] for task in found["tasks"]]
    assert sorted(order) == [task["id"] for task in tasks(50)]
    places = [order.index(task) for task in GOLD]
    assert places != sorted(places), "ten known answers in the requester's order: once in 3.6 million drafts"
    assert [task["id"] for task in seen] == offer["tasks"]
    assert found["gold"].keys() == {"root", "count", "max_share", "sealed"}
    text = json.dumps([found, offer, house.get(None, f"/v1/batches/{batch_id}")])
    assert "is_known" not in text
    assert '"cat"' not in json.dumps(found["gold"])


def test_a_draft_whose_known_answers_stand_out_is_refused(house: House) -> None:
    requester = house.requester()
    body = house.draft_body(0)
    named = [{"id": "gold-1", "content": {}}, *({"id": f"t{n}", "content": {}} for n in range(3))]
    shaped = [{"id": "t9", "content": {"test": 1}}, *({"id": f"t{n}", "content": {}} for n in range(3))]
    for odd in (named, shaped):
        wish = body | {"tasks": odd, "gold": {odd[0]["id"]: "cat"}}
        house.refused(requester, "/v1/batches", wish, 422, "gold_stands_out")
    hashes = [{"id": name, "content": {}} for name in ("ab3f", "f00d", "c0de", "beef")]
    house.post(requester, "/v1/batches", body | {"tasks": hashes, "gold": {"f00d": "cat"}}, 201)
    house.refused(requester, "/v1/batches", body | {"tasks": hashes, "max_gold_share": 0.1}, 422, "gold_missing")


def test_each_worker_gets_at_most_its_share_however_it_asks(house: House) -> None:
    batch_id = batch(house)
    share = default_share(10, 50)
    for counts in ((1, 1, 1, 3, 4), (10, 10), (50,)):
        worker, given, known = house.wallet(), 0, 0
        for count in counts:
            batch_of = batch_id if counts != (50,) else batch(house)
            offer = house.claimed(worker, batch_of, count=count)
            given += len(offer["tasks"])
            known += sum(task in GOLD for task in offer["tasks"])
            assert known <= most_known(share, given)
            house.submit(worker, offer, house.answered(worker, offer))
            house.reaches(worker, offer["assignment_id"], "submitted")
    assert (given, known) == (50, 10), "who does everything does the known ones too"


@pytest.mark.parametrize("is_capped", [True, False])
def test_a_cap_that_is_forgotten_would_be_seen(
    house: House, monkeypatch: pytest.MonkeyPatch, *, is_capped: bool
) -> None:
    """A worker asks for everything where one known answer in ten tasks is promised; the second run plants the bug."""
    if not is_capped:
        monkeypatch.setattr(choosing, "most_known", lambda _, given: given)
    offer = house.claimed(house.wallet(), batch(house, max_gold_share=0.1), count=50)

    known = sum(task in GOLD for task in offer["tasks"])

    assert (known <= most_known(0.1, len(offer["tasks"]))) is is_capped
    assert (known, len(offer["tasks"])) == ((4, 44) if is_capped else (10, 50))


def test_nobody_picks_tasks_where_answers_are_known(house: House) -> None:
    wish = {"batch_id": batch(house), "tasks": ["t00"]}
    house.refused(house.wallet(), "/v1/work/assignments", wish, 422, "tasks_are_drawn")


def test_known_answers_stay_sealed_while_somebody_works(house: House) -> None:
    """A reviewer decides early: labels and file do not tell which tasks were known."""
    batch_id = batch(house, 12, review={"policy": "reviewers"})
    early, late = house.wallet(), house.wallet()
    first = house.submitted(early, batch_id, count=4)
    second = house.claimed(late, batch_id, count=8)
    verdicts = [{"task": t, "worker": early.address, "decision": "accepted", "reason": ""} for t in first["tasks"]]

    house.settled(house.proposed(batch_id, verdicts))

    whole = payload(house, house.get(None, f"/v1/batches/{batch_id}/results")["settlements"][0]["results_cid"])
    assert whole["gold"] is None
    root = manifest(house, batch_id)["gold"]["root"]
    assert house.client.get(f"/v1/payloads/{cid_of_digest(root)}").status_code == 404

    house.submit(late, second, house.answered(late, second, "dog"))
    house.reaches(late, second["assignment_id"], "submitted")
    verdicts = [{"task": t, "worker": late.address, "decision": "accepted", "reason": ""} for t in second["tasks"]]
    house.settled(house.proposed(batch_id, verdicts))
    last = payload(house, house.get(None, f"/v1/batches/{batch_id}/results")["settlements"][1]["results_cid"])
    assert last["gold"] == {"document_digest": root}
    assert payload(house, cid_of_digest(root))["answers"] == GOLD


def test_nothing_is_handed_out_once_the_known_answers_are_public(house: House) -> None:
    """Every other task is answered, one known one is left: it is not asked, and the batch is decided."""
    batch_id = batch(house, 12, max_gold_share=0.5)
    worker, answered = house.wallet(), set[str]()
    while {"t10", "t11"} - answered:
        answered |= set(house.submitted(worker, batch_id, count=4)["tasks"])
    assert set(GOLD) - answered

    queue = lambda: house.get(house.reviewers()[0], "/v1/reviews/queue")["items"]  # noqa: E731
    found = house.until(
        lambda: [p for item in queue() if item["batch_id"] == batch_id for p in item["proposals"]], bool
    )
    house.refused(house.wallet(), "/v1/work/assignments", {"batch_id": batch_id}, 409, "batch_not_open")
    results = payload(house, house.get(None, f"/v1/reviews/proposals/{found[0]['proposal_id']}")["results_cid"])
    assert results["gold"] is not None


def payload(house: House, cid: str) -> Any:
    answer = house.client.get(f"/v1/payloads/{cid}")
    assert answer.status_code == 200, answer.text
    return answer.json()
