"""Reviews: the panel alone decides, each answer once, with reasons, and a settlement takes effect once."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.backend.house import House, sign, verdict
from tests.backend.relay.market import DAY, digest_of

HOUR = 3_600


@pytest.fixture(scope="module")
def worker(house: House) -> Any:
    return house.wallet()


def submitted(house: House, worker: Any, tasks: int = 2, **changes: Any) -> str:
    """A batch in which `worker` answered everything."""
    batch_id = house.funded(tasks=tasks, **changes)
    house.submitted(worker, batch_id)
    return batch_id


def proposals(batch_id: str) -> str:
    return f"/v1/reviews/batches/{batch_id}/proposals"


def signatures(proposal: Any) -> str:
    return f"/v1/reviews/proposals/{proposal['proposal_id']}/signatures"


def test_only_the_panel_reviews(house: House, worker: Any) -> None:
    requester, stranger = house.requester(), house.wallet()
    batch_id = house.funded(requester, 1)
    house.submitted(worker, batch_id)
    first = house.reviewers()[0]
    given = {"verdicts": [verdict(worker, "t0")]}
    listing = f"/v1/reviews/batches/{batch_id}/submissions"

    for who in (stranger, worker, requester):
        house.refused(who, proposals(batch_id), given, 403, "reviewer_not_in_panel")
    for who in (stranger, worker):
        house.refused(who, listing, None, 403, "reviewer_not_in_panel", method="GET")
    house.refused(None, listing, None, 401, "not_signed_in", method="GET")
    house.refused(None, proposals(batch_id), given, 401, "not_signed_in")
    assert house.get(requester, listing)["items"], "the requester may read what it paid for"
    assert house.get(stranger, "/v1/reviews/queue")["items"] == []

    proposal = house.post(first, proposals(batch_id), given, 201)
    for who in (stranger, worker, requester):
        body = {"signature": sign(who, proposal["typed_data"])}
        house.refused(who, signatures(proposal), body, 403, "reviewer_not_in_panel")


def test_verdicts_that_do_not_fit_are_refused_by_name(house: House, worker: Any) -> None:
    batch_id = submitted(house, worker)
    first, idle = house.reviewers()[0], house.wallet()
    good = verdict(worker, "t0")

    for verdicts, code in (
        ([verdict(idle, "t0")], "verdict_unknown"),
        ([verdict(worker, "t9")], "verdict_unknown"),
        ([good, good], "verdict_twice"),
        ([good, verdict(worker, "t0", "rejected", "no")], "verdict_twice"),
        ([verdict(worker, "t0", "rejected")], "reason_missing"),
        ([verdict(worker, "t0", "rejected", " \n")], "reason_missing"),
        ([verdict(worker, "t0", "perhaps")], "malformed_request"),
        ([verdict(worker, "t0", "rejected", "x" * 2_001)], "malformed_request"),
        ([good | {"worker": "0x12"}], "malformed_request"),
        ([good | {"more": 1}], "malformed_request"),
        ([], "malformed_request"),
        (None, "verdicts_missing"),
    ):
        house.refused(first, proposals(batch_id), {"verdicts": verdicts}, 422, code)
    house.refused(first, proposals(digest_of(4)), {"verdicts": [good]}, 404, "batch_unknown")
    house.refused(first, proposals("0x12"), {"verdicts": [good]}, 422, "malformed_request")


def test_the_longest_reason_is_kept_whole(house: House, worker: Any) -> None:
    batch_id = submitted(house, worker, 1)
    reason = "é" * 2_000

    house.settled(house.proposed(batch_id, [verdict(worker, "t0", "rejected", reason)]))

    cid = house.get(None, f"/v1/batches/{batch_id}/results")["settlements"][0]["results_cid"]
    assert house.client.get(f"/v1/payloads/{cid}").json()["decisions"][0]["reason"] == reason


def test_a_batch_has_one_proposal_at_a_time_and_none_without_answers(house: House, worker: Any) -> None:
    empty = house.funded(tasks=1)
    first, second, _ = house.reviewers()
    house.refused(first, proposals(empty), {"verdicts": [verdict(worker, "t0")]}, 409, "nothing_to_decide")

    batch_id = submitted(house, worker)
    house.proposed(batch_id, [verdict(worker, "t0")])
    house.refused(second, proposals(batch_id), {"verdicts": [verdict(worker, "t1")]}, 409, "proposal_under_way")


def test_a_signature_of_something_else_does_not_count(house: House, worker: Any) -> None:
    batch_id = submitted(house, worker, 1)
    proposal = house.proposed(batch_id, [verdict(worker, "t0")])
    first, second, _ = house.reviewers()
    typed = proposal["typed_data"]
    message = typed["message"]
    good = sign(first, typed)
    wrong = {
        "another member's": sign(second, typed),
        "more accepted": sign(first, typed | {"message": message | {"nonce": 2}}),
        "another file": sign(first, typed | {"message": message | {"resultsDigest": digest_of(6)}}),
        "another chain": sign(first, typed | {"domain": typed["domain"] | {"chainId": 1}}),
        "too short": good[:-2],
        "two in one": good + sign(second, typed)[2:],
    }

    for signature in wrong.values():
        house.refused(first, signatures(proposal), {"signature": signature}, 422, "signature_by_another_key")
    for body in ({}, {"signature": "x"}, {"signature": good, "more": 1}):
        house.refused(first, signatures(proposal), body, 422, "malformed_request")
    nowhere = {"proposal_id": "ab" * 16}
    house.refused(first, signatures(nowhere), {"signature": good}, 404, "proposal_unknown")
    house.refused(first, signatures({"proposal_id": "x"}), {"signature": good}, 422, "malformed_request")
    house.refused(None, signatures(proposal), {"signature": good}, 401, "not_signed_in")


def test_the_same_member_twice_is_one_of_two(house: House, worker: Any) -> None:
    batch_id = submitted(house, worker, 1)
    proposal = house.proposed(batch_id, [verdict(worker, "t0")])
    first = house.reviewers()[0]

    for _ in range(2):
        found = house.endorse(first, proposal)

    assert (found["status"], found["signatures"], found["threshold"]) == ("open", [first.address], 2)
    assert house.stack.escrow.batch(batch_id).settlements == 0


def test_a_settlement_takes_effect_once(house: House, worker: Any) -> None:
    batch_id = submitted(house, worker, 1)
    earner = house.stack.escrow.account(worker.address).owed
    proposal = house.proposed(batch_id, [verdict(worker, "t0")])
    first, second, third = house.reviewers()
    bodies = {who.address: {"signature": sign(who, proposal["typed_data"])} for who in (first, second, third)}
    found = []

    def post(who: Any) -> None:
        headers = {"authorization": f"Bearer {house.token(who)}"}
        found.append(house.client.post(signatures(proposal), json=bodies[who.address], headers=headers).status_code)

    for who in (first, second, third):
        house.token(who)
    threads = [threading.Thread(target=post, args=(who,)) for who in (first, second, third)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200, 200, 409]
    house.ends(proposal)

    assert house.stack.escrow.batch(batch_id).settlements == 1
    assert house.stack.escrow.account(worker.address).owed == earner + 1_000
    house.refused(first, signatures(proposal), bodies[first.address], 409, "proposal_settled")
    house.refused(second, proposals(batch_id), {"verdicts": [verdict(worker, "t0")]}, 409, "nothing_to_decide")


def test_what_one_settlement_leaves_the_next_decides(house: House, worker: Any) -> None:
    batch_id = submitted(house, worker, 3)
    house.settled(house.proposed(batch_id, [verdict(worker, "t1")]))

    again = house.proposed(batch_id, [verdict(worker, "t0"), verdict(worker, "t2", "rejected", "blurred")])
    assert again["nonce"] == 2
    assert again["verdicts"] == [{"worker": worker.address, "decidedBefore": 1, "accepted": 1, "rejected": 1}]
    house.settled(again)

    labels = house.get(None, f"/v1/batches/{batch_id}/results")["labels"]
    assert sorted(label["task"] for label in labels) == ["t0", "t1", "t2"]


def test_a_single_person_can_be_the_reviewer(house: House, worker: Any) -> None:
    boss = house.requester()
    batch_id = house.funded(boss, 1, review={"policy": "requester"})
    house.submitted(worker, batch_id)
    house.refused(
        house.reviewers()[0], proposals(batch_id), {"verdicts": [verdict(worker, "t0")]}, 403, "reviewer_not_in_panel"
    )

    proposal = house.post(boss, proposals(batch_id), {"verdicts": [verdict(worker, "t0")]}, 201)
    assert proposal["threshold"] == 1
    house.endorse(boss, proposal)

    house.ends(proposal)


def test_a_settlement_made_elsewhere_replaces_the_proposal(house: House, worker: Any) -> None:
    """The reviewers sign something else and bring it themselves: the number is used, and the mirror says so."""
    from piecework.domain.messages import BatchKey, Terms, Verdict, settlement

    batch_id = submitted(house, worker, 1)
    proposal = house.proposed(batch_id, [verdict(worker, "t0")])
    view, escrow = house.get(None, f"/v1/batches/{batch_id}"), house.stack.escrow
    key = BatchKey(view["requester"], view["salt"], Terms.from_json(view["terms"]))
    verdicts = [Verdict(worker.address, 0, 0, 1)]
    data = settlement(escrow.domain, batch_id=batch_id, nonce=1, results_digest=digest_of(9), verdicts=verdicts)
    two = sorted(house.reviewers()[:2], key=lambda who: int(who.address, 16))
    joined = "0x" + "".join(sign(who, data)[2:] for who in two)
    house.stack.send(house.stack.accounts["stranger"], escrow.settle(key, 1, digest_of(9), verdicts, (), joined))

    house.ends(proposal, "superseded")
    house.refused(
        house.reviewers()[0],
        signatures(proposal),
        {"signature": sign(house.reviewers()[0], proposal["typed_data"])},
        409,
        "proposal_superseded",
    )


def test_submissions_page_in_the_order_of_the_chain(house: House) -> None:
    batch_id = house.funded(tasks=3)
    workers = [house.wallet() for _ in range(3)]
    for one in workers:
        house.submitted(one, batch_id, count=1)
    path, seen, cursor = f"/v1/reviews/batches/{batch_id}/submissions", [], None
    for _ in range(5):
        page = house.get(house.reviewers()[2], path, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [item["worker"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == [one.address for one in workers]


def test_a_reviewer_that_never_answers_is_replaced_by_time(house: House) -> None:
    """Last in this file: it moves the chain's clock beyond a review window."""
    late = house.wallet()
    batch_id = house.funded(tasks=1, review_window_seconds=HOUR)
    house.submitted(late, batch_id)
    proposal = house.proposed(batch_id, [verdict(late, "t0", "rejected", "too late")])

    house.stack.travel(DAY)

    house.until(lambda: house.stack.escrow.account(late.address).owed, lambda owed: owed == 1_000)
    house.ends(proposal, "superseded")
    first = house.reviewers()[0]
    house.refused(
        first, signatures(proposal), {"signature": sign(first, proposal["typed_data"])}, 409, "proposal_superseded"
    )
    house.refused(first, proposals(batch_id), {"verdicts": [verdict(late, "t0")]}, 409, "nothing_to_decide")
    paid = house.until(lambda: house.get(None, f"/v1/accounts/{late.address}/payments")["items"], bool)
    assert [item["reason"] for item in paid] == ["silence"]


def test_submissions_tell_what_is_decided_and_known_answers_to_whom_they_are_no_secret(
    house: House, worker: Any
) -> None:
    boss = house.requester()
    batch_id = house.funded(boss, 3, gold={"t1": "dog"}, max_gold_share=1.0)
    house.submitted(worker, batch_id)
    path = f"/v1/reviews/batches/{batch_id}/submissions"

    def told(who: Any) -> dict[str, tuple[Any, bool, Any]]:
        (item,) = house.get(who, path)["items"]
        return {each["task"]: (each["decision"], each["is_known"], each["known_answer"]) for each in item["tasks"]}

    reviewer, nothing = house.reviewers()[0], (None, False, None)
    assert told(boss) == {"t0": nothing, "t1": (None, True, "dog"), "t2": nothing}
    assert told(reviewer) == {"t0": nothing, "t1": nothing, "t2": nothing}
    assert house.get(boss, path)["items"][0]["waiting"] == 3

    house.settled(house.proposed(batch_id, [verdict(worker, "t0"), verdict(worker, "t2", "rejected", "blurred")]))
    found = told(reviewer)
    assert (found["t0"][0], found["t1"][0], found["t2"][0]) == ("accepted", None, "rejected")
    assert house.get(reviewer, path)["items"][0]["waiting"] == 1
