"""Reorganisations of blocks that were indexed already: afterwards the rows are those of a fresh index."""

from __future__ import annotations

from typing import Any

import pytest

from indexer.errors import ReorgTooDeep
from indexer.mirror import Mirror
from tests.indexer.following import compare_with_contract, dump, everything, follow, fresh_dump, to_head
from tests.indexer.world import reorg


def newest_hashes(world: Any, depth: int) -> list[str]:
    """Of the newest `depth` blocks, oldest first; an empty block of the same second is the same after a reorg."""
    head = world.stack.web3.eth.block_number
    return [world.stack.web3.eth.get_block(number)["hash"].hex() for number in range(head - depth + 1, head + 1)]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@pytest.mark.parametrize("depth", [1, 2, 7, 40])
def test_rows_after_a_reorg_equal_a_fresh_index(world: Any, rpc: Any, new_engine: Any, kind: str, depth: int) -> None:
    world.act(max(12, depth // 2))
    engine = new_engine(kind)
    follower = follow(world.stack, engine, rpc)
    to_head(follower)
    before, hashes = dump(engine), newest_hashes(world, depth)
    reorg(world, depth, transactions=min(depth, 6))
    steps = to_head(follower)
    changed = sum(old != new for old, new in zip(hashes, newest_hashes(world, depth), strict=True))
    assert sum(step.reorganised for step in steps) == changed > 0
    assert dump(engine) != before
    world.act(5)
    to_head(follower)
    assert dump(engine) == fresh_dump(world.stack, rpc, new_engine("sqlite"))
    assert compare_with_contract(engine, world.stack.escrow) > 5


def test_a_chain_that_became_shorter_is_followed_back(world: Any, rpc: Any, new_engine: Any) -> None:
    saved = world.stack.web3.provider.make_request("evm_snapshot", [])["result"]
    world.act(15)
    engine = new_engine("sqlite")
    follower = follow(world.stack, engine, rpc)
    top = to_head(follower)[-1].block_number
    world.stack.web3.provider.make_request("evm_revert", [saved])
    steps = to_head(follower)
    assert steps[-1].block_number < top
    assert sum(step.reorganised for step in steps) > 0
    assert dump(engine) == fresh_dump(world.stack, rpc, new_engine("sqlite"))


def test_a_reorg_deeper_than_the_undo_entries_is_a_named_error_and_changes_nothing(
    world: Any, rpc: Any, new_engine: Any
) -> None:
    world.act(20)
    engine = new_engine("sqlite")
    follower = follow(world.stack, engine, rpc, undo_blocks=5)
    to_head(follower)
    reorg(world, 5, transactions=2)
    assert 0 < sum(step.reorganised for step in to_head(follower)) <= 5
    reorg(world, 9, transactions=2)
    before = everything(engine)
    with pytest.raises(ReorgTooDeep, match="deeper than the 5 blocks"):
        follower.step()
    assert everything(engine) == before


def test_undo_entries_do_not_outlive_the_blocks_that_can_be_undone(world: Any, rpc: Any, new_engine: Any) -> None:
    from sqlalchemy import func, select

    from piecework.db.mirror import IndexedBlock, UndoEntry

    world.act(30)
    engine = new_engine("sqlite")
    head = to_head(follow(world.stack, engine, rpc, undo_blocks=10, span=7))[-1].head
    with engine.connect() as connection:
        assert connection.execute(select(func.min(UndoEntry.block_number))).scalar_one() >= head - 10
        assert connection.execute(select(func.min(IndexedBlock.block_number))).scalar_one() == head - 10


def test_the_comparison_notices_an_undo_that_forgets_a_row(
    world: Any, rpc: Any, new_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: changes of accounts record no way back."""
    put = Mirror.put

    def forgetful(self: Mirror, model: Any, row: Any) -> None:
        put(self, model, row)
        self._undo = [entry for entry in self._undo if entry["table_name"] != "accounts"]

    monkeypatch.setattr(Mirror, "put", forgetful)
    engine = new_engine("sqlite")
    world.deposit()
    follower = follow(world.stack, engine, rpc)
    to_head(follower)
    reorg(world, 2)
    to_head(follower)
    assert dump(engine) != fresh_dump(world.stack, rpc, new_engine("sqlite"))
