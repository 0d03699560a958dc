"""Notices reach their recipient alone: in a list, in a live stream that ends with the session, and in webhooks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.accounts.service import _hash
from backend.notices import repository
from backend.notices.routes import router
from backend.notices.telling import tell
from backend.webhooks import service as webhooks
from piecework.db.engine import write_engine
from piecework.db.gateway import UserSession
from tests.backend.live.listener import Messages, Room, address, batch_id, open_room
from tests.backend.webhooks.receiving import OWNER, Post, Receiver, receiving, verified

ANNA, BERT = address(31), address(32)
LIMITS = {
    "public_url": "http://gateway.test",
    "rate_units_per_second_by_ip": 0,
    "rate_burst_units_by_ip": 1,
    "rate_units_per_second_by_address": 0,
    "rate_burst_units_by_address": 1,
}


@pytest.fixture
def room(engine: Engine) -> Iterator[Room]:
    """On both databases, with Anna and Bert signed in."""
    with Session(engine) as session, session.begin():
        for who in (ANNA, BERT):
            row = UserSession(token_hash=_hash(who, is_cookie=False), address=who, expires_at=time.time() + 900)
            session.add(row)
    with open_room(engine, routers=(router,), **LIMITS) as found:
        yield found


def say(engine: Engine, *recipients: str, once: str, name: str = "RevisionAsked") -> None:
    with Session(write_engine(engine)) as session, session.begin():
        tell(session, recipients, name, batch_id(1), {"task": once}, once=once)


def heard(messages: Messages, count: int = 1) -> list[str]:
    found = [messages.next() for _ in range(count)]
    assert {name for name, _, _ in found} == {"notice"}
    return [data["data"]["task"] for _, data, _ in found]


def test_a_stream_tells_its_own_notices_as_they_come_and_resumes(room: Room) -> None:
    say(room.engine, ANNA, once="t0")
    with room.listening("/me", token=ANNA) as anna, room.listening("/me", token=BERT) as bert:
        _, hello, place = anna.next()
        assert hello == {"at": place}
        bert.next()
        say(room.engine, BERT, once="t1")
        say(room.engine, ANNA, BERT, once="t2")
        assert heard(anna) == ["t2"]
        assert heard(bert, 2) == ["t1", "t2"]
    say(room.engine, ANNA, once="t3")
    with room.listening("/me", place, token=ANNA) as anna, room.listening("/me?after=0", token=ANNA) as again:
        anna.next()
        again.next()
        assert heard(anna, 2) == ["t2", "t3"]
        assert heard(again, 3) == ["t0", "t2", "t3"]


def test_a_stream_that_forgot_whose_it_is_would_tell_others_notices(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug."""
    own = repository.after
    monkeypatch.setattr(repository, "after", lambda session, _, *rest: own(session, BERT, *rest))
    with room.listening("/me?after=0", token=ANNA) as anna:
        anna.next()
        say(room.engine, BERT, once="t1")
        say(room.engine, ANNA, once="t2")
        assert heard(anna) == ["t1"], "where the test above sees t2 alone"


def test_who_is_not_signed_in_hears_nothing_and_a_stream_ends_when_one_signs_out(room: Room) -> None:
    with room.listening("/me") as messages:
        assert messages.answer.status_code == 401
    with room.listening("/me?after=x", token=ANNA) as messages:
        assert messages.answer.status_code == 422
    with room.listening("/me", token=ANNA) as messages:
        messages.next()
        with Session(room.engine) as session, session.begin():
            session.execute(delete(UserSession).where(UserSession.address == ANNA))
        say(room.engine, ANNA, once="secret")
        assert messages.rest() == []


def test_a_list_tells_the_newest_first_in_pages(room: Room) -> None:
    for number in range(5):
        say(room.engine, ANNA, once=f"t{number}")
        say(room.engine, BERT, once=f"b{number}")
    seen, query = [], "?limit=2"
    while True:
        page = room.get(f"/v1/notices{query}", ANNA).json()
        seen += [item["data"]["task"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query = f"?limit=2&cursor={page['next_cursor']}"
    assert seen == ["t4", "t3", "t2", "t1", "t0"]
    assert room.get("/v1/notices", "").status_code == 401


def test_nothing_is_told_twice(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        say(engine, ANNA, once="t0")
    with Session(engine) as session:
        assert len(repository.before(session, ANNA, None, 10)) == 1
    monkeypatch.setattr(repository, "exists", lambda *_: False)
    with pytest.raises(IntegrityError):
        say(engine, ANNA, once="t0")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def test_webhooks_are_told_in_the_same_transaction_and_a_replay_keeps_them(engine: Engine, receiver: Receiver) -> None:
    post = Post(engine, receiver.listener.port)
    post.clock.seconds = time.time()
    all_of_them = post.endpoint(receiver.url)
    post.endpoint(receiver.url, ["RevisionAnswered"], number=2)
    post.endpoint(receiver.url, ["Submitted"], number=3)
    say(engine, OWNER, once="t0")
    say(engine, OWNER, once="t1", name="RevisionAnswered")
    say(engine, ANNA, once="t2")
    services: Any = post.services()
    webhooks.replay(services, OWNER, all_of_them, "0-0-")
    gateway = post.gateway()

    post.rounds(gateway, wanted=lambda: post.states() == ["delivered"] * 3)
    post.close()

    told = sorted((body["type"], body["data"]["task"]) for body in verified(receiver))
    assert told == [("notice.revision_answered", "t1")] * 2 + [("notice.revision_asked", "t0")]
