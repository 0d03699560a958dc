"""Tasks are handed out once, to who may have them, and an answer is taken once, in time, in shape, by its worker."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.backend.house import House, sign
from tests.backend.relay.market import DAY, digest_of

HOUR = 3_600


@pytest.fixture(scope="module")
def batch_id(house: House) -> str:
    """A large batch that tests take a task each from."""
    return house.funded(tasks=60)


def path(offer: Any) -> str:
    return f"/v1/work/assignments/{offer['assignment_id']}"


def flipped(signature: str) -> str:
    return signature[:20] + ("0" if signature[20] != "0" else "1") + signature[21:]


# ------------------------------------------------------------------ handing out


def test_asking_again_before_claiming_gives_the_same_ticket(house: House, batch_id: str) -> None:
    worker = house.wallet()

    first, second = (house.offer(worker, batch_id, count=2) for _ in range(2))

    assert first == second
    assert len(first["tasks"]) == 2


def test_no_slot_is_given_twice_however_many_ask_at_once(house: House) -> None:
    batch_id = house.funded(tasks=2, answers_per_task=2)
    workers = [house.wallet() for _ in range(6)]
    for worker in workers:
        house.token(worker)
    given: list[list[str]] = []

    def ask(worker: Any) -> None:
        headers = {"authorization": f"Bearer {house.token(worker)}"}
        body = {"batch_id": batch_id, "count": 1}
        answer = house.client.post("/v1/work/assignments", json=body, headers=headers)
        if answer.status_code == 201:
            given.append(answer.json()["tasks"])
        else:
            assert answer.json()["code"] == "no_tasks_left"

    threads = [threading.Thread(target=ask, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(given) == [["t0"], ["t0"], ["t1"], ["t1"]]


def test_a_worker_gets_a_task_once(house: House) -> None:
    worker = house.wallet()
    batch_id = house.funded(tasks=1, answers_per_task=3)
    house.submitted(worker, batch_id)
    wanted = {"batch_id": batch_id}

    house.refused(worker, "/v1/work/assignments", wanted, 409, "no_tasks_left")
    house.refused(worker, "/v1/work/assignments", wanted | {"tasks": ["t0"]}, 409, "already_answered")


def test_wishes_that_cannot_be_are_refused_by_name(house: House) -> None:
    requester, worker, other = house.requester(), house.wallet(), house.wallet()
    batch_id = house.funded(requester, 2)
    house.offer(other, batch_id, tasks=["t1"])
    wanted = {"batch_id": batch_id}

    for who, change, status, code in (
        (worker, {"tasks": ["t1"]}, 409, "task_already_taken"),
        (worker, {"tasks": ["nowhere"]}, 422, "task_unknown"),
        (worker, {"tasks": ["t0", "t0"]}, 422, "task_id_twice"),
        (worker, {"tasks": []}, 422, "malformed_request"),
        (worker, {"count": 0}, 422, "malformed_request"),
        (worker, {"count": 51}, 422, "malformed_request"),
        (worker, {"surprise": 1}, 422, "malformed_request"),
        (worker, {"batch_id": "0x12"}, 422, "malformed_request"),
        (worker, {"batch_id": "0x" + "ab" * 32}, 404, "batch_unknown"),
        (requester, {}, 403, "own_batch"),
        (None, {}, 401, "not_signed_in"),
    ):
        house.refused(who, "/v1/work/assignments", wanted | change, status, code)


def test_an_unfunded_draft_hands_out_nothing(house: House) -> None:
    draft = house.draft(house.requester())

    house.refused(house.wallet(), "/v1/work/assignments", {"batch_id": draft["batch_id"]}, 404, "batch_unknown")


# ---------------------------------------------------------------------- claiming


def test_a_claim_signed_otherwise_is_refused_and_the_right_one_still_counts(house: House, batch_id: str) -> None:
    worker, other = house.wallet(), house.wallet()
    offer = house.offer(worker, batch_id, count=1)
    typed, good = offer["typed_data"], sign(worker, offer["typed_data"])
    changed = {
        "another key": sign(other, typed),
        "a flipped digit": flipped(good),
        "a short one": good[:-2],
        "more assignments": sign(worker, typed | {"message": typed["message"] | {"count": 2}}),
        "another chain": sign(worker, typed | {"domain": typed["domain"] | {"chainId": 1}}),
        "another escrow": sign(worker, typed | {"domain": typed["domain"] | {"verifyingContract": other.address}}),
    }

    for wrong in changed.values():
        house.refused(worker, path(offer) + "/claim", {"signature": wrong}, 422, "signature_by_another_key")
    for body in ({}, {"signature": "0xzz"}, {"signature": good, "more": 1}):
        house.refused(worker, path(offer) + "/claim", body, 422, "malformed_request")
    house.refused(other, path(offer) + "/claim", {"signature": good}, 404, "assignment_unknown")
    house.post(worker, path(offer) + "/claim", {"signature": good}, 202)
    house.reaches(worker, offer["assignment_id"], "claimed")
    house.refused(worker, path(offer) + "/claim", {"signature": good}, 409, "already_claimed")


def test_a_claim_posted_by_many_at_once_is_brought_on_chain_once(house: House, batch_id: str) -> None:
    worker = house.wallet()
    offer = house.offer(worker, batch_id, count=1)
    body = {"signature": sign(worker, offer["typed_data"])}
    headers = {"authorization": f"Bearer {house.token(worker)}"}
    found = []

    def post() -> None:
        answer = house.client.post(path(offer) + "/claim", json=body, headers=headers)
        found.append((answer.status_code, answer.json().get("code")))

    threads = [threading.Thread(target=post) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found)[0] == (202, None)
    assert sorted(found)[1:] == [(409, "already_claimed")] * 4
    house.reaches(worker, offer["assignment_id"], "claimed")
    assert house.stack.escrow.tally(batch_id, worker.address).claimed == 1


def test_a_claim_beyond_the_free_assignments_is_refused(house: House) -> None:
    """Funded for fewer assignments than drafted: the chain's count decides, not the draft's."""
    from piecework.domain.messages import Terms

    owner, first, second = house.requester(), house.wallet(), house.wallet()
    draft = house.draft(owner, 3)
    from piecework.chain.calls import encode

    stack = house.stack
    stack.send(owner, encode(stack.token.contract, "approve", stack.escrow.address, 10_000))
    stack.send(owner, stack.escrow.deposit(10_000))
    stack.send(owner, stack.escrow.open_batch(Terms.from_json(draft["terms"]), draft["salt"], 1))
    url = f"/v1/batches/{draft['batch_id']}"
    house.until(lambda: house.client.get(url).status_code, lambda status: status == 200)
    house.claimed(first, draft["batch_id"], count=1)

    offer = house.offer(second, draft["batch_id"], count=1)
    body = {"signature": sign(second, offer["typed_data"])}

    house.refused(second, path(offer) + "/claim", body, 409, "not_enough_free")


def test_an_assignment_of_another_worker_cannot_be_seen_or_used(house: House, batch_id: str) -> None:
    worker, thief = house.wallet(), house.wallet()
    offer = house.claimed(worker, batch_id, count=1)
    drafted = house.answered(worker, offer)
    signed = {"work_digest": drafted["work_digest"], "signature": sign(thief, drafted["typed_data"])}
    answers = {"answers": [{"task": offer["tasks"][0], "answer": "cat"}]}

    house.refused(thief, path(offer), None, 404, "assignment_unknown", method="GET")
    for tail, body in (
        ("/answers", answers),
        ("/submission", signed),
        ("/return/draft", {}),
        ("/return", {"sequence": 1, "deadline": 2**39, "signature": "0x00"}),
    ):
        house.refused(thief, path(offer) + tail, body, 404, "assignment_unknown")
    house.refused(None, path(offer), None, 401, "not_signed_in", method="GET")
    assert house.get(thief, "/v1/work/assignments")["items"] == []


# --------------------------------------------------------------------- answering


def test_answers_that_do_not_fit_are_refused_by_name(house: House, batch_id: str) -> None:
    worker = house.wallet()
    offer = house.claimed(worker, batch_id, count=2)
    one, two = ({"task": task, "answer": "cat"} for task in offer["tasks"])

    for answers, code in (
        ([one], "answers_incomplete"),
        ([one, one], "task_id_twice"),
        ([one, two | {"task": "elsewhere"}], "task_unknown"),
        ([one, two | {"answer": "whale"}], "answer_invalid"),
        ([one, two | {"answer": None}], "answer_invalid"),
        ([one, two | {"answer": {"cat": 1}}], "answer_invalid"),
        ([], "malformed_request"),
        ([one, two | {"more": 1}], "malformed_request"),
        ([one, {"task": two["task"]}], "malformed_request"),
    ):
        house.refused(worker, path(offer) + "/answers", {"answers": answers}, 422, code)


@pytest.mark.parametrize(
    ("answer", "code"),
    [(2**53, "document_refused"), (10**400, "document_refused"), ("x" * 300_000, "answers_too_large")],
    ids=["beyond a double", "beyond all", "over a block"],
)
def test_answers_that_no_document_can_hold_are_refused(house: House, answer: Any, code: str) -> None:
    worker = house.wallet()
    batch_id = house.funded(tasks=1, task_type="text", answer_schema={"title": "anything"})
    offer = house.claimed(worker, batch_id)
    body = {"answers": [{"task": "t0", "answer": answer}]}

    house.refused(worker, path(offer) + "/answers", body, 422, code)


def test_answers_before_the_claim_is_on_chain_are_refused(house: House, batch_id: str) -> None:
    worker = house.wallet()
    offer = house.offer(worker, batch_id, count=1)
    body = {"answers": [{"task": offer["tasks"][0], "answer": "cat"}]}

    house.refused(worker, path(offer) + "/answers", body, 409, "claim_not_on_chain")


def test_a_submission_of_other_answers_or_by_another_key_is_refused(house: House, batch_id: str) -> None:
    worker = house.wallet()
    offer = house.claimed(worker, batch_id, count=1)
    unknown = {"work_digest": digest_of(5), "signature": "0x" + "11" * 65}
    house.refused(worker, path(offer) + "/submission", unknown, 409, "answers_unknown")
    drafted = house.answered(worker, offer)
    good = {"work_digest": drafted["work_digest"], "signature": sign(worker, drafted["typed_data"])}
    stale = house.answered(worker, offer, "dog")

    # The answers were drafted anew: the first ones are not kept any more.
    house.refused(worker, path(offer) + "/submission", good, 409, "answers_unknown")
    good = {"work_digest": stale["work_digest"], "signature": sign(worker, stale["typed_data"])}
    for change, code in (
        ({"signature": sign(house.wallet(), stale["typed_data"])}, "signature_by_another_key"),
        ({"signature": sign(worker, drafted["typed_data"])}, "signature_by_another_key"),
        ({"signature": flipped(good["signature"])}, "signature_by_another_key"),
        ({"work_digest": "0x12"}, "malformed_request"),
        ({"more": 1}, "malformed_request"),
    ):
        house.refused(worker, path(offer) + "/submission", good | change, 422, code)
    house.post(worker, path(offer) + "/submission", good, 202)
    house.reaches(worker, offer["assignment_id"], "submitted")
    house.refused(worker, path(offer) + "/submission", good, 409, "already_submitted")
    body = {"answers": [{"task": offer["tasks"][0], "answer": "cat"}]}
    house.refused(worker, path(offer) + "/answers", body, 409, "already_submitted")
    assert house.assignment(worker, offer["assignment_id"])["tasks"] is None


# --------------------------------------------------------------------- returning


def test_returned_tasks_are_free_for_others(house: House) -> None:
    worker, other = house.wallet(), house.wallet()
    batch_id = house.funded(tasks=1)
    offer = house.claimed(worker, batch_id)
    house.refused(other, "/v1/work/assignments", {"batch_id": batch_id}, 409, "no_tasks_left")
    draft = house.post(worker, path(offer) + "/return/draft")
    body = {"sequence": draft["sequence"], "deadline": draft["deadline"]}
    good = body | {"signature": sign(worker, draft["typed_data"])}

    house.refused(worker, path(offer) + "/return", good | {"sequence": 9}, 422, "signature_by_another_key")
    house.refused(worker, path(offer) + "/return", good | {"deadline": 1}, 422, "signature_expired")
    house.refused(worker, path(offer) + "/return", good | {"sequence": 2**24}, 422, "malformed_request")
    house.refused(worker, path(offer) + "/return", good | {"deadline": 2**40}, 422, "malformed_request")
    house.post(worker, path(offer) + "/return", good, 202)
    house.reaches(worker, offer["assignment_id"], "returned")
    house.until(lambda: house.stack.escrow.batch(batch_id).free, lambda free: free == 1)
    house.refused(worker, path(offer) + "/return", good, 409, "assignment_returned")

    again = house.offer(worker, batch_id)
    assert again["tasks"] == ["t0"]
    assert again["assignment_id"] != offer["assignment_id"]


# ------------------------------------------------------------------- own packets


def own_packet(house: House, worker: Any, offer: Any, **changes: Any) -> dict[str, Any]:
    """The claim of an offer as a packet of the worker's own making."""
    body: dict[str, Any] = {
        "batch_id": offer["batch_id"],
        "kind": "claim",
        "sequence": offer["sequence"],
        "deadline": offer["deadline"],
        "manifest_version": 1,
        "count": len(offer["tasks"]),
        "tasks_digest": offer["tasks_digest"],
        "ticket": offer["ticket"],
    } | changes
    if "signature" not in body:
        body["signature"] = sign(worker, typed(house, worker, body))
    return body


def typed(house: House, worker: Any, body: dict[str, Any]) -> Any:
    from piecework.domain.messages import Packet, PacketKind

    names = ("sequence", "deadline", "manifest_version", "count", "submitted", "tasks_digest", "work_digest")
    values = {name: body[name] for name in names if name in body}
    packet = Packet(kind=PacketKind[body["kind"].upper()], batch_id=body["batch_id"], worker=worker.address, **values)
    return packet.typed_data(house.stack.escrow.domain)


def test_a_claim_of_ones_own_making_is_taken_and_its_replay_refused(house: House, batch_id: str) -> None:
    worker = house.wallet()
    offer = house.offer(worker, batch_id, count=1)
    body = own_packet(house, worker, offer)

    house.post(worker, "/v1/work/packets", body, 202)
    house.until(lambda: house.stack.escrow.tally(batch_id, worker.address).claimed, lambda claimed: claimed == 1)

    house.refused(worker, "/v1/work/packets", body, 409, "sequence_not_next")
    # The same ticket under the next number: tickets carry the number too.
    replay = own_packet(house, worker, offer, sequence=offer["sequence"] + 1)
    house.refused(worker, "/v1/work/packets", replay, 422, "ticket_invalid")


def test_packets_that_the_contract_would_refuse_are_refused_here(house: House, batch_id: str) -> None:
    worker, thief = house.wallet(), house.wallet()
    offer = house.offer(worker, batch_id, count=1)
    now = house.gateway.market.now
    late, early = offer["ticket"] | {"deadline": now - 10}, offer["ticket"] | {"lease_end": now - 10}
    long = offer["ticket"] | {"lease_end": now + 31 * DAY}
    stolen = offer | {"sequence": 0}

    for who, body, status, code in (
        (thief, own_packet(house, thief, stolen), 422, "ticket_invalid"),
        (worker, own_packet(house, worker, offer, ticket=None), 422, "ticket_expired"),
        (worker, own_packet(house, worker, offer, ticket=late), 422, "ticket_expired"),
        (worker, own_packet(house, worker, offer, ticket=early), 422, "ticket_lease_out_of_range"),
        (worker, own_packet(house, worker, offer, ticket=long), 422, "ticket_lease_out_of_range"),
        (worker, own_packet(house, worker, offer, count=2), 422, "ticket_invalid"),
        (worker, own_packet(house, worker, offer, tasks_digest=digest_of(3)), 422, "ticket_invalid"),
        (worker, own_packet(house, worker, offer, count=0), 409, "nothing_asked"),
        (worker, own_packet(house, worker, offer, count=65_535), 409, "not_enough_free"),
        (worker, own_packet(house, worker, offer, manifest_version=2), 409, "manifest_version_unknown"),
        (worker, own_packet(house, worker, offer, sequence=1), 409, "sequence_not_next"),
        (worker, own_packet(house, worker, offer, deadline=now - 10), 422, "signature_expired"),
        (worker, own_packet(house, worker, offer, batch_id=digest_of(4)), 404, "batch_unknown"),
        (worker, own_packet(house, thief, offer), 422, "signature_by_another_key"),
        (worker, own_packet(house, worker, offer) | {"count": 2}, 422, "signature_by_another_key"),
        (worker, own_packet(house, worker, offer, kind="submit", work_digest=digest_of(8)), 409, "not_enough_claimed"),
        (worker, own_packet(house, worker, offer, kind="submit"), 422, "nothing_asked"),
        (worker, own_packet(house, worker, offer, kind="return_claim"), 409, "not_enough_claimed"),
        (worker, own_packet(house, worker, offer, kind="claim_and_submit"), 422, "nothing_asked"),
        (
            worker,
            own_packet(house, worker, offer, kind="claim_and_submit", submitted=2, work_digest=digest_of(8)),
            409,
            "not_enough_claimed",
        ),
    ):
        house.refused(who, "/v1/work/packets", body, status, code)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "dispute_everything"},
        {"sequence": -1},
        {"sequence": 2**24},
        {"deadline": 2**40},
        {"count": 2**16},
        {"submitted": 2**16},
        {"manifest_version": 2**16},
        {"tasks_digest": "0x12"},
        {"ticket": {"lease_end": 1}},
        {"surprise": 1},
    ],
    ids=lambda changes: f"{changes}",
)
def test_a_packet_beyond_the_contracts_types_is_malformed(house: House, batch_id: str, changes: dict[str, Any]) -> None:
    worker = house.wallet()
    offer = house.offer(worker, batch_id, count=1)

    house.refused(worker, "/v1/work/packets", own_packet(house, worker, offer) | changes, 422, "malformed_request")


# -------------------------------------------------------------------------- time


def test_what_comes_after_the_lease_is_refused_and_its_tasks_are_free_again(house: House) -> None:
    """Last in this file: it moves the chain's clock beyond a lease."""
    worker, slow, other = house.wallet(), house.wallet(), house.wallet()
    batch_id = house.funded(tasks=2, lease_seconds=HOUR)
    unclaimed = house.offer(slow, batch_id, count=1)
    offer = house.claimed(worker, batch_id, count=1)
    drafted = house.answered(worker, offer)
    late = {"work_digest": drafted["work_digest"], "signature": sign(worker, drafted["typed_data"])}
    claim = {"signature": sign(slow, unclaimed["typed_data"])}

    house.stack.travel(HOUR + 2)

    house.until(house.services.clock.now, lambda now: now > offer["ticket"]["lease_end"])
    house.until(lambda: house.stack.escrow.tally(batch_id, worker.address).claimed, lambda claimed: claimed == 0)
    house.refused(slow, path(unclaimed) + "/claim", claim, 409, "lease_over")
    house.refused(worker, path(offer) + "/submission", late, 409, "lease_over")
    house.refused(worker, path(offer) + "/answers", {"answers": [{"task": "t0", "answer": "cat"}]}, 409, "lease_over")
    own = own_packet(house, worker, offer, kind="submit", sequence=1, deadline=2**39, work_digest=digest_of(8))
    house.refused(worker, "/v1/work/packets", own, 409, "not_enough_claimed")
    # What nobody did in time is there for others, and the late worker may try again.
    assert sorted(house.offer(other, batch_id, count=2)["tasks"]) == ["t0", "t1"]
