"""The arithmetic of the loss bound: exact, on both databases, against many payers at once and over any time."""

from __future__ import annotations

import random
import threading
from collections import Counter

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from backend.relay import loss_rows
from backend.relay.costs import EARNED, MONEY, WASTE
from backend.relay.loss_rows import ALL, Bound
from piecework.db.engine import write_engine
from piecework.db.gateway import RelayHold, RelayLoss
from piecework.db.mirror import MirrorTally

NOW = 1_700_000_000.0
MOST = 10**18 + 7
"""More than SQLite's integers and floats hold exactly when a few are added up."""
DAY = 86_400
BOUND = Bound(MOST, DAY)
BATCH = "0x" + "ab" * 32


def payer_of(number: int) -> str:
    return f"0x{number:040x}"


def row_of(session: Session, name: str) -> RelayLoss:
    return session.get_one(RelayLoss, name)


def drawn(session: Session, payer: str | None, wei: int, share: int = EARNED, now: float = NOW) -> bool:
    """Whether there was room."""
    loss_rows.lock_all(session, now)
    if loss_rows.short_of(session, BOUND, payer, wei, share, now) is not None:
        return False
    loss_rows.move(session, BOUND, payer, wei, now)
    return True


@pytest.mark.parametrize(("share", "part"), [(WASTE, 2), (MONEY, 3), (EARNED, 4)])
def test_each_share_ends_at_its_quarter_to_the_wei(engine: Engine, share: int, part: int) -> None:
    with Session(write_engine(engine)) as session, session.begin():
        most = MOST * part // 4
        assert drawn(session, None, most, share)
        assert not drawn(session, None, 1, share)
        found = loss_rows.short_of(session, BOUND, None, 1, share, NOW)

    assert found is not None
    assert (found.name, found.most_wei, found.asked_wei, found.wait_seconds) == (ALL, most, 1, 1)


def test_one_requester_has_half_of_each_share(engine: Engine) -> None:
    with Session(write_engine(engine)) as session, session.begin():
        half = MOST // 2 * WASTE // EARNED
        assert drawn(session, payer_of(1), half, WASTE)
        assert not drawn(session, payer_of(1), 1, WASTE)
        assert drawn(session, payer_of(2), half, WASTE)
        found = loss_rows.short_of(session, BOUND, payer_of(1), 1, WASTE, NOW)
        assert found is not None
        assert found.name == payer_of(1)


def test_fees_repay_what_is_due_and_what_is_over_is_credit(engine: Engine) -> None:
    payer = payer_of(1)
    with Session(write_engine(engine)) as session, session.begin():
        drawn(session, payer, 100)
        loss_rows.move(session, BOUND, payer, -350, NOW)
        assert (row_of(session, payer).due_wei, row_of(session, payer).credit_wei) == (0, 250)
        assert row_of(session, ALL).drawn_wei == 0
        session.execute(select(RelayLoss))
        row_of(session, ALL).drawn_wei = MOST

        assert drawn(session, payer, 250), "one's own fees need no room"
        assert not drawn(session, payer, 1)
        assert row_of(session, ALL).drawn_wei == MOST


def test_what_ran_off_is_no_credit(engine: Engine) -> None:
    """A debt that time forgave is repaid by fees before they count for new work."""
    payer = payer_of(1)
    with Session(write_engine(engine)) as session, session.begin():
        drawn(session, payer, 1_000)
        loss_rows.move(session, BOUND, payer, -600, NOW + 10 * DAY)
        assert (row_of(session, payer).due_wei, row_of(session, payer).credit_wei) == (400, 0)


def left_after_a_second(engine: Engine, counts: int) -> int:
    """Wei out of a bound that runs off in a second, when in that second it is counted so many times."""
    bound = Bound(MOST, 1)
    with Session(write_engine(engine)) as session, session.begin():
        loss_rows.move(session, bound, None, MOST, NOW)
        for number in range(counts):
            loss_rows.move(session, bound, None, 0, NOW + (number + 1) / counts)
        return row_of(session, ALL).drawn_wei


@pytest.mark.parametrize("counts", [1, 3, 100])
def test_the_bound_runs_off_however_often_is_counted(engine: Engine, counts: int) -> None:
    assert left_after_a_second(engine, counts) <= counts * MOST // 10**6


def test_in_whole_seconds_a_busy_gateways_bound_never_runs_off(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug."""
    monkeypatch.setattr(loss_rows, "_TICKS", 1)
    assert left_after_a_second(sqlite_engine, 1) == 0
    assert left_after_a_second(sqlite_engine, 100) == MOST


def losing(engine: Engine, seed: int) -> None:
    """Many requesters and nobody's packets, for weeks: spent and put by beyond fees is never above the bound and what
    ran off of it."""
    chance, now, out = random.Random(seed), NOW, Counter[str]()
    with Session(write_engine(engine)) as session, session.begin():
        for _ in range(300):
            payer = chance.choice([None, *(payer_of(number) for number in range(1, 6))])
            wei = chance.randrange(1, MOST // 6)
            if chance.random() < 0.7:
                if drawn(session, payer, wei, chance.choice((WASTE, MONEY, EARNED)), now):
                    out[payer or ALL] += wei
            elif payer is not None:  # fees, and what was put by for nothing
                loss_rows.move(session, BOUND, payer, -wei, now)
                out[payer] -= wei
            now += chance.randrange(0, DAY // 50)
            lost = sum(max(0, wei) for wei in out.values())
            most = MOST + int((now - NOW) * MOST / DAY)
            assert lost <= most, f"{lost} wei are lost, {most} may be"


@pytest.mark.parametrize("seed", range(5))
def test_nobody_and_no_patience_makes_the_loss_larger_than_the_bound(sqlite_engine: Engine, seed: int) -> None:
    losing(sqlite_engine, seed)


def test_with_fees_planted_as_paying_twice_it_gets_larger(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = loss_rows.move

    def generous(session: Session, bound: Bound, payer: str | None, wei: int, now: float) -> None:
        honest(session, bound, payer, wei if wei > 0 else 4 * wei, now)

    monkeypatch.setattr(loss_rows, "move", generous)
    with pytest.raises(AssertionError, match="wei are lost"):
        for seed in range(5):
            losing(sqlite_engine, seed)


def taken_at_once(engine: Engine, threads: int = 6, *, is_counted: bool = True) -> int:
    """How many of the threads got a third of the bound each, all at the same moment. `is_counted`: the row is there."""
    if is_counted:
        with Session(write_engine(engine)) as session, session.begin():
            loss_rows.move(session, BOUND, None, 0, NOW)
    start, got = threading.Barrier(threads), []

    def ask(number: int) -> None:
        start.wait()
        with Session(write_engine(engine)) as session, session.begin():
            got.append(drawn(session, payer_of(number), MOST // 3))

    asking = [threading.Thread(target=ask, args=(number + 1,)) for number in range(threads)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    return sum(got)


@pytest.mark.parametrize("is_counted", [True, False], ids=["as usual", "for the first time"])
def test_gateways_that_ask_at_the_same_moment_share_one_bound(engine: Engine, is_counted: bool) -> None:
    assert taken_at_once(engine, is_counted=is_counted) == 3


def test_without_the_lock_they_get_more(postgres_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    meet, honest = threading.Barrier(6), loss_rows.short_of

    def all_look_first(*asked: object) -> object:
        found = honest(*asked)  # type: ignore[arg-type]
        meet.wait(timeout=20)
        return found

    monkeypatch.setattr(loss_rows, "lock_all", lambda *_: None)
    monkeypatch.setattr(loss_rows, "short_of", all_look_first)
    assert taken_at_once(postgres_engine) == 6


def test_what_is_put_by_is_there_for_its_place_alone(engine: Engine) -> None:
    worker, other = payer_of(8), payer_of(9)
    with Session(write_engine(engine)) as session, session.begin():
        loss_rows.put_by(session, (BATCH, worker), payer_of(1), 0, 70)
        loss_rows.put_by(session, (BATCH, worker), payer_of(1), 2, 30)
        assert loss_rows.held(session, [(BATCH, other)], 50) == 0
        assert loss_rows.take_by(session, [(BATCH, other), (BATCH, worker)], 60) == 60
        assert loss_rows.take_by(session, [(BATCH, worker)], 60) == 40
        assert not loss_rows.give_back(session, [(BATCH, other)], 5)
        assert loss_rows.give_back(session, [(BATCH, worker)], 5)
        assert session.get_one(RelayHold, (BATCH, worker)).wei == 5


@pytest.mark.parametrize(
    ("changes", "ended"),
    [({}, True), ({"claimed": 1}, False), ({"old_lot": 1}, False), ({"young_lot": 1}, False), ({"sequence": 4}, False)],
    ids=["nothing more", "claimed", "old lot", "young lot", "a claim on its way"],
)
def test_what_is_put_by_is_kept_while_anything_may_follow(engine: Engine, changes: dict[str, int], ended: bool) -> None:
    worker = payer_of(8)
    with Session(write_engine(engine)) as session, session.begin():
        session.add(MirrorTally(**{"batch_id": BATCH, "worker": worker, "sequence": 5, "decided": 3} | changes))
        loss_rows.put_by(session, (BATCH, worker), payer_of(1), 4, 70)
        assert bool(loss_rows.ended_holds(session)) is ended
