"""The buckets of the relay's budget: they fill, run off, are given back, and count together on both databases."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from backend.relay import budget
from backend.relay.budget import Bucket, names_of, room, take, tidy
from piecework.db.engine import write_engine
from piecework.db.gateway import RelayBudget, RelayIntent
from piecework.domain.messages import PacketKind

DAY = 86_400
WORKER, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
BATCH = "0x" + "ab" * 32
NOW = 1_000_000.0


def taken(engine: Engine, buckets: list[Bucket], now: float = NOW) -> budget.Full | None:
    with Session(write_engine(engine)) as session, session.begin():
        return take(session, buckets, now, DAY)


def levels(engine: Engine) -> dict[str, float]:
    with Session(engine) as session:
        return {row.name: row.level for row in session.execute(select(RelayBudget)).scalars()}


def test_a_full_bucket_takes_nothing_and_tells_when_it_will(engine: Engine) -> None:
    bucket = Bucket(WORKER, 4)
    assert [taken(engine, [bucket]) for _ in range(4)] == [None] * 4

    full = taken(engine, [bucket])

    assert full is not None
    assert (full.bucket, full.wait_seconds) == (bucket, DAY // 4)
    assert taken(engine, [bucket], NOW + DAY // 4 - 2) is not None
    assert taken(engine, [bucket], NOW + full.wait_seconds) is None
    assert taken(engine, [bucket], NOW + full.wait_seconds) is not None


def test_what_one_bucket_refuses_is_put_into_none(engine: Engine) -> None:
    wide, narrow = Bucket("a", 10), Bucket("b", 1)
    assert taken(engine, [wide, narrow]) is None

    full = taken(engine, [wide, narrow])

    assert full is not None
    assert full.bucket is narrow
    assert levels(engine) == {"a": 1.0, "b": 1.0}


def test_the_longest_wait_is_told(engine: Engine) -> None:
    short, long = Bucket("a", 2), Bucket("b", 1)
    assert taken(engine, [short]) is None
    assert taken(engine, [short, long]) is None

    full = taken(engine, [short, long])

    assert full is not None
    assert (full.bucket, full.wait_seconds) == (long, DAY)


def test_answers_and_earned_money_have_twice_the_room(engine: Engine) -> None:
    for _ in range(4):
        assert taken(engine, [Bucket(WORKER, 4)]) is None
    assert taken(engine, [Bucket(WORKER, 4)]) is not None

    assert [taken(engine, [Bucket(WORKER, 4, 2)]) for _ in range(4)] == [None] * 4

    assert taken(engine, [Bucket(WORKER, 4, 2)]) is not None


def test_looking_changes_nothing(engine: Engine) -> None:
    with Session(engine) as session:
        assert room(session, [Bucket(WORKER, 1)], NOW, DAY) is None
    assert levels(engine) == {}
    assert taken(engine, [Bucket(WORKER, 1)]) is None
    with Session(engine) as session:
        assert room(session, [Bucket(WORKER, 1)], NOW, DAY) is not None
    assert levels(engine) == {WORKER: 1.0}


def test_a_clock_that_goes_back_frees_nothing_and_breaks_nothing(engine: Engine) -> None:
    assert taken(engine, [Bucket(WORKER, 2)]) is None
    assert taken(engine, [Bucket(WORKER, 2)], NOW - 10 * DAY) is None
    assert taken(engine, [Bucket(WORKER, 2)], NOW) is not None


def brought(kind: PacketKind, worker: str = WORKER) -> RelayIntent:
    packet = {"kind": int(kind), "worker": worker, "batch_id": BATCH}
    return RelayIntent(kind="packet", payload={"packet": packet}, status="confirmed")


@pytest.mark.parametrize(
    ("kind", "left"),
    [
        (PacketKind.CLAIM, 2.0),
        (PacketKind.RETURN_CLAIM, 2.0),
        (PacketKind.DISPUTE, 2.0),
        (PacketKind.CLAIM_AND_SUBMIT, 1.0),
        (PacketKind.SUBMIT, 0.0),
    ],
)
def test_only_answers_give_back_what_they_took(engine: Engine, kind: PacketKind, left: float) -> None:
    buckets = [Bucket(name, 10) for name in names_of(WORKER, BATCH)]
    for _ in range(2):
        assert taken(engine, buckets) is None

    with Session(write_engine(engine)) as session, session.begin():
        budget.give_back(session, [brought(kind)])

    assert levels(engine) == dict.fromkeys(names_of(WORKER, BATCH), left)


def test_answers_to_a_part_of_a_claim_give_nothing_back(engine: Engine) -> None:
    assert taken(engine, [Bucket(WORKER, 10)]) is None
    part = brought(PacketKind.SUBMIT)
    part.payload = {**part.payload, budget.ENDS_CLAIM: False}
    with Session(write_engine(engine)) as session, session.begin():
        budget.give_back(session, [part])
    assert levels(engine) == {WORKER: 1.0}


def test_nothing_is_given_on_credit(engine: Engine) -> None:
    assert taken(engine, [Bucket(WORKER, 3)]) is None
    with Session(write_engine(engine)) as session, session.begin():
        budget.give_back(session, [brought(PacketKind.SUBMIT) for _ in range(50)])
    assert levels(engine) == {WORKER: 0.0}


def test_buckets_that_have_long_run_off_are_forgotten(engine: Engine) -> None:
    assert taken(engine, [Bucket(WORKER, 3)], NOW) is None
    assert taken(engine, [Bucket(OTHER, 3)], NOW + 3 * DAY) is None
    with Session(write_engine(engine)) as session, session.begin():
        tidy(session, NOW + 5 * DAY, DAY)
    assert set(levels(engine)) == {OTHER}


def take_at_once(engine: Engine, many: int, most: int) -> int:
    """How many of `many` threads got a packet into the same buckets, named in two orders."""
    got: list[Any] = []
    start = threading.Barrier(many)

    def ask(number: int) -> None:
        names = names_of(WORKER, BATCH) if number % 2 else names_of(WORKER, BATCH)[::-1]
        start.wait()
        got.append(taken(engine, [Bucket(name, most) for name in names]))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(got) == many, "somebody waits for ever"
    return sum(full is None for full in got)


def test_of_many_at_once_no_more_get_through_than_there_is_room(engine: Engine) -> None:
    assert take_at_once(engine, 16, 5) == 5


def test_without_the_lock_more_would_get_through(postgres_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: the row is read without being locked."""

    def unlocked(session: Session, names: Any, _: float) -> dict[str, RelayBudget]:
        rows = session.execute(select(RelayBudget).where(RelayBudget.name.in_(names))).scalars()
        return {row.name: row for row in rows}

    monkeypatch.setattr(budget, "_locked", unlocked)
    read = threading.Barrier(4, timeout=30)
    fullest = budget._fullest

    def all_have_read(*given: Any) -> Any:
        read.wait()
        return fullest(*given)

    monkeypatch.setattr(budget, "_fullest", all_have_read)
    with Session(postgres_engine) as session, session.begin():  # so that only the lock decides
        session.add_all(RelayBudget(name=name, level=0.0, counted_at=NOW) for name in names_of(WORKER, BATCH))
    with pytest.raises(AssertionError):
        assert take_at_once(postgres_engine, 4, 1) == 1
