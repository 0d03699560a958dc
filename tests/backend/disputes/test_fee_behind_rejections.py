"""Drafts name a dispute fee, say what rejecting takes, and rejections without it are not proposed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.backend.court import PANEL_FEE_UNITS, Court
from tests.backend.house import REWARD_UNITS, verdict


@pytest.mark.parametrize(
    ("changes", "fee"),
    [
        ({}, PANEL_FEE_UNITS),
        ({"dispute_fee_units": "0"}, 0),
        ({"dispute_fee_units": str(10 * REWARD_UNITS)}, 10 * REWARD_UNITS),
        ({"reward_units": "20", "max_claim": 3}, 60),
    ],
)
def test_a_draft_names_the_panels_fee_within_the_contracts_bound(
    court: Court, changes: dict[str, Any], fee: int
) -> None:
    draft = court.draft(court.requester(), **changes)
    assert draft["terms"]["disputeFee"] == str(fee)
    assert draft["dispute"]["fee_units"] == str(fee)
    assert ("would end in silence" in draft["dispute"]["advice"]) == (fee < PANEL_FEE_UNITS)


def test_a_fee_above_the_bound_is_refused(court: Court) -> None:
    body = court.draft_body(dispute_fee_units=str(10 * REWARD_UNITS + 1))
    court.refused(court.requester(), "/v1/batches", body, 422, "dispute_fee_too_high")


def test_the_reserve_is_deposited_with_the_batch_and_stays_in_the_account(court: Court) -> None:
    requester = court.requester()
    draft = court.draft(requester, tasks=2)
    assert draft["permit"]["message"]["value"] == str(2 * REWARD_UNITS)
    assert (draft["dispute"]["account_units"], draft["dispute"]["workers_that_can_be_rejected"]) == ("0", 0)
    reserve = 3 * PANEL_FEE_UNITS + 1
    draft = court.draft(requester, tasks=2, reserve_units=str(reserve))
    assert draft["permit"]["message"]["value"] == str(2 * REWARD_UNITS + reserve)
    assert (draft["dispute"]["account_units"], draft["dispute"]["workers_that_can_be_rejected"]) == (str(reserve), 3)
    assert f"keep {PANEL_FEE_UNITS} units" in draft["dispute"]["advice"]
    court.funded(requester, tasks=2, reserve_units=str(reserve))
    assert court.stack.escrow.account(requester.address).owed == reserve
    # What is there counts: no second deposit for the same reserve.
    again = court.draft(requester, tasks=1, reserve_units=str(reserve - REWARD_UNITS))
    assert again["permit"] is None
    assert again["transaction"] is not None


def test_a_reviewer_cannot_propose_rejections_that_nothing_backs(court: Court) -> None:
    requester, workers = court.requester(), [court.wallet() for _ in range(3)]
    # Money for one fee in the account; every assignment is taken, so nothing is free.
    batch_id = court.funded(requester, tasks=1, answers_per_task=3, reserve_units=str(2 * PANEL_FEE_UNITS - 1))
    for worker in workers:
        court.submitted(worker, batch_id)
    path = f"/v1/reviews/batches/{batch_id}/proposals"
    rejects = [verdict(worker, "t0", "rejected", "no") for worker in workers[:2]]
    problem = court.refused(court.reviewers()[0], path, {"verdicts": rejects}, 409, "dispute_fee_short")
    assert problem["workers"] == [workers[1].address]
    assert problem["fee_units"] == str(PANEL_FEE_UNITS)

    # One of them can be rejected, and the contract takes that verdict.
    court.settled(court.proposed(batch_id, rejects[:1]))
    assert court.stack.escrow.tally(batch_id, workers[0].address).contestable == 1
    view = court.until(lambda: court.get(None, f"/v1/batches/{batch_id}"), lambda found: found["contestable"] == 1)
    assert view["locked_units"] == str(PANEL_FEE_UNITS)


def test_free_assignments_back_a_rejection_when_the_account_is_empty(court: Court) -> None:
    requester, worker = court.requester(), court.wallet()
    batch_id = court.funded(requester, tasks=4)
    assert court.stack.escrow.account(requester.address).owed == 0
    offer = court.submitted(worker, batch_id, count=1)
    court.settled(court.proposed(batch_id, [verdict(worker, offer["tasks"][0], "rejected", "no")]))
    state = court.stack.escrow.batch(batch_id)
    assert (state.contestable, state.refunded, state.free) == (1, 1, 2)
    assert court.stack.escrow.account(requester.address).owed == REWARD_UNITS - PANEL_FEE_UNITS


def test_the_policy_leaves_rejections_that_nothing_backs_to_silence(court: Court) -> None:
    requester, workers = court.requester(), [court.wallet() for _ in range(3)]
    gold = {f"t{i}": "dog" for i in range(3)}
    batch_id = court.funded(
        requester,
        tasks=4,
        answers_per_task=3,
        gold=gold,
        review={"policy": "agreement", "reject_gold_below": 0.9},
    )
    for worker, answer in zip(workers, ("dog", "dog", "cat"), strict=True):
        court.submitted(worker, batch_id, answer)
    reviewer = court.reviewers()[0]

    def proposals() -> Any:
        items = court.get(reviewer, "/v1/reviews/queue")["items"]
        return [p for item in items if item["batch_id"] == batch_id for p in item["proposals"]]

    summary = court.until(proposals, bool)[0]
    proposal = court.get(None, f"/v1/reviews/proposals/{summary['proposal_id']}")
    by_worker = {v["worker"]: (v["accepted"], v["rejected"]) for v in proposal["verdicts"]}
    assert by_worker[workers[0].address] == (4, 0)
    assert workers[2].address not in by_worker
    court.settled(proposal)
    tally = court.stack.escrow.tally(batch_id, workers[2].address)
    assert (tally.old_lot, tally.contestable) == (4, 0)
