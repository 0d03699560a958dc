"""Drawn reviewers judge, M equal verdicts decide, and they are paid from the escrow as workers are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from backend.draws import drawing, guarding
from backend.matching import service as matching
from backend.work import service as work
from piecework.domain.draw import ranked
from tests.backend.draws.reviewing import (
    RULES,
    by_address,
    drawn,
    draws,
    enrol,
    fund_reviews,
    judges,
    opened,
    proposal_of,
    worked,
)
from tests.backend.house import House
from tests.backend.relay.market import DAY

HOUR = 3_600


@pytest.fixture(scope="module")
def house(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    from tests.backend.house import open_house

    with open_house(stack, tmp_path_factory.mktemp("house"), proposer_poll_seconds=0.1) as found:
        yield found


def test_the_drawn_are_those_whom_the_chain_picked_and_two_equal_verdicts_decide(house: House) -> None:
    requester, worker, people = house.requester(), house.wallet(), [house.wallet() for _ in range(6)]
    batch_id = opened(house, requester)
    review_batch_id = draws(house, batch_id)["review_batch_id"]
    enrol(house, batch_id, worker, *people)
    house.submitted(worker, batch_id)

    found = drawn(house, batch_id)

    event = next(e for e in house.get(None, f"/v1/batches/{batch_id}/events")["items"] if e["name"] == "Submitted")
    block = "0x" + bytes(house.stack.web3.eth.get_block(event["block_number"])["hash"]).hex()
    order = ranked(block, event["args"]["workDigest"], "t0", dict.fromkeys([worker.address, *by_address(people)], 1))
    assert found["drawn"] == [name for name in order if name != worker.address][:3]
    assert found["excluded"] == {worker.address: "own_answer"}
    named = by_address(people)
    for name in found["drawn"]:
        (told,) = house.get(named[name], "/v1/reviews/drawn")["items"]
        assert (told["batch_id"], told["task"]) == (batch_id, found["slot"])
    for name in found["drawn"][:2]:
        judges(house, named[name], found["slot"], "accept", review_batch_id)

    proposal = proposal_of(house, batch_id)
    assert proposal["verdicts"] == [{"worker": worker.address, "decidedBefore": 0, "accepted": 1, "rejected": 0}]
    house.settled(proposal)
    assert house.stack.escrow.account(worker.address).owed == 1_000
    results = house.client.get(f"/v1/payloads/{proposal['results_cid']}").json()
    assert results["method"]["name"] == "drawn"
    (told,) = results["method"]["parameters"]["draws"]
    assert (told["drawn"], told["block_hash"]) == (found["drawn"], block)
    assert [each["verdict"] for each in told["verdicts"]] == ["accept", "accept"]

    reward = house.post(house.reviewers()[0], f"/v1/reviews/batches/{review_batch_id}/proposals", {}, 201)
    house.settled(reward)
    assert [house.stack.escrow.account(name).owed for name in found["drawn"]] == [500, 500, 0]
    third = named[found["drawn"][2]]
    body = {"batch_id": review_batch_id, "tasks": [found["slot"]]}
    house.refused(third, "/v1/work/assignments", body, 409, "not_drawn")


def test_reviews_go_to_the_drawn_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    requester, worker, people = house.requester(), house.wallet(), [house.wallet() for _ in range(5)]
    batch_id = opened(house, requester)
    review_batch_id = draws(house, batch_id)["review_batch_id"]
    enrol(house, batch_id, *people)
    house.submitted(worker, batch_id)
    found = drawn(house, batch_id)
    outside = [each for each in people if each.address not in found["drawn"]]
    for who in (*outside, worker, house.wallet()):
        for body in ({"batch_id": review_batch_id}, {"batch_id": review_batch_id, "tasks": [found["slot"]]}):
            house.refused(who, "/v1/work/assignments", body, 409, "not_drawn")
    own = {"batch_id": review_batch_id}
    house.refused(requester, "/v1/work/assignments", own, 403, "own_batch")
    assert house.get(outside[0], "/v1/reviews/drawn")["items"] == []
    house.refused(outside[0], f"/v1/reviews/batches/{batch_id}/draws", None, 403, "reviewer_not_in_panel", "GET")
    given = {"verdicts": [{"task": "t0", "worker": worker.address, "decision": "rejected", "reason": "no"}]}
    path = f"/v1/reviews/batches/{batch_id}/proposals"
    house.refused(house.reviewers()[0], path, given, 422, "verdicts_are_drawn")
    house.refused(house.reviewers()[0], path, {}, 409, "nothing_decided_yet")

    # The planted bug: whoever asks is taken for drawn.
    monkeypatch.setattr(guarding, "tasks_for", lambda *_: {found["slot"]})
    assert house.offer(outside[0], review_batch_id)["tasks"] == [found["slot"]]


def blocks(house: House, requester: Any, name: str, *who: str) -> None:
    made = house.post(requester, "/v1/lists", {"name": name, "kind": "block"}, 201)
    house.post(requester, f"/v1/lists/{made['list_id']}/members", {"workers": list(who)})


def test_a_requester_cannot_strike_off_whom_the_chain_picked(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    requester, worker, people = house.requester(), house.wallet(), [house.wallet() for _ in range(5)]
    batch_id = opened(house, requester)
    review_batch_id = draws(house, batch_id)["review_batch_id"]
    enrol(house, batch_id, *people)
    named = by_address(people)
    blocks(house, requester, "before the draw", *list(named)[:2])  # as if it knew the block before the draw was made
    house.submitted(worker, batch_id)

    found = drawn(house, batch_id)
    assert found["excluded"] == {}
    blocks(house, requester, "after it", *found["drawn"])
    with monkeypatch.context() as planted:  # the bug: its lists count at any time
        planted.setattr(matching, "BY_LIST", ())
        body = {"batch_id": review_batch_id, "tasks": [found["slot"]]}
        house.refused(named[found["drawn"][0]], "/v1/work/assignments", body, 403, "blocked")
    for name in found["drawn"][:2]:
        judges(house, named[name], found["slot"], "accept", review_batch_id)
    assert proposal_of(house, batch_id)["verdicts"][0]["accepted"] == 1


def test_a_review_names_the_answer_that_it_is_about(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    requester, worker, people = house.requester(), house.wallet(), [house.wallet() for _ in range(3)]
    batch_id = opened(house, requester)
    review_batch_id = draws(house, batch_id)["review_batch_id"]
    enrol(house, batch_id, *people)
    house.submitted(worker, batch_id)
    found = drawn(house, batch_id)
    reviewer = by_address(people)[found["drawn"][0]]
    offer = house.claimed(reviewer, review_batch_id)
    content = house.assignment(reviewer, offer["assignment_id"])["tasks"][0]["content"]
    assert (content["answer"], content["content"]) == ("cat", {"picture": 0})
    other = {"verdict": "accept", "reason": "fine", "of": content["of"].replace("/t0", "/t1")}
    path = f"/v1/work/assignments/{offer['assignment_id']}/answers"
    body = {"answers": [{"task": found["slot"], "answer": other}]}
    house.refused(reviewer, path, body, 422, "review_of_another")

    monkeypatch.setattr(work.draws, "check_name_answers", lambda *_: None)  # the planted bug
    assert house.post(reviewer, path, body)["answers"]["answers"][0]["answer"] == other


def test_disagreement_goes_on_to_more_reviewers_up_to_the_cap_and_then_silence_pays(house: House) -> None:
    requester, worker, people = house.requester(), house.wallet(), [house.wallet() for _ in range(6)]
    rules = {"reviewers": 2, "quorum": 2, "most": 3}
    batch_id = house.funded(requester, 1, review={"policy": "drawn", "draw": rules}, review_window_seconds=6 * HOUR)
    review_batch_id, named = fund_reviews(house, requester, batch_id), by_address(people)
    enrol(house, batch_id, *people)
    house.submitted(worker, batch_id)
    first = drawn(house, batch_id, 2)
    judges(house, named[first["drawn"][0]], first["slot"], "accept", review_batch_id)
    judges(house, named[first["drawn"][1]], first["slot"], "reject", review_batch_id)

    more = drawn(house, batch_id, 3)

    assert more["drawn"][:2] == first["drawn"]
    assert (more["decided"], Counter(each["verdict"] for each in more["verdicts"])) == (
        None,
        {"accept": 1, "reject": 1},
    )
    house.stack.travel(2 * HOUR)  # the third says nothing, and no more may be drawn
    house.until(house.services.clock.now, lambda now: now >= house.stack.web3.eth.get_block("latest")["timestamp"])
    drawing.Drawer(house.services).run_once()
    assert drawn(house, batch_id, 3)["drawn"] == more["drawn"]
    house.stack.travel(DAY)
    house.until(lambda: house.stack.escrow.account(worker.address).owed, lambda owed: owed == 1_000)


def test_who_says_nothing_gets_another_beside_it_and_rejection_by_two_is_a_rejection(house: House) -> None:
    requester, worker, people = house.requester(), house.wallet(), [house.wallet() for _ in range(6)]
    batch_id = opened(house, requester, review_window_seconds=6 * HOUR)
    review_batch_id, named = draws(house, batch_id)["review_batch_id"], by_address(people)
    enrol(house, batch_id, *people)
    house.submitted(worker, batch_id)
    first = drawn(house, batch_id)
    judges(house, named[first["drawn"][0]], first["slot"], "reject", review_batch_id)
    house.stack.travel(HOUR + 60)

    more = drawn(house, batch_id, 4)
    judges(house, named[more["drawn"][3]], first["slot"], "reject", review_batch_id)

    proposal = proposal_of(house, batch_id)
    (decision,) = house.client.get(f"/v1/payloads/{proposal['results_cid']}").json()["decisions"]
    assert (decision["decision"], decision["reason"]) == ("rejected", "2 of 2 drawn reviewers: I say reject")


def test_work_waits_until_the_reviewers_are_paid_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    requester, worker = house.requester(), house.wallet()
    batch_id = house.funded(requester, 1, review={"policy": "drawn", "draw": RULES})
    house.refused(worker, "/v1/work/assignments", {"batch_id": batch_id}, 409, "review_batch_missing")
    offered = [item["batch_id"] for item in house.get(worker, "/v1/work/next", limit=50)["items"]]
    assert batch_id not in offered
    with monkeypatch.context() as planted:
        planted.setattr(work.draws, "check_reviewers_are_paid", lambda *_: None)
        assert house.offer(worker, batch_id)["tasks"] == ["t0"]

    fund_reviews(house, requester, batch_id)

    path = f"/v1/batches/{batch_id}/review-batch"
    house.refused(requester, path, {"reward_units": "500"}, 409, "review_batch_funded")
    assert house.offer(house.wallet(), opened(house, house.requester()))["tasks"] == ["t0"]


def test_nobody_connected_to_the_worker_nor_the_requester_is_drawn(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's friend was paid by the same hand; the chain shows it."""
    requester, worker, friend = house.requester(), house.wallet(), house.wallet()
    people = [house.wallet() for _ in range(2)]
    hand = house.requester()
    for each in (worker, friend):
        house.stack.send(hand, _transfer(house, each.address, 7))
    batch_id = opened(house, requester)
    enrol(house, batch_id, friend, *people)
    house.submitted(worker, batch_id)

    found = drawn(house, batch_id, 2)

    assert found["excluded"] == {friend.address: "connected"}
    assert sorted(found["drawn"]) == sorted(by_address(people))

    monkeypatch.setattr(drawing, "exclusions", lambda *_: {})  # the planted bug
    other = opened(house, requester)
    enrol(house, other, friend, worker)
    house.submitted(worker, other)
    assert sorted(drawn(house, other, 2)["drawn"]) == sorted((friend.address, worker.address))


def _transfer(house: House, to: str, units: int) -> Any:
    from piecework.chain.calls import encode

    return encode(house.stack.token.contract, "transfer", to, units)


def test_open_review_batches_are_listed_with_ones_own_enrolment_and_what_is_against_it(house: House) -> None:
    requester, reviewer = house.requester(), house.wallet()
    unfunded = house.funded(requester, 1, review={"policy": "drawn", "draw": RULES})
    first, second = opened(house, requester), opened(house, requester)
    enrol(house, first, reviewer)

    def of(who: Any, **query: Any) -> list[Any]:
        return list(house.get(who, "/v1/reviews/candidacies", **query)["items"])

    found = [item for item in of(reviewer, limit=100) if item["batch_id"] in (unfunded, first, second)]
    assert [item["batch_id"] for item in found] == [second, first], "newest first, and only what is funded"
    assert [(item["enrolled_at"] is not None, item["candidates"]) for item in found] == [(False, 0), (True, 1)]
    assert (found[0]["reward_units"], found[0]["against"]) == ("500", [])
    (own,) = of(requester, batch_id=first)
    assert [reason["code"] for reason in own["against"]] == ["own_batch"]
    newest = house.get(reviewer, "/v1/reviews/candidacies", limit=1)
    assert newest["items"][0]["batch_id"] == second
    after = house.get(reviewer, "/v1/reviews/candidacies", limit=1, cursor=newest["next_cursor"])
    assert after["items"][0]["batch_id"] == first
    worked(house, requester, worker := house.wallet(), house.wallet(), house.wallet())
    paid = opened(house, requester, candidates="")
    assert [reason["code"] for reason in of(reviewer, batch_id=paid)[0]["against"]] == ["not_paid_before"]
    assert of(worker, batch_id=paid)[0]["against"] == []
    headers = {"authorization": f"Bearer {house.token(reviewer)}"}
    house.client.delete(f"/v1/reviews/batches/{first}/candidacy", headers=headers)
    assert of(reviewer, batch_id=first)[0]["enrolled_at"] is None
    house.refused(None, "/v1/reviews/candidacies", None, 401, "not_signed_in", "GET")


def test_what_lies_in_the_account_for_rejections_stays_there_when_reviewers_are_paid(house: House) -> None:
    requester = house.requester()
    batch_id = house.draft(requester, 1, review={"policy": "drawn", "draw": RULES})["batch_id"]
    wanted = {"reward_units": "500", "candidates": "fit"}

    def asked(reserve_units: str) -> int:
        body = wanted | {"reserve_units": reserve_units}
        found = house.post(requester, f"/v1/batches/{batch_id}/review-batch", body, 201)
        return int(found["permit"]["message"]["value"])

    assert asked("700") - asked("0") == 700


def test_what_cannot_decide_is_refused_at_drafting(house: House) -> None:
    requester, other = house.requester(), house.requester()
    for review, code in (
        ({"policy": "drawn"}, "draw_and_policy"),
        ({"policy": "reviewers", "draw": RULES}, "draw_and_policy"),
        ({"policy": "drawn", "draw": RULES | {"quorum": 1}}, "draw_cannot_decide"),
        ({"policy": "drawn", "draw": RULES | {"quorum": 4}}, "draw_cannot_decide"),
        ({"policy": "drawn", "draw": RULES | {"most": 2}}, "draw_cannot_decide"),
        ({"policy": "drawn", "draw": RULES | {"most": 51}}, "malformed_request"),
    ):
        house.refused(requester, "/v1/batches", house.draft_body(1, review=review), 422, code)
    gold = house.draft_body(1, review={"policy": "drawn", "draw": RULES}, gold={"t0": "cat"})
    house.refused(requester, "/v1/batches", gold, 422, "draw_without_gold")
    plain = house.draft(requester)["batch_id"]
    body = {"reward_units": "500"}
    house.refused(requester, f"/v1/batches/{plain}/review-batch", body, 409, "reviewers_not_drawn")
    own = house.draft(requester, 1, review={"policy": "drawn", "draw": RULES})["batch_id"]
    house.refused(other, f"/v1/batches/{own}/review-batch", body, 403, "not_your_draft")
    house.refused(other, f"/v1/batches/{'0x' + '11' * 32}/review-batch", body, 404, "draft_unknown")
    house.refused(other, f"/v1/reviews/batches/{own}/candidacy", None, 404, "review_batch_unknown", "PUT")
