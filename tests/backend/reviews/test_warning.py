"""A window that runs out is announced to reviewers and requester before silence pays, once, and never too late."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.live import repository as live
from backend.live import stream
from backend.reviews import warning
from backend.reviews.panels import Panel
from backend.reviews.warning import Herald
from piecework.db.mirror import Checkpoint
from piecework.db.revisions import ReviewWarning
from tests.backend.house import House, verdict
from tests.backend.live.listener import Room, address, open_room
from tests.backend.search.shelf import mirror_row

HOUR = 3_600


@pytest.fixture
def herald(house: House) -> Herald:
    return Herald(house.services)


def told(house: House, who: Any, batch_id: str) -> list[Any]:
    items = house.get(who, "/v1/notices", limit=100)["items"]
    return [item["data"] for item in items if (item["name"], item["batch_id"]) == (warning.NAME, batch_id)]


def rounds(house: House, herald: Herald, seconds: int = 0) -> None:
    """The gateway's own thread sleeps an hour in this module's house; rounds are these alone."""
    if seconds:
        house.stack.travel(seconds)
        end = house.stack.web3.eth.get_block("latest")["timestamp"]
        house.until(house.services.clock.now, lambda now: now >= end)
    herald.run_once()


@pytest.fixture(scope="module")
def house(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    from tests.backend.house import open_house

    with open_house(stack, tmp_path_factory.mktemp("house"), review_warning_poll_seconds=HOUR) as found:
        yield found


def test_both_sides_are_told_in_the_last_quarter_and_once_and_then_silence_pays(house: House, herald: Herald) -> None:
    requester, worker = house.requester(), house.wallet()
    batch_id = house.funded(requester, 2, review_window_seconds=2 * HOUR)
    house.submitted(worker, batch_id)
    end = house.stack.escrow.tally(batch_id, worker.address).old_review_end
    rounds(house, herald)
    assert told(house, requester, batch_id) == []
    (queued,) = (i for i in house.get(house.reviewers()[0], "/v1/reviews/queue")["items"] if i["batch_id"] == batch_id)
    assert (queued["ends_soon"], queued["review_ends_at"]) == (False, end)

    for _ in range(2):
        rounds(house, herald, seconds=100 * 60 if told(house, requester, batch_id) == [] else 0)
        expected = [{"review_ends_at": end, "answers": 2, "workers": 1}]
        for who in (requester, *house.reviewers()):
            assert told(house, who, batch_id) == expected
    (queued,) = (i for i in house.get(house.reviewers()[0], "/v1/reviews/queue")["items"] if i["batch_id"] == batch_id)
    assert queued["ends_soon"]
    assert house.stack.escrow.account(worker.address).owed == 0, "it was told before silence paid"

    rounds(house, herald, seconds=HOUR)
    house.until(lambda: house.stack.escrow.account(worker.address).owed, lambda owed: owed == 2_000)
    assert len(told(house, requester, batch_id)) == 1


def test_what_is_decided_in_time_is_not_announced(house: House, herald: Herald) -> None:
    requester, worker = house.requester(), house.wallet()
    batch_id = house.funded(requester, 1, review_window_seconds=2 * HOUR)
    house.submitted(worker, batch_id)
    house.settled(house.proposed(batch_id, [verdict(worker, "t0")]))

    rounds(house, herald, seconds=100 * 60)

    assert told(house, requester, batch_id) == []


def test_without_the_record_of_what_was_announced_it_would_be_announced_again_and_again(
    house: House, herald: Herald, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug. The rows' key and the notice's id catch it: a round fails instead of telling twice."""
    requester, worker = house.requester(), house.wallet()
    batch_id = house.funded(requester, 1, review_window_seconds=2 * HOUR)
    house.submitted(worker, batch_id)
    rounds(house, herald, seconds=100 * 60)
    assert len(told(house, requester, batch_id)) == 1
    monkeypatch.setattr(warning.repository, "last_warning", lambda *_: None)

    with pytest.raises(Exception, match="UNIQUE"):
        herald.run_once()

    assert len(told(house, requester, batch_id)) == 1


def test_later_answers_are_announced_later_with_most_of_the_quarter_left(house: House, herald: Herald) -> None:
    requester, early, late = house.requester(), house.wallet(), house.wallet()
    batch_id = house.funded(requester, 2, review_window_seconds=4 * HOUR)
    house.submitted(early, batch_id, count=1)
    house.stack.travel(10 * 60)
    house.submitted(late, batch_id, count=1)
    ends = [house.stack.escrow.tally(batch_id, who.address).old_review_end for who in (early, late)]

    rounds(house, herald, seconds=2 * HOUR + 52 * 60)
    assert [each["review_ends_at"] for each in told(house, requester, batch_id)] == ends[:1]
    rounds(house, herald, seconds=10 * 60)
    assert len(told(house, requester, batch_id)) == 1, "not sooner than a quarter of the quarter later"
    rounds(house, herald, seconds=6 * 60)

    assert [each["review_ends_at"] for each in told(house, requester, batch_id)] == [ends[1], ends[0]]
    assert ends[1] - house.services.clock.now() > 45 * 60 - 60


def test_the_queue_begins_with_the_window_that_ends_first(house: House) -> None:
    worker = house.wallet()
    slow = house.funded(tasks=1, review_window_seconds=20 * HOUR)
    fast = house.funded(tasks=1, review_window_seconds=3 * HOUR)
    for batch_id in (slow, fast):
        house.submitted(worker, batch_id)

    items = house.get(house.reviewers()[0], "/v1/reviews/queue")["items"]

    ends = [item["review_ends_at"] for item in items]
    assert ends == sorted(ends)
    order = [item["batch_id"] for item in items]
    assert order.index(fast) < order.index(slow)


@pytest.fixture
def room(engine: Engine) -> Iterator[Room]:
    with open_room(engine) as found:
        yield found


def test_a_reviewers_stream_tells_what_runs_out_in_its_own_batches(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    panel, member = address(70), address(71)
    members = {panel: Panel(panel, (member,), 1, is_contract=True)}
    monkeypatch.setattr(stream, "panel_of", lambda _, name: members.get(name, Panel(name, (name,), 1, False)))
    mine, other = mirror_row(9_001, reviewer=panel, submitted=1), mirror_row(9_002, reviewer=address(73), submitted=1)
    mine_id, other_id = mine.batch_id, other.batch_id
    with Session(room.engine) as session, session.begin():
        session.add_all([mine, other, checkpoint(1_000), ended(mine_id, 999), ended(mine_id, 1_500)])
    with room.listening(f"/reviewers/{member}") as messages:
        assert messages.next()[0] == "hello"
        assert messages.next() == ("window_ending", said(mine_id, 1_500), None)
        with Session(room.engine) as session, session.begin():
            session.add_all([ended(other_id, 1_600), ended(mine_id, 1_700)])
        assert messages.next() == ("window_ending", said(mine_id, 1_700), None)
    with Session(room.engine) as session:
        assert len(live.warnings(session)) == 3


def checkpoint(now: int) -> Checkpoint:
    digest = "0x" + "00" * 32
    return Checkpoint(
        contract=address(1),
        chain_id=1,
        genesis_hash=digest,
        start_block=0,
        block_number=1,
        block_hash=digest,
        block_timestamp=now,
    )


def ended(batch_id: str, end: int) -> ReviewWarning:
    return ReviewWarning(
        batch_id=batch_id, covers_until=end, review_ends_at=end, answers=1, workers=1, announced_at=end - 100
    )


def said(batch_id: str, end: int) -> dict[str, Any]:
    return {"batch_id": batch_id, "review_ends_at": end, "answers": 1, "workers": 1}
