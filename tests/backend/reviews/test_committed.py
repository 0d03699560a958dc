"""Known answers that the manifest does not commit to judge nobody, and operator and requester are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backend.reviews.committed import CommittedAnswers
from piecework.db.gateway import Draft
from tests.backend.house import House, verdict

GOLD = {"t0": "cat", "t1": "cat", "t2": "cat"}
Edit = Callable[[dict[str, Any]], dict[str, Any] | None]


def other_answers(gold: dict[str, Any]) -> dict[str, Any]:
    return gold | {"answers": dict.fromkeys(GOLD, "dog")}


def other_salt(gold: dict[str, Any]) -> dict[str, Any]:
    return gold | {"salt": "0x" + "00" * 32}


def lost(_: dict[str, Any]) -> None:
    """As a database restored from before would have it."""


def no_document(gold: dict[str, Any]) -> dict[str, Any]:
    return {"answers": gold["answers"]}


def batch_with(house: House, edit: Edit, **changes: Any) -> tuple[Any, str]:
    """The requester and id of a funded batch whose known answers in the database were changed after drafting."""
    requester = house.requester()
    body = {"review": {"policy": "agreement", "reject_gold_below": 0.6}, "gold": GOLD, "max_gold_share": 1}
    batch_id = house.funded(requester, 5, **({"answers_per_task": 2} | body | changes))
    with house.services.writing() as session:
        draft = session.get_one(Draft, batch_id)
        draft.gold = edit(dict(draft.gold or {}))
    return requester, batch_id


def rejected(house: House, batch_id: str) -> set[str]:
    """Workers that a proposal of the batch's policy rejects."""
    queue = house.get(house.reviewers()[0], "/v1/reviews/queue")["items"]
    proposals = [p for item in queue if item["batch_id"] == batch_id for p in item["proposals"]]
    whole = [house.get(None, f"/v1/reviews/proposals/{p['proposal_id']}") for p in proposals]
    return {v["worker"] for found in whole for v in found["verdicts"] if v["rejected"]}


def warnings(house: House) -> list[str]:
    answer = house.client.get("/readyz")
    assert answer.status_code == 200, "one batch's trouble holds up no gateway"
    found: list[str] = answer.json()["warnings"]
    return found


@pytest.mark.parametrize("policy", ["inference", "agreement"])
@pytest.mark.parametrize(
    ("edit", "told"),
    [(other_answers, "commits to"), (other_salt, "commits to"), (lost, "they are lost"), (no_document, "no whole")],
)
def test_changed_known_answers_reject_nobody_and_silence_pays(house: House, edit: Edit, told: str, policy: str) -> None:
    """Honest workers all say cat, as the committed answers do; the changed ones would reject them."""
    requester, batch_id = batch_with(house, edit, review={"policy": policy, "reject_gold_below": 0.6})
    workers = [house.wallet() for _ in range(2)]
    for worker in workers:
        house.submitted(worker, batch_id, "cat")

    (found,) = house.until(lambda: [text for text in warnings(house) if batch_id in text], bool)
    assert told in found
    assert rejected(house, batch_id) == set()
    path = f"/v1/reviews/batches/{batch_id}/proposals"
    house.refused(house.reviewers()[0], path, {}, 409, "known_answers_changed")
    report = house.get(requester, f"/v1/batches/{batch_id}/report")
    assert report["warnings"] == [found]
    assert report["accuracy"]["known_answers"] is None
    assert "piecework_known_answers_changed_batches 0" not in house.client.get("/metrics").text

    house.stack.web3.provider.make_request("evm_increaseTime", [90_000])
    house.stack.web3.provider.make_request("evm_mine", [])
    paid = lambda: house.get(None, f"/v1/batches/{batch_id}")["accepted"]  # noqa: E731
    house.until(paid, lambda count: count == 10)


def test_without_the_comparison_honest_workers_would_be_rejected(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: the gateway believes its own database."""
    monkeypatch.setattr(CommittedAnswers, "_difference", lambda *_: None)
    _, batch_id = batch_with(house, other_answers)
    workers = [house.wallet() for _ in range(2)]
    for worker in workers:
        house.submitted(worker, batch_id, "cat")

    found = house.until(lambda: rejected(house, batch_id), bool)

    assert found == {worker.address for worker in workers}


def test_people_may_still_decide_and_nothing_false_is_revealed(house: House) -> None:
    _, batch_id = batch_with(house, other_answers, review={"policy": "reviewers"}, answers_per_task=1)
    worker = house.wallet()
    offer = house.submitted(worker, batch_id, "cat", count=5)

    house.settled(house.proposed(batch_id, [verdict(worker, task) for task in offer["tasks"]]))

    settlement = house.get(None, f"/v1/batches/{batch_id}/results")["settlements"][0]
    assert house.client.get(f"/v1/payloads/{settlement['results_cid']}").json()["gold"] is None
    house.refused(None, f"/v1/batches/{batch_id}/disclosure-key", None, 401, "not_signed_in", method="GET")


def test_answers_that_were_put_right_again_are_believed(house: House) -> None:
    kept: dict[str, Any] = {}

    def changed(gold: dict[str, Any]) -> dict[str, Any]:
        kept.update(gold)
        return other_answers(gold)

    _, batch_id = batch_with(house, changed)
    for worker in (house.wallet(), house.wallet()):
        house.submitted(worker, batch_id, "dog")
    house.until(lambda: [text for text in warnings(house) if batch_id in text], bool)

    with house.services.writing() as session:
        session.get_one(Draft, batch_id).gold = kept

    house.until(lambda: rejected(house, batch_id), lambda workers: len(workers) == 2)
    assert not any(batch_id in text for text in warnings(house))


def test_a_manifest_that_cannot_be_read_judges_nobody_either(house: House) -> None:
    from backend.ipfs.port import PayloadMissing

    def missing(cid: str) -> bytes:
        raise PayloadMissing(cid)

    committed = CommittedAnswers()
    _, batch_id = batch_with(house, dict)
    with house.services.reading() as session:
        draft = session.get_one(Draft, batch_id)
        assert committed.known(draft, draft.manifest_digest, missing) is None
        assert "cannot be read" in committed.warnings()[0]
        fetch = lambda cid: house.services.store.get(cid, 2**20)  # noqa: E731
        assert committed.known(draft, draft.manifest_digest, fetch) == GOLD
        assert committed.warnings() == []
        assert committed.known(draft, draft.manifest_digest, missing) == GOLD, "a root that was read once is kept"
