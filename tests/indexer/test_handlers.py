"""Every event of the escrow reaches rows, and the rows say what the contract's own views say."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import select

from indexer.handlers.task_escrow import HANDLERS
from piecework.chain.logs import EscrowLogs
from piecework.db.mirror import ChainEvent
from tests.indexer.following import compare_with_contract, dump, follow, to_head

RARE = {"EIP712DomainChanged", "SweepFailed"}
"""Events that no act of the world can bring about: the domain never changes, the test token refuses nobody."""


def test_every_event_of_the_abi_has_a_handler() -> None:
    assert set(HANDLERS) == EscrowLogs().names


def test_rows_equal_the_contracts_views_after_a_random_life(world: Any, rpc: Any, new_engine: Any) -> None:
    engines = [new_engine(kind) for kind in ("sqlite", "postgres")]
    world.act(400)
    for engine in engines:
        to_head(follow(world.stack, engine, rpc))
        assert compare_with_contract(engine, world.stack.escrow) > 10
    with engines[0].connect() as connection:
        seen = Counter(connection.execute(select(ChainEvent.name)).scalars())
    missing = EscrowLogs().names - set(seen) - RARE
    assert not missing, f"the world never made {missing}; it made {seen}"
    assert dump(engines[0]) == dump(engines[1])
