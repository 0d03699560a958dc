"""Work that was given back is offered to others at once, not when its worker asks again or its lease ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from backend.work import repository
from backend.work.freeing import Releaser
from piecework.domain.messages import Packet, PacketKind
from tests.backend.house import House, open_house, sign

HOUR = 3_600


@pytest.fixture(scope="module")
def house(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(stack, tmp_path_factory.mktemp("house"), keeper_poll_seconds=0.05) as found:
        yield found


def path(offer: Any) -> str:
    return f"/v1/work/assignments/{offer['assignment_id']}"


def given_back(house: House, worker: Any, offer: Any) -> None:
    """Signed, brought by the gateway, and seen by nobody else: the worker asks for nothing any more."""
    draft = house.post(worker, path(offer) + "/return/draft")
    body = {
        "sequence": draft["sequence"],
        "deadline": draft["deadline"],
        "signature": sign(worker, draft["typed_data"]),
    }
    house.post(worker, path(offer) + "/return", body, 202)
    house.until(lambda: house.stack.escrow.tally(offer["batch_id"], worker.address).claimed, lambda count: count == 0)


def given_back_by_itself(house: House, worker: Any, offer: Any) -> None:
    """By a packet of the worker's own making, of which the assignment knows nothing."""
    tally = house.stack.escrow.tally(offer["batch_id"], worker.address)
    packet = Packet(
        kind=PacketKind.RETURN_CLAIM,
        batch_id=offer["batch_id"],
        worker=worker.address,
        sequence=tally.sequence,
        deadline=house.gateway.market.now + HOUR,
        count=tally.claimed,
    )
    body = {
        "batch_id": packet.batch_id,
        "kind": "return_claim",
        "sequence": packet.sequence,
        "deadline": packet.deadline,
        "count": packet.count,
        "signature": sign(worker, packet.typed_data(house.stack.escrow.domain)),
    }
    house.post(worker, "/v1/work/packets", body, 202)
    house.until(lambda: house.stack.escrow.tally(offer["batch_id"], worker.address).claimed, lambda count: count == 0)


def offered(house: House, who: Any) -> list[str]:
    return [item["batch_id"] for item in house.get(who, "/v1/work/next", limit=50)["items"]]


@pytest.mark.parametrize("how", [given_back, given_back_by_itself], ids=["relayed", "own packet"])
def test_a_task_given_back_is_offered_to_others_at_once(house: House, how: Any) -> None:
    worker, other = house.wallet(), house.wallet()
    batch_id = house.funded(tasks=1)
    offer = house.claimed(worker, batch_id)
    assert batch_id not in offered(house, other)

    how(house, worker, offer)

    house.until(lambda: batch_id in offered(house, other), bool)
    assert house.claimed(other, batch_id)["tasks"] == ["t0"]
    assert house.assignment(worker, offer["assignment_id"])["status"] == "returned"


@pytest.mark.parametrize("how", [given_back, given_back_by_itself], ids=["relayed", "own packet"])
def test_without_the_releaser_it_would_wait(house: House, how: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: nobody looks until somebody asks for that batch."""
    monkeypatch.setattr(repository, "with_ended", lambda *_: ())
    worker, other = house.wallet(), house.wallet()
    batch_id = house.funded(tasks=1)
    offer = house.claimed(worker, batch_id)

    how(house, worker, offer)

    house.reaches(worker, offer["assignment_id"], "returned")
    assert batch_id not in offered(house, other)


def test_an_unused_ticket_and_a_lease_that_is_over_are_free_again_unasked(house: House) -> None:
    unused, late, other = house.wallet(), house.wallet(), house.wallet()
    batch_id = house.funded(tasks=2, lease_seconds=HOUR)
    house.offer(unused, batch_id, tasks=["t0"])
    house.claimed(late, batch_id, tasks=["t1"])
    assert batch_id not in offered(house, other)

    house.stack.travel(2 * HOUR)
    house.until(lambda: batch_id in offered(house, other), bool)

    house.until(lambda: house.stack.escrow.batch(batch_id).free, lambda free: free == 2)
    assert sorted(house.offer(other, batch_id)["tasks"]) == ["t0", "t1"]


def test_a_part_that_was_given_back_frees_nothing_of_what_is_still_claimed(house: House) -> None:
    """Of two claims one is out: the chain counts, it does not say which tasks came back."""
    worker, other = house.wallet(), house.wallet()
    batch_id = house.funded(tasks=2)
    first, second = (house.claimed(worker, batch_id, tasks=[task]) for task in ("t0", "t1"))

    draft = house.post(worker, path(first) + "/return/draft")
    body = {
        "sequence": draft["sequence"],
        "deadline": draft["deadline"],
        "signature": sign(worker, draft["typed_data"]),
    }
    house.post(worker, path(first) + "/return", body, 202)
    house.reaches(worker, first["assignment_id"], "returned")

    house.until(lambda: batch_id in offered(house, other), bool)
    assert house.offer(other, batch_id)["tasks"] == ["t0"]
    assert house.assignment(worker, second["assignment_id"])["status"] == "claimed"
    house.submit(worker, second, house.answered(worker, second))
    house.reaches(worker, second["assignment_id"], "submitted")


def test_what_was_submitted_is_never_freed(house: House) -> None:
    """Nothing is claimed any more, and one claim was given back: the other one's answers are on chain."""
    worker, other = house.wallet(), house.wallet()
    batch_id = house.funded(tasks=2)
    first, second = (house.claimed(worker, batch_id, tasks=[task]) for task in ("t0", "t1"))
    house.submit(worker, second, house.answered(worker, second))
    house.reaches(worker, second["assignment_id"], "submitted")

    given_back(house, worker, first)

    house.until(lambda: batch_id in offered(house, other), bool)
    assert Releaser(house.services).run_once() == 0
    assert house.offer(other, batch_id)["tasks"] == ["t0"]
    assert house.assignment(worker, second["assignment_id"])["status"] == "submitted"
