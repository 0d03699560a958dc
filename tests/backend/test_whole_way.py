"""From a draft to the last payment through public HTTP and wallets alone."""

from __future__ import annotations

import json
from typing import Any

from piecework.domain import documents
from piecework.domain.canonical import canonical_bytes
from piecework.domain.cid import cid_of, digest_of
from tests.backend.house import REWARD_UNITS, House, sign, verdict


def test_a_batch_is_drafted_funded_done_reviewed_and_paid(house: House) -> None:
    requester, worker = house.requester(), house.wallet()
    title = "Telling cats from dogs"
    draft = house.draft(requester, 2, title=title, gold={"t1": "dog"}, skills=["sight"])
    gas = draft["cost"].pop("gas")
    assert draft["cost"] == {
        "reward_units": "2000",
        "operator_fee_units": "0",
        "total_units": "2000",
        "relay_units": "0",
    }
    assert gas["gas"] > 0 < int(gas["most_wei"])
    assert draft["requester"] == requester.address

    # Funded by the requester's own transaction; the gateway gave its bytes.
    body = {"permit": house.permit(requester, draft)}
    batch_id = draft["batch_id"]
    transaction = house.post(requester, f"/v1/batches/{batch_id}/transaction", body)["transaction"]
    house.send(requester, transaction)
    listed = house.until(lambda: house.get(None, "/v1/batches", q="CATS dogs")["items"], bool)
    assert [(item["batch_id"], item["title"], item["free"]) for item in listed] == [(batch_id, title, 2)]
    assert house.get(None, "/v1/batches", q="cats whales")["items"] == []
    manifest = house.get(None, f"/v1/batches/{batch_id}/manifest")
    assert digest_of(canonical_bytes(manifest)) == draft["manifest_digest"] == draft["terms"]["manifest"]
    assert payload(house, draft["manifest_cid"]) == manifest
    assert "dog" not in json.dumps(manifest["gold"])

    # Claimed by a worker who owns nothing; the tasks come once that is on chain.
    offer = house.offer(worker, batch_id)
    assert house.assignment(worker, offer["assignment_id"])["tasks"] is None
    assert payload(house, offer["task_list_cid"])["tasks"] == offer["tasks"]
    assert sorted(offer["tasks"]) == ["t0", "t1"]  # in any order: one of them has a known answer
    path = f"/v1/work/assignments/{offer['assignment_id']}"
    intent = house.post(worker, path + "/claim", {"signature": sign(worker, offer["typed_data"])}, 202)
    assert house.gateway.finished(intent["intent_id"])["status"] == "confirmed"
    claimed = house.reaches(worker, offer["assignment_id"], "claimed")
    assert {task["id"]: task["content"] for task in claimed["tasks"]} == {"t0": {"picture": 0}, "t1": {"picture": 1}}

    # Answered and submitted; the worker hashes what it signs.
    drafted = house.answered(worker, offer)
    assert digest_of(canonical_bytes(drafted["answers"])) == drafted["work_digest"]
    assert house.client.get(f"/v1/payloads/{cid_of(canonical_bytes(drafted['answers']))}").status_code == 404
    house.submit(worker, offer, drafted)
    house.reaches(worker, offer["assignment_id"], "submitted")

    # Reviewed by two of three.
    first, second, third = house.reviewers()
    assert batch_id in [item["batch_id"] for item in house.get(third, "/v1/reviews/queue")["items"]]
    seen = house.get(first, f"/v1/reviews/batches/{batch_id}/submissions")["items"]
    assert {task["task"]: task["answer"] for task in seen[0]["tasks"]} == {"t0": "cat", "t1": "cat"}
    proposal = house.proposed(
        batch_id, [verdict(worker, "t0"), verdict(worker, "t1", "rejected", "a dog, see its tail")]
    )
    assert house.endorse(first, proposal)["status"] == "open"
    assert house.endorse(second, proposal)["status"] == "queued"
    house.ends(proposal)

    # Labels, reasons, sealed answers and known answers are public now, and the money is the worker's.
    results = house.until(
        lambda: house.client.get(f"/v1/batches/{batch_id}/results").json(), lambda found: "labels" in found
    )
    assert {label["task"]: label["label"] for label in results["labels"]} == {"t0": "cat", "t1": "dog"}
    whole = payload(house, results["settlements"][0]["results_cid"])
    assert {d["task"]: (d["decision"], d["reason"]) for d in whole["decisions"]} == {
        "t0": ("accepted", "accepted by the reviewer"),
        "t1": ("rejected", "a dog, see its tail"),
    }
    fetch = lambda cid: house.client.get(f"/v1/payloads/{cid}").content  # noqa: E731
    assert documents.unpack(whole["gold"]["document_digest"], "gold", fetch)["answers"] == {"t1": "dog"}
    assert documents.unpack(drafted["work_digest"], "answers", fetch) == drafted["answers"]
    account = house.until(
        lambda: house.get(None, f"/v1/accounts/{worker.address}"), lambda found: found["owed_units"] != "0"
    )
    assert (account["owed_units"], account["accepted"], account["rejected"]) == (str(REWARD_UNITS), 1, 1)
    payment = house.get(None, f"/v1/accounts/{worker.address}/payments")["items"][0]
    assert (payment["batch_id"], payment["amount_units"], payment["reason"]) == (
        batch_id,
        str(REWARD_UNITS),
        "reviewed",
    )
    assert payment["explorer_url"].endswith(payment["transaction_hash"])
    assert house.stack.web3.eth.get_balance(worker.address) == 0
    events = [event["name"] for event in house.get(None, f"/v1/batches/{batch_id}/events", limit=100)["items"]]
    assert events[0] == "BatchOpened"
    assert {"Claimed", "Submitted", "Settled", "Paid", "Rejected"} <= set(events)


def test_the_agreement_policy_proposes_by_itself_once_all_is_answered(house: House) -> None:
    batch_id = house.funded(tasks=1, answers_per_task=3, review={"policy": "agreement"})
    workers = [house.wallet() for _ in range(3)]
    for worker, answer in zip(workers, ("cat", "cat", "dog"), strict=True):
        house.submitted(worker, batch_id, answer)

    summary = house.until(lambda: proposals(house, batch_id), bool)[0]
    proposal = house.get(None, f"/v1/reviews/proposals/{summary['proposal_id']}")
    house.settled(proposal)

    assert house.get(None, f"/v1/batches/{batch_id}/results")["labels"] == [
        {"task": "t0", "label": "cat", "confidence": 0.666667}
    ]
    assert all(v["accepted"] == 1 and v["rejected"] == 0 for v in proposal["verdicts"])


def proposals(house: House, batch_id: str) -> Any:
    items = house.get(house.reviewers()[0], "/v1/reviews/queue")["items"]
    return [proposal for item in items if item["batch_id"] == batch_id for proposal in item["proposals"]]


def payload(house: House, cid: str) -> Any:
    return json.loads(house.client.get(f"/v1/payloads/{cid}").content)
