"""A reviewer's own record: what it signed, what was tested and how it came out, what reviews were paid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.backend.court import Court
from tests.backend.draws.reviewing import by_address, drawn, draws, enrol, judges, opened, proposal_of
from tests.backend.house import House

PATH = "/v1/reviewers/me/record"


@pytest.fixture(scope="module")
def drawing_house(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    from tests.backend.house import open_house

    with open_house(stack, tmp_path_factory.mktemp("house"), proposer_poll_seconds=0.1) as found:
        yield found


def test_who_never_reviewed_has_a_record_of_zeros_and_no_share(court: Court) -> None:
    found = court.get(court.wallet(), PATH)
    assert found["accuracy"] == {"held": 0, "tested": 0, "share": None}
    assert (found["signed"], found["pay"]["paid_units"]) == ({"batches": 0, "accepted": 0, "rejected": 0}, "0")
    court.refused(None, PATH, None, 401, "not_signed_in", "GET")


def test_rulings_and_what_was_taken_back_test_the_rejections_of_those_who_signed(court: Court) -> None:
    signer, other = court.reviewers()[0], court.reviewers()[2]
    before, of_other = court.get(signer, PATH), court.get(other, PATH)
    worker = court.wallet()
    court.earn(worker)
    batch_id = court.rejected(worker, tasks=3)
    dispute_id = court.disputed(worker, batch_id)["dispute_id"]
    assert court.get(signer, PATH)["accuracy"] == before["accuracy"], "an open appeal is no test yet"
    two_of_three = 3
    court.vote(dispute_id, two_of_three, two_of_three, two_of_three)
    court.ended(dispute_id, "ruled")

    found = court.until(lambda: court.get(signer, PATH), lambda told: told["accuracy"] != before["accuracy"])

    assert found["signed"]["rejected"] - before["signed"]["rejected"] == 3
    assert (found["rejections"]["granted"], found["rejections"]["upheld"]) == (2, 1)
    assert (found["accuracy"]["held"], found["accuracy"]["tested"]) == (1, 3)
    assert found["accuracy"]["share"] == pytest.approx(1 / 3)
    assert court.get(other, PATH) == of_other, "who did not sign is not measured by it"


def test_drawn_verdicts_are_measured_by_what_was_decided_and_paid_as_reviews(drawing_house: House) -> None:
    house = drawing_house
    requester, worker, people = house.requester(), house.wallet(), [house.wallet() for _ in range(4)]
    named = by_address(people)
    batch_id = opened(house, requester)
    review_batch_id = draws(house, batch_id)["review_batch_id"]
    enrol(house, batch_id, *people)
    house.submitted(worker, batch_id)
    found = drawn(house, batch_id)
    first, second, third = (named[name] for name in found["drawn"])
    judges(house, first, found["slot"], "reject", review_batch_id)
    house.until(lambda: house.get(first, PATH)["drawn"], lambda told: told == {"given": 1, "decided": 0, "agreed": 0})
    judges(house, second, found["slot"], "accept", review_batch_id)
    judges(house, third, found["slot"], "accept", review_batch_id)
    house.settled(proposal_of(house, batch_id))
    waiting = house.get(second, PATH)["pay"]
    assert (waiting["waiting"], waiting["waiting_units"], waiting["paid_units"]) == (1, "500", "0")
    house.settled(house.post(house.reviewers()[0], f"/v1/reviews/batches/{review_batch_id}/proposals", {}, 201))

    right = house.until(lambda: house.get(second, PATH), lambda told: told["pay"]["reviews"] == 1)
    wrong = house.get(first, PATH)

    assert right["drawn"] == {"given": 1, "decided": 1, "agreed": 1}
    assert wrong["drawn"] == {"given": 1, "decided": 1, "agreed": 0}
    assert (right["accuracy"]["share"], wrong["accuracy"]["share"]) == (1.0, 0.0)
    assert (right["pay"]["paid_units"], right["pay"]["waiting"]) == ("500", 0)
