"""Streams tell everything once, in the chain's order, to whom it concerns, also across a lost connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from backend.live import stream
from backend.live.stream import Subject
from backend.reviews.panels import Panel
from piecework.db.gateway import Proposal, ProposalSignature
from tests.backend.house import is_problem
from tests.backend.live.listener import Messages, Room, address, batch_id, open_room
from tests.backend.search.shelf import mirror_row

BATCH, WORKER = f"/batches/{batch_id(1)}", f"/workers/{address(1)}"


@pytest.fixture
def room(sqlite_engine: Engine) -> Iterator[Room]:
    with open_room(sqlite_engine) as found:
        yield found


@pytest.fixture
def either_room(engine: Engine) -> Iterator[Room]:
    """On both databases, one after the other."""
    with open_room(engine) as found:
        yield found


def places(messages: Messages, count: int) -> list[str | None]:
    found = [messages.next() for _ in range(count)]
    assert {name for name, _, _ in found} == {"chain"}
    return [place for _, _, place in found]


def test_a_stream_says_where_it_begins_and_tells_what_happens_then(room: Room) -> None:
    before = room.happens(5)
    with room.listening(BATCH) as messages:
        assert messages.answer.headers["content-type"].startswith("text/event-stream")
        assert messages.next() == ("hello", {"at": before}, before)
        place = room.happens(6, 3)
        assert messages.next() == (
            "chain",
            {
                "name": "Claimed",
                "batch_id": batch_id(1),
                "account": address(1),
                "args": {"n": 6},
                "block_number": 6,
                "log_index": 3,
                "block_timestamp": 1_700_000_006,
                "transaction_hash": "0x" + "00" * 32,
            },
            place,
        )


def test_it_tells_what_is_its_own_alone(either_room: Room) -> None:
    with either_room.listening(BATCH) as of_batch, either_room.listening(WORKER) as of_worker:
        assert of_batch.next()[0] == of_worker.next()[0] == "hello"
        either_room.happens(6, 0, batch_id=batch_id(2), account=address(2))
        other_batch = either_room.happens(6, 1, batch_id=batch_id(2))
        other_worker = either_room.happens(6, 2, account=address(2))
        both = either_room.happens(7)
        assert places(of_batch, 2) == [other_worker, both]
        assert places(of_worker, 2) == [other_batch, both]


def test_who_comes_back_gets_everything_that_happened_meanwhile_once(either_room: Room) -> None:
    with either_room.listening(BATCH) as messages:
        messages.next()
        seen = either_room.happens(6)
        assert places(messages, 1) == [seen]
    missed = [either_room.happens(7, log) for log in range(250)]
    with either_room.listening(BATCH, seen) as messages, either_room.listening(f"{BATCH}?after={missed[0]}") as other:
        assert messages.next() == ("hello", {"at": seen}, seen)
        assert places(messages, 250) == missed
        assert other.next()[0] == "hello"
        assert places(other, 249) == missed[1:]
        newest = either_room.happens(8)
        assert places(messages, 1) == places(other, 1) == [newest]


def test_from_before_everything_a_stream_tells_all(room: Room) -> None:
    told = [room.happens(block) for block in (1, 2, 3)]
    with room.listening(BATCH, "0-0-") as messages:
        assert messages.next()[0] == "hello"
        assert places(messages, 3) == told


def test_what_the_chain_took_back_is_said_and_the_new_branch_is_told(room: Room) -> None:
    kept = room.happens(5)
    room.happens(6)
    with room.listening(BATCH) as messages:
        messages.next()
        room.is_undone_from(6)
        assert messages.next() == ("reorg", {"at": kept}, kept)
        again = room.happens(6, branch="b")
        assert places(messages, 1) == [again]


def test_who_was_away_during_a_reorg_is_told_of_it(either_room: Room) -> None:
    either_room.happens(5)
    seen = either_room.happens(6)
    either_room.is_undone_from(6)
    again = either_room.happens(6, branch="b")
    with either_room.listening(BATCH, seen) as messages:
        assert messages.next() == ("hello", {"at": seen}, seen)
        assert messages.next() == ("reorg", {"at": again}, again)


def test_a_stream_that_does_not_look_whether_its_place_stands_would_say_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: a place is believed to stand."""
    monkeypatch.setattr(stream.events, "stands", lambda *_: True)
    seen = room.happens(6)
    room.is_undone_from(6)
    room.happens(6, branch="b")
    with room.listening(BATCH, seen) as messages:
        messages.next()
        after = room.happens(7)
        assert places(messages, 1) == [after], "the changed block passes unseen"


def test_a_reviewer_hears_of_its_panels_batches_and_of_proposals(
    either_room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, member = address(70), address(71)
    members = {panel: Panel(panel, (member, address(72)), 2, is_contract=True)}
    monkeypatch.setattr(stream, "panel_of", lambda _, name: members.get(name, Panel(name, (name,), 1, False)))
    mine, other = mirror_row(9_001, reviewer=panel), mirror_row(9_002, reviewer=address(73))
    mine_id, other_id = mine.batch_id, other.batch_id
    with Session(either_room.engine) as session, session.begin():
        session.add_all([mine, other])
    with either_room.listening(f"/reviewers/{member}") as messages:
        assert messages.next()[0] == "hello"
        either_room.happens(6, 0, batch_id=other_id)
        place = either_room.happens(6, 1, batch_id=mine_id)
        assert places(messages, 1) == [place]
        with Session(either_room.engine) as session, session.begin():
            session.add_all([proposal("p1", mine_id), proposal("p2", other_id)])
        assert messages.next() == ("proposal", told("p1", mine_id, "open", 0), None)
        with Session(either_room.engine) as session, session.begin():
            session.add(ProposalSignature(proposal_id="p1", signer=member, signature="0x"))
        assert messages.next() == ("proposal", told("p1", mine_id, "open", 1), None)
        with Session(either_room.engine) as session, session.begin():
            session.execute(update(Proposal).where(Proposal.proposal_id == "p1").values(status="queued"))
        assert messages.next() == ("proposal", told("p1", mine_id, "queued", 1), None)


def proposal(name: str, batch: str) -> Proposal:
    return Proposal(
        proposal_id=name, batch_id=batch, nonce=0, results_digest="0x", verdicts=[], status="open", created_at=0.0
    )


def told(name: str, batch: str, status: str, signatures: int) -> dict[str, Any]:
    return {"batch_id": batch, "proposal_id": name, "status": status, "signatures": signatures}


def test_a_silent_stream_sends_heartbeats_and_ends_when_its_time_is_over(sqlite_engine: Engine) -> None:
    with (
        open_room(sqlite_engine, live_heartbeat_seconds=0.01, live_stream_seconds=0.5) as room,
        room.listening(BATCH) as messages,
    ):
        assert [name for name, _, _ in messages.rest()] == ["hello"]
        assert messages.comments
        assert wait_until_empty(room)


def wait_until_empty(room: Room) -> bool:
    """Whether every seat is free again, soon."""
    import time

    deadline = time.monotonic() + 20
    while room.seats.taken and time.monotonic() < deadline:
        time.sleep(0.01)
    return room.seats.taken == 0


def test_streams_are_counted_for_each_client_and_in_all_and_given_back(sqlite_engine: Engine) -> None:
    for limits, status, code in (
        ({"each": 3}, 429, "too_many_streams"),
        ({"total": 3}, 503, "streams_taken"),
    ):
        with open_room(sqlite_engine, **limits) as room:
            with ExitStack() as opened:
                heard = [opened.enter_context(room.listening(BATCH)) for _ in range(3)]
                assert [messages.next()[0] for messages in heard] == ["hello"] * 3
                with room.listening(BATCH) as messages:
                    assert (messages.answer.status_code, messages.answer.json()["code"]) == (status, code)
            assert wait_until_empty(room)
            with room.listening(BATCH) as messages:
                assert messages.next()[0] == "hello"


def test_a_gateway_that_is_asked_to_stop_ends_its_streams(sqlite_engine: Engine) -> None:
    with open_room(sqlite_engine) as room, room.listening(BATCH) as messages:
        messages.next()
        room.server.handle_exit(15, None)
        assert messages.rest() == []
        room.thread.join(20)
        assert not room.thread.is_alive()


@pytest.mark.parametrize("place", ["x", "1-2", "1-2-xyz", "-1-2-0123456789abcdef", "1-2-0123456789abcdef0", "٣-0-"])
def test_what_is_no_place_is_refused_by_name(sqlite_engine: Engine, place: str) -> None:
    with open_room(sqlite_engine) as room, room.listening(f"{BATCH}?after={place}") as messages:
        assert messages.answer.status_code == 422
        assert is_problem(messages.answer)["code"] == "cursor_invalid"


def test_a_subject_stands_for_itself_where_it_is_no_reviewer() -> None:
    services: Any = None
    assert Subject("batch", "x").own(services) == ("x",)
