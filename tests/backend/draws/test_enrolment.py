"""Who can be drawn stands fixed before the block that draws, and a block that goes takes its draw along."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.draws import drawing, enrolment, repository
from backend.ipfs.port import PayloadMissing
from piecework.db.draws import ReviewSlot
from piecework.domain.cid import cid_of_digest
from piecework.domain.draw import ranked
from tests.backend.draws.reviewing import by_address, drawn, draws, enrol, judges, opened, proposal_of
from tests.backend.house import REWARD_UNITS, House, open_house

BLOCK_OF = repository.block_of


@pytest.fixture(scope="module")
def house(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(stack, tmp_path_factory.mktemp("house"), proposer_poll_seconds=0.1) as found:
        yield found


def file_of(house: House, digest: str) -> Any:
    return house.client.get(f"/v1/payloads/{cid_of_digest(digest)}").json()


def test_the_claim_commits_to_who_had_enrolled(house: House) -> None:
    worker, people, late = house.wallet(), [house.wallet() for _ in range(4)], house.wallet()
    batch_id = opened(house, house.requester())
    review_batch_id = draws(house, batch_id)["review_batch_id"]
    enrol(house, batch_id, *people)
    offer = house.claimed(worker, batch_id)

    listed = file_of(house, file_of(house, offer["tasks_digest"])["candidates"])
    assert (listed["review_batch_id"], listed["candidates"]) == (review_batch_id, sorted(by_address(people)))

    enrol(house, batch_id, late)
    headers = {"authorization": f"Bearer {house.token(people[0])}"}
    assert house.client.delete(f"/v1/reviews/batches/{batch_id}/candidacy", headers=headers).status_code == 204
    house.submit(worker, offer, house.answered(worker, offer))
    found = drawn(house, batch_id)
    assert found["candidates"] == sorted(by_address(people))
    assert found["excluded"] == {people[0].address: "left"}
    assert people[0].address not in found["drawn"]


def test_who_enrols_for_a_claim_under_way_would_be_drawn_without_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: the list is made when the block is known."""
    worker, late = house.wallet(), [house.wallet() for _ in range(3)]
    batch_id = opened(house, house.requester())
    offer = house.claimed(worker, batch_id)
    enrol(house, batch_id, *late)
    monkeypatch.setattr(enrolment, "committed", lambda *_: sorted(by_address(late)))

    house.submit(worker, offer, house.answered(worker, offer))

    assert sorted(drawn(house, batch_id)["drawn"]) == sorted(by_address(late))


def test_a_list_that_cannot_be_had_holds_up_its_own_answers_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, kept = opened(house, house.requester()), opened(house, house.requester())
    people = [house.wallet() for _ in range(3)]
    for batch_id in (lost, kept):
        enrol(house, batch_id, *people)
    own, unlucky = enrolment.committed, house.wallet()
    offer = house.claimed(unlucky, lost)

    def missing(services: Any, tasks_digest: str) -> Any:
        if tasks_digest == offer["tasks_digest"]:
            raise PayloadMissing(tasks_digest)
        return own(services, tasks_digest)

    with monkeypatch.context() as planted:
        planted.setattr(enrolment, "committed", missing)
        house.submit(unlucky, offer, house.answered(unlucky, offer))
        house.reaches(unlucky, offer["assignment_id"], "submitted")
        house.submitted(house.wallet(), kept)
        drawn(house, kept)
        assert [item["drawn"] for item in draws(house, lost)["items"]] in ([], [[]])
    assert sorted(drawn(house, lost)["drawn"]) == sorted(by_address(people)), "once it is there again"


def reorganised(house: House, batch_id: str, draw: Any) -> None:
    """The block that holds the submission goes; the relay brings it on chain again, and the mirror has seen that."""
    web3 = house.stack.web3
    place = web3.eth.get_block(draw["block_hash"])["number"]
    answer = web3.provider.make_request("anvil_reorg", [web3.eth.block_number - place + 1, []])
    assert "error" not in answer, answer

    def block() -> Any:
        with house.services.reading() as session:
            return BLOCK_OF(session, batch_id, draw["submission"])

    house.until(block, lambda found: found is not None and found[0] != draw["block_hash"])


def test_a_draw_that_is_made_once_for_all_would_stand_on_a_block_that_is_gone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: nobody looks again which block holds the submission."""
    people = [house.wallet() for _ in range(4)]
    batch_id = opened(house, house.requester())
    enrol(house, batch_id, *people)
    house.submitted(house.wallet(), batch_id)
    before = drawn(house, batch_id)
    monkeypatch.setattr(drawing.repository, "block_of", lambda *_: (before["block_hash"], 0))

    reorganised(house, batch_id, before)
    drawing.Drawer(house.services).run_once()

    assert draws(house, batch_id)["items"][0]["block_hash"] == before["block_hash"]


def test_a_draw_follows_the_block_that_stands_after_a_reorganisation(house: House) -> None:
    requester, worker, people = house.requester(), house.wallet(), [house.wallet() for _ in range(12)]
    batch_id = opened(house, requester)
    review_batch_id = draws(house, batch_id)["review_batch_id"]
    enrol(house, batch_id, *people)
    house.submitted(worker, batch_id)
    before = drawn(house, batch_id)
    web3 = house.stack.web3

    reorganised(house, batch_id, before)
    after = house.until(
        lambda: draws(house, batch_id)["items"],
        lambda items: items and items[0]["block_hash"] != before["block_hash"] and len(items[0]["drawn"]) == 3,
    )[0]

    stands = web3.eth.get_block(after["block_hash"])
    assert "0x" + bytes(web3.eth.get_block(stands["number"])["hash"]).hex() == after["block_hash"]
    weights = dict.fromkeys(by_address(people), 1)
    assert after["drawn"] == ranked(after["block_hash"], after["submission"], "t0", weights)[:3]
    assert (after["slot"], after["submission"]) == (before["slot"], before["submission"])
    with house.services.reading() as session:
        slots = select(func.count()).where(ReviewSlot.review_batch_id == review_batch_id)
        assert session.execute(slots).scalar_one() == 1

    gone = [name for name in before["drawn"] if name not in after["drawn"]]
    named = by_address(people)
    for name in gone[:1]:
        body = {"batch_id": review_batch_id, "tasks": [after["slot"]]}
        house.refused(named[name], "/v1/work/assignments", body, 409, "not_drawn")
    for name in after["drawn"][:2]:
        judges(house, named[name], after["slot"], "accept", review_batch_id)
    house.settled(proposal_of(house, batch_id))
    assert house.stack.escrow.account(worker.address).owed == REWARD_UNITS
