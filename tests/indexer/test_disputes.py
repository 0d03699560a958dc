"""Disputes, bonds and fee locks in rows: what the contract's views say, with a way back."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import Engine, select

from indexer.handlers import disputes
from piecework.db.mirror import Checkpoint, MirrorBatch, MirrorDispute, MirrorPayment, MirrorTally
from piecework.domain.ids import number_as_digest
from tests.backend.relay.market import DAY, REWARD_UNITS
from tests.indexer.following import compare_with_contract, dump, follow, fresh_dump, to_head
from tests.quarrels import EVIDENCE, FEE_UNITS, Quarrel


@pytest.fixture(scope="module")
def quarrel(stack: Any) -> Quarrel:
    """A market whose sponsor and requester have money in the escrow."""
    found = Quarrel(stack)
    found.deposit("requester", 10 * FEE_UNITS)
    found.deposit("stranger", 10 * FEE_UNITS)
    return found


def compare_disputes(engine: Engine, escrow: Any) -> int:
    """Every lock, flag and dispute against the contract's views; returns how many disputes there are."""
    with engine.connect() as connection:
        block = connection.execute(select(Checkpoint.block_number)).scalar_one()
        batches = {row.batch_id: row for row in connection.execute(select(MirrorBatch.__table__))}
        tallies = connection.execute(select(MirrorTally.__table__)).all()
        found = connection.execute(select(MirrorDispute.__table__)).all()
    for batch_id, batch in batches.items():
        assert batch.locked_units == escrow.locked_of(batch_id, block), batch_id
        held = sum(row.locked_units for row in tallies if row.batch_id == batch_id)
        assert batch.locked_units == held, batch_id
    for row in tallies:
        assert (row.locked_units > 0) == bool(escrow.tally(row.batch_id, row.worker, block).flags & 1), row
    for row in found:
        state = escrow.dispute_of(int(row.dispute_id, 16), block)
        assert state.is_open == (row.state == "open"), row
        if state.is_open:
            mirrored = (row.worker, row.count, row.ruling_end, row.arbitrator, row.fee_units, row.opened_at)
            assert mirrored == (
                state.worker,
                state.count,
                state.ruling_end,
                state.arbitrator,
                state.fee,
                state.opened_at,
            )
            assert row.batch_id == "0x" + state.batch_id.hex()
            assert state.fee == 0 or row.poster == state.poster, row
    return len(found)


def row_of(engine: Engine, number: int) -> Any:
    with engine.connect() as connection:
        wanted = select(MirrorDispute.__table__).where(MirrorDispute.dispute_id == number_as_digest(number))
        return connection.execute(wanted).one()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_locks_and_disputes_equal_the_contracts_views_after_a_random_life(
    stack: Any, rpc: Any, new_engine: Any, kind: str
) -> None:
    from tests.indexer.world import World

    world = World(stack, rng=random.Random(kind))
    world.begin()
    engine = new_engine(kind)
    follower = follow(stack, engine, rpc)
    rounds = count = 0
    while rounds < 4 or count < 4:
        assert rounds < 30, "the world quarrels too seldom"
        world.act(30)
        to_head(follower)
        count = compare_disputes(engine, stack.escrow)
        rounds += 1
    assert compare_with_contract(engine, stack.escrow) > 5


def test_a_sponsored_dispute_is_one_row_from_opening_to_ruling(quarrel: Quarrel, rpc: Any, new_engine: Any) -> None:
    engine, stack, worker = new_engine("sqlite"), quarrel.stack, quarrel.worker()
    key = quarrel.open_batch(disputeFee=FEE_UNITS)
    quarrel.decide(key, worker, accepted=1, rejected=3)
    number = quarrel.dispute(key, worker, 3, sponsor="stranger")
    follower = follow(stack, engine, rpc)
    to_head(follower)
    row = row_of(engine, number)
    assert (row.state, row.accepted, row.ended_at, row.evidence_digest) == ("open", None, None, EVIDENCE)
    assert (row.poster, row.worker) == (stack.accounts["stranger"].address, worker.address)
    quarrel.rule(number, accepted=1)
    to_head(follower)
    row = row_of(engine, number)
    assert (row.state, row.accepted, row.ended_at) == ("ruled", 1, quarrel.now)
    assert (row.from_bond_units, row.from_lock_units) == (FEE_UNITS * 2 // 3, FEE_UNITS - FEE_UNITS * 2 // 3)
    assert row.opened_transaction != row.ended_transaction
    with engine.connect() as connection:
        paid = select(MirrorPayment.reason, MirrorPayment.amount_units).where(MirrorPayment.worker == worker.address)
        assert sorted(connection.execute(paid).all()) == [("reviewed", REWARD_UNITS), ("ruled", REWARD_UNITS)]
    compare_disputes(engine, stack.escrow)


def test_the_window_of_rejections_left_out_begins_anew_at_the_ruling(
    quarrel: Quarrel, rpc: Any, new_engine: Any
) -> None:
    engine, worker = new_engine("sqlite"), quarrel.worker()
    key = quarrel.open_batch(disputeFee=FEE_UNITS)
    quarrel.decide(key, worker, accepted=2, rejected=3)
    number = quarrel.dispute(key, worker, 1)
    quarrel.stack.travel(3 * DAY)
    quarrel.rule(number, accepted=1)
    to_head(follow(quarrel.stack, engine, rpc))
    with engine.connect() as connection:
        tally = connection.execute(select(MirrorTally.__table__).where(MirrorTally.worker == worker.address)).one()
    assert (tally.contestable, tally.contest_end, tally.locked_units) == (2, quarrel.now + DAY, FEE_UNITS)
    compare_disputes(engine, quarrel.stack.escrow)


def test_silence_of_the_arbitrator_pays_and_ends_the_row_as_overdue(
    quarrel: Quarrel, rpc: Any, new_engine: Any
) -> None:
    engine, stack, worker = new_engine("sqlite"), quarrel.stack, quarrel.worker()
    key = quarrel.open_batch(disputeFee=FEE_UNITS)
    quarrel.decide(key, worker, accepted=1, rejected=1)
    number = quarrel.dispute(key, worker, 1)
    stack.travel(7 * DAY + 60)
    stack.send(stack.accounts["operator"], stack.escrow.rule_overdue(number))
    to_head(follow(stack, engine, rpc))
    row = row_of(engine, number)
    assert (row.state, row.accepted, row.from_bond_units, row.from_lock_units) == ("overdue", 1, 0, 0)
    with engine.connect() as connection:
        batch = connection.execute(
            select(MirrorBatch.__table__).where(MirrorBatch.batch_id == quarrel.batch_id(key))
        ).one()
        reasons = connection.execute(select(MirrorPayment.reason).where(MirrorPayment.worker == worker.address))
        assert sorted(reasons.scalars()) == ["reviewed", "ruling_overdue"]
    assert batch.locked_units == 0
    compare_disputes(engine, stack.escrow)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_dispute_is_reorganised_away_and_its_ruling_too(
    quarrel: Quarrel, rpc: Any, new_engine: Any, kind: str
) -> None:
    engine, stack, worker = new_engine(kind), quarrel.stack, quarrel.worker()
    key = quarrel.open_batch(disputeFee=FEE_UNITS)
    follower = follow(stack, engine, rpc)
    to_head(follower)
    before = dump(engine)
    fork = stack.web3.eth.block_number
    quarrel.decide(key, worker, accepted=1, rejected=2)
    number = quarrel.dispute(key, worker, 2)
    quarrel.rule(number, accepted=2)
    to_head(follower)
    assert row_of(engine, number).state == "ruled"
    depth = stack.web3.eth.block_number - fork
    assert "error" not in stack.web3.provider.make_request("anvil_reorg", [depth, []])
    steps = to_head(follower)
    assert sum(step.reorganised for step in steps) == depth
    assert dump(engine) == before == fresh_dump(stack, rpc, new_engine("sqlite"))
    assert not stack.escrow.dispute_of(number).is_open


def test_only_the_ruling_is_reorganised_away_and_the_dispute_is_open_again(
    quarrel: Quarrel, rpc: Any, new_engine: Any
) -> None:
    engine, stack, worker = new_engine("sqlite"), quarrel.stack, quarrel.worker()
    key = quarrel.open_batch(disputeFee=FEE_UNITS)
    quarrel.decide(key, worker, accepted=1, rejected=2)
    number = quarrel.dispute(key, worker, 2)
    follower = follow(stack, engine, rpc)
    to_head(follower)
    opened = row_of(engine, number)
    quarrel.rule(number, accepted=0)
    to_head(follower)
    assert row_of(engine, number).state == "ruled"
    stack.web3.provider.make_request("anvil_reorg", [1, []])
    assert sum(step.reorganised for step in to_head(follower)) == 1
    assert row_of(engine, number) == opened
    compare_disputes(engine, stack.escrow)


def test_the_comparison_notices_a_lock_that_is_never_spent(
    quarrel: Quarrel, rpc: Any, new_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: a ruling takes nothing out of the lock."""
    lock = disputes._lock

    def forgetful(m: Any, e: Any, amount_units: int) -> None:
        if e.name != "Ruled":
            lock(m, e, amount_units)

    monkeypatch.setattr(disputes, "_lock", forgetful)
    worker = quarrel.worker()
    key = quarrel.open_batch(disputeFee=FEE_UNITS)
    quarrel.decide(key, worker, accepted=1, rejected=1)
    quarrel.rule(quarrel.dispute(key, worker, 1), accepted=1)
    engine = new_engine("sqlite")
    to_head(follow(quarrel.stack, engine, rpc))
    with pytest.raises(AssertionError):
        compare_disputes(engine, quarrel.stack.escrow)
