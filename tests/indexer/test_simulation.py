"""A seeded life of acts, reorgs, restarts and failing nodes: the live rows are those of a fresh index, always."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from indexer.follower import Follower
from indexer.source import LogSource
from piecework.chain.errors import NodeUnreachable
from tests.indexer.flaky import FlakyRpc
from tests.indexer.following import compare_with_contract, dump, follow, fresh_dump
from tests.indexer.world import reorg

ROUNDS = 60
ENOUGH = {"reorg": 3, "reorganised": 5, "restart": 2, "lost": 5, "refused": 3, "twice": 3, "compared": 4, "moved": 3}
"""What a run must have seen to count."""


class Simulation:
    """One live follower at a time on `engine`, and what happened to it."""

    def __init__(self, world: Any, engine: Any, seed: int) -> None:
        self.world, self.engine, self.rng = world, engine, random.Random(seed)
        self.seen: Counter[str] = Counter()
        self.rpc = FlakyRpc(world.stack.rpc_url, random.Random(seed + 1), self.move)
        self.floor = world.stack.web3.eth.block_number
        self.follower = self.restart()

    def restart(self) -> Follower:
        """A follower that knows only what the database says."""
        while True:
            try:
                undo_blocks = self.rng.choice((200, 1_024))
                return follow(
                    self.world.stack, self.engine, self.rpc, span=self.rng.randint(1, 40), undo_blocks=undo_blocks
                )
            except NodeUnreachable:
                self.seen["lost at start"] += 1

    def move(self) -> None:
        """What the chain does while the indexer is in the middle of something."""
        if self.rng.random() < 0.5:
            self.world.deposit()
        else:
            self.reorganise()

    def reorganise(self) -> None:
        """Never below where the simulation began."""
        depth = min(self.rng.choice((1, 1, 2, 3, 8, 30)), self.world.stack.web3.eth.block_number - self.floor)
        if depth > 0:
            reorg(self.world, depth, transactions=self.rng.randint(0, 3))
            self.seen["reorg"] += 1

    def step(self) -> bool:
        """Whether the head was reached."""
        try:
            step = self.follower.step()
        except NodeUnreachable:
            return False
        self.seen["reorganised"] += step.reorganised
        return step.done and not step.reorganised

    def run(self, fresh: Iterator[str]) -> None:
        """`fresh` makes a new index each time it is asked."""
        for number in range(ROUNDS):
            self.world.act(self.rng.randint(1, 4))
            for _ in range(self.rng.randint(0, 3)):
                self.step()
            chance = self.rng.random()
            if chance < 0.15:
                self.reorganise()
            elif chance < 0.3:
                self.follower = self.restart()
                self.seen["restart"] += 1
            if number % 10 == 9:
                self.compare(fresh)
        self.seen.update(self.rpc.troubles)

    def compare(self, fresh: Iterator[str]) -> None:
        """At a moment when nothing moves."""
        self.rpc._between = lambda: None
        while not self.step():
            pass
        assert dump(self.engine) == next(fresh), f"after {self.seen}"
        assert compare_with_contract(self.engine, self.world.stack.escrow) > 0
        self.rpc._between = self.move
        self.seen["compared"] += 1


@pytest.mark.parametrize(("kind", "seed"), [("sqlite", 1), ("postgres", 2), ("sqlite", 3)])
def test_live_rows_equal_a_fresh_index_whatever_happens(
    world: Any, rpc: Any, new_engine: Any, kind: str, seed: int
) -> None:
    def fresh() -> Iterator[str]:
        other = "postgres" if kind == "sqlite" else "sqlite"
        while True:
            yield fresh_dump(world.stack, rpc, new_engine(other), span=37)

    simulation = Simulation(world, new_engine(kind), seed)
    try:
        simulation.run(fresh())
    finally:
        simulation.rpc.close()
    short = {name: simulation.seen[name] for name, least in ENOUGH.items() if simulation.seen[name] < least}
    assert not short, f"too little happened: {short} of {simulation.seen}"


def test_the_simulation_notices_an_event_that_is_applied_twice(
    world: Any, new_engine: Any, rpc: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: logs that the node gives twice are not recognised."""

    def every(self: LogSource, logs: list[Any], first: int, last: int) -> list[Any]:
        found = [self._logs[log["address"].lower()].decode(log) for log in logs]
        return sorted(found, key=lambda event: (event.block_number, event.log_index))

    simulation = Simulation(world, new_engine("sqlite"), 4)

    def fresh() -> Iterator[str]:
        while True:
            with monkeypatch.context() as healthy:
                healthy.setattr(LogSource, "_in_order", original)
                yield fresh_dump(world.stack, rpc, new_engine("sqlite"))

    original = LogSource._in_order
    monkeypatch.setattr(LogSource, "_in_order", every)
    try:
        with pytest.raises(Exception, match=r"after Counter|would be|outside 0"):
            simulation.run(fresh())
    finally:
        simulation.rpc.close()
