"""Who enrols a hundred addresses is drawn as often as its share of what the requester paid for accepted work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from backend.draws import standing
from backend.draws.standing import Weights
from tests.backend.draws.reviewing import (
    RULES,
    by_address,
    draws,
    enrol,
    fund_reviews,
    judges,
    opened,
    proposal_of,
    worked,
)
from tests.backend.house import REWARD_UNITS, House, open_house

RING, ANSWERS = 30, 8
SEATS = ANSWERS * 3
REVIEW = {"policy": "drawn", "draw": RULES}


@pytest.fixture(scope="module")
def house(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(stack, tmp_path_factory.mktemp("house"), proposer_poll_seconds=0.1) as found:
        yield found


@dataclass
class Market:
    """A requester whose workers were paid before, and one hand with many addresses that paid each other."""

    requester: Any
    honest: list[Any]
    ring: list[Any]
    ringleader: Any


@pytest.fixture(scope="module")
def market(house: House) -> Market:
    requester, ringleader = house.requester(), house.requester()
    honest, ring = [house.wallet() for _ in range(4)], [house.wallet() for _ in range(RING)]
    worked(house, requester, *honest, each=2)
    worked(house, ringleader, *ring[:2])  # the record of who paid itself
    return Market(requester, honest, ring, ringleader)


def candidacy(house: House, who: Any, batch_id: str) -> Any:
    headers = {"authorization": f"Bearer {house.token(who)}"}
    return house.client.put(f"/v1/reviews/batches/{batch_id}/candidacy", headers=headers)


def seats(house: House, requester: Any, batch_id: str, worker: Any) -> list[str]:
    """Who was drawn for all answers of a batch, once for each."""
    house.submitted(worker, batch_id, count=ANSWERS)
    items = house.until(
        lambda: draws(house, batch_id)["items"],
        lambda items: len(items) == ANSWERS and all(len(item["drawn"]) == 3 for item in items),
    )
    return [name for item in items for name in item["drawn"]]


def test_a_ring_of_fresh_addresses_is_drawn_for_nothing(house: House, market: Market) -> None:
    batch_id = opened(house, market.requester, ANSWERS, candidates="")
    enrol(house, batch_id, *market.honest)
    for sybil in market.ring:
        answer = candidacy(house, sybil, batch_id)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_paid_before"), answer.text

    found = seats(house, market.requester, batch_id, market.ring[0])

    assert len(found) == SEATS
    assert not {each.address for each in market.ring} & set(found)


def test_without_the_guard_the_ring_judges_its_own_work(
    house: House, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: all weigh alike, as they did."""
    batch_id = opened(house, market.requester, ANSWERS, candidates="")
    monkeypatch.setattr(Weights, "of", lambda *_: {})
    enrol(house, batch_id, *market.honest, *market.ring)

    found = seats(house, market.requester, batch_id, market.ring[0])

    names = {each.address for each in market.ring}
    # 29 of 33: 21 of 24 seats in the mean, with a standard deviation below 2.
    assert sum(name in names for name in found) > SEATS // 2


def test_honest_work_counts_as_much_as_was_paid_for_it_however_it_is_split_up(house: House, market: Market) -> None:
    requester = house.requester()
    honest, ring = [house.wallet() for _ in range(3)], [house.wallet() for _ in range(2)]
    worked(house, requester, *honest, each=5)
    worked(house, requester, *ring)
    batch_id = opened(house, requester, candidates="")
    enrol(house, batch_id, *honest, *ring)

    found = [candidacy(house, each, batch_id).json()["weight_units"] for each in (*honest, *ring)]

    assert found == [str(5 * REWARD_UNITS)] * 3 + [str(REWARD_UNITS)] * 2


def test_nobody_earns_a_place_once_the_batch_is_known(
    house: House, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = opened(house, market.requester, candidates="")
    late = house.wallet()
    worked(house, market.requester, late)
    assert candidacy(house, late, batch_id).json()["code"] == "not_paid_before"

    own = standing.repository.paid_before  # the planted bug: whenever it was paid
    monkeypatch.setattr(standing.repository, "paid_before", lambda session, of, _: own(session, of, None))
    assert candidacy(house, late, batch_id).json()["weight_units"] == str(REWARD_UNITS)


def test_pay_for_reviews_silence_and_gifts_make_no_reviewer(
    house: House, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reviews are paid whatever they say, and nobody looked at what silence paid."""
    requester, worker, reviewers = house.requester(), house.wallet(), [house.wallet() for _ in range(3)]
    batch_id = opened(house, requester)
    review_batch_id = draws(house, batch_id)["review_batch_id"]
    enrol(house, batch_id, *reviewers)
    house.submitted(worker, batch_id)
    slot = house.until(lambda: draws(house, batch_id)["items"], bool)[0]
    named = by_address(reviewers)
    for name in slot["drawn"][:2]:
        judges(house, named[name], slot["slot"], "accept", review_batch_id)
    house.settled(proposal_of(house, batch_id))
    house.settled(house.post(house.reviewers()[0], f"/v1/reviews/batches/{review_batch_id}/proposals", {}, 201))
    silent, unseen = house.funded(requester, 1), house.wallet()
    house.submitted(unseen, silent)
    house.stack.travel(86_400 * 2)
    house.until(lambda: house.stack.escrow.account(unseen.address).owed, lambda owed: owed == REWARD_UNITS)

    def refused() -> Any:
        wanted = {"reward_units": "500"}
        draft = house.draft(requester, 1, review=REVIEW)
        return house.refused(
            requester, f"/v1/batches/{draft['batch_id']}/review-batch", wanted, 409, "reviewers_unknown"
        )

    assert refused()["known_reviewers"] == 1, "the worker alone"
    with monkeypatch.context() as planted:  # the bug: pay for reviews counts
        planted.setattr(standing, "_is_review_batch", lambda *_: False)
        draft = house.draft(requester, 1, review=REVIEW)
        path = f"/v1/batches/{draft['batch_id']}/review-batch"
        assert house.post(requester, path, {"reward_units": "500"}, 201)["known_reviewers"] == 3


def test_a_requester_without_workers_is_told_what_it_can_choose(house: House, market: Market) -> None:
    requester = house.requester()
    batch_id = house.funded(requester, 1, review=REVIEW)
    path, wanted = f"/v1/batches/{batch_id}/review-batch", {"reward_units": "500"}

    problem = house.refused(requester, path, wanted, 409, "reviewers_unknown")
    assert (problem["known_reviewers"], problem["reviewers"]) == (0, 3)
    record = wanted | {"needs": {"minimum_accepted": 1}}
    house.refused(requester, path, record, 409, "reviewers_unknown")
    unclear = wanted | {"candidates": "fit", "also_paid_by": [market.requester.address]}
    house.refused(requester, path, unclear, 422, "candidates_unclear")

    vouched = house.post(requester, path, wanted | {"also_paid_by": [market.requester.address]}, 201)
    assert vouched["known_reviewers"] >= len(market.honest)
    assert (vouched["candidates"]["kind"], vouched["risk"]) == ("paid", None)
    named = wanted | {"needs": {"allow": [each.address for each in market.honest]}}
    told = house.post(requester, path, named, 201)
    assert (told["candidates"], told["risk"]) == ({"kind": "fit", "paid_by": []}, None)
    for anybody in (wanted | {"candidates": "fit"}, record | {"candidates": "fit"}):
        assert "whoever enrols the most addresses" in house.post(requester, path, anybody, 201)["risk"]


def test_what_candidates_are_asked_for_stands_in_the_manifest_for_everybody(house: House, market: Market) -> None:
    batch_id = house.funded(market.requester, 1, review=REVIEW)
    review_batch_id = fund_reviews(house, market.requester, batch_id, "paid")

    rule = {"kind": "paid", "paid_by": [market.requester.address]}
    assert house.get(None, f"/v1/batches/{review_batch_id}/manifest")["review"]["candidates"] == rule
    assert house.get(None, f"/v1/batches/{review_batch_id}")["review"]["candidates"] == rule
    own = {"policy": "agreement", "candidates": {"kind": "fit", "paid_by": []}}
    house.refused(market.requester, "/v1/batches", house.draft_body(1, review=own), 422, "malformed_request")
