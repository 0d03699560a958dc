"""Many releases at once through a relay that is killed at one network write after the other."""

from __future__ import annotations

import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from backend.relay.outcomes import plain_log
from piecework.chain.anvil import Anvil, start_anvil
from piecework.chain.client import connect
from piecework.chain.logs import EscrowLogs
from piecework.db.engine import open_engine, upgrade
from piecework.domain.messages import BatchKey, Verdict
from tests.backend.relay import running
from tests.backend.relay.lossy import Fate, LossyNode, lossy_node
from tests.backend.relay.market import REWARD_UNITS, Market, digest_of
from tests.backend.relay.room import Room
from tests.conftest import ROOT, deploy_stack

_LOST = 0.2
"""Of the answers that no kill takes, the share that is lost on its way."""
_LIFE_SECONDS = 30.0


@dataclass
class Reaper:
    """Kills the present process at its n-th network write: before the node has it, or before its answer comes back."""

    dice: random.Random
    at: int = 0
    fate: Fate = "answer"
    process: Any = None
    calls: int = 0
    born_at: float = 0.0
    starting: float = 0.0
    """Seconds of all lives before their first request."""

    def begin(self, at: int, fate: Fate) -> None:
        """Of the next life."""
        self.at, self.fate, self.calls, self.born_at = at, fate, 0, time.monotonic()

    def judge(self, method: str, _: int) -> Fate:
        self.calls += 1
        if self.calls == 1:
            self.starting += time.monotonic() - self.born_at
        if self.calls == self.at:
            return self.fate
        return "lose_reply" if method != "eth_chainId" and self.dice.random() < _LOST else "answer"

    def on_lost(self) -> None:
        if self.at and self.calls >= self.at and self.process is not None:
            self.process.kill()


@dataclass
class Releases:
    """Batches with one handed-in answer each, and a settlement of each in the outbox."""

    market: Market
    room: Room
    keys: list[BatchKey] = field(default_factory=list)
    workers: list[Any] = field(default_factory=list)
    intents: list[str] = field(default_factory=list)
    first_block: int = 0

    def prepare(self, count: int) -> None:
        """Opens the batches and hands an answer in to each."""
        market, stack = self.market, self.market.stack
        requester = stack.accounts["requester"]
        terms = market.terms()
        total = terms.unit_cost_units * count
        stack.send(requester, stack.token.mint(requester.address, total))
        stack.send(requester, market._approve(total))
        stack.send(requester, stack.escrow.deposit(total))
        for number in range(count):
            salt = digest_of(1_000_000 + number)
            stack.send(requester, stack.escrow.open_batch(terms, salt, 1))
            self.keys.append(BatchKey(requester.address, salt, terms))
        self.workers = [market.worker() for _ in self.keys]
        packets = [market.claim_and_submit(key, worker) for key, worker in zip(self.keys, self.workers, strict=True)]
        for start in range(0, count, 25):
            call = stack.escrow.relay(self.keys[start : start + 25], packets[start : start + 25])
            stack.send(stack.accounts["stranger"], call, gas=16_000_000)
        self.first_block = stack.web3.eth.block_number + 1

    def queue(self) -> None:
        """All of them at the same moment, each by a thread of its own."""
        found: dict[int, str] = {}
        start = threading.Barrier(len(self.keys))

        def ask(number: int) -> None:
            key, worker = self.keys[number], self.workers[number]
            settlement = self.market.settlement(key, 1, [Verdict(worker.address, 0, 1, 0)])
            payload = settlement | {
                "key": key.to_json(),
                "verdicts": [
                    {"worker": worker.address, "decidedBefore": 0, "accepted": 1, "rejected": 0},
                ],
            }
            start.wait()
            found[number] = self.room.enqueue("settle", payload)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(self.keys))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.intents = [found[number] for number in range(len(self.keys))]

    def are_done(self) -> bool:
        return not self.room.open_intents()

    def check(self) -> None:
        """Each release took effect exactly once, each worker has its reward, and the nonces have no gap."""
        self.room.restart()
        self.room.sender.run_once()  # what the database calls done may have been taken back meanwhile
        self.room.settle_down()
        assert Counter(self.room.statuses(self.intents)) == {"confirmed": len(self.intents)}
        web3, decoder = self.market.stack.web3, EscrowLogs()
        wanted = {"address": self.room.escrow.address, "fromBlock": self.first_block, "toBlock": "latest"}
        events = [decoder.decode(plain_log(entry)) for entry in web3.eth.get_logs(wanted)]
        settled = Counter(event.args["batchId"] for event in events if event.name == "Settled")
        paid = Counter(event.args["worker"] for event in events if event.name == "Paid")
        assert settled == Counter(self.market.batch_id(key) for key in self.keys)
        assert paid == Counter(worker.address for worker in self.workers)
        owed = [self.room.escrow.account(worker.address).owed for worker in self.workers]
        assert owed == [REWARD_UNITS] * len(owed)
        rows = self.room.transactions()
        assert [row.nonce for row in rows] == list(range(self.room.mined_nonce()))
        assert {row.status for row in rows} == {"mined"}


@dataclass
class Storm:
    """What happened: how often the process was killed, at how many different writes (of which in the middle of a list),
    and how long all took, of which until the first request of each life."""

    deaths: int = 0
    writes: int = 0
    halves: int = 0
    lost: int = 0
    restarts: int = 0
    seconds: float = 0.0
    starting: float = 0.0


@dataclass
class Ground:
    """A chain that can be restarted, with a database."""

    folder: Path
    node: Anvil
    market: Market
    engine: Engine

    def restart_node(self) -> None:
        """SIGKILL; it comes back with what it had written a second ago or less."""
        state = self.folder / "chain.json"
        deadline = time.monotonic() + 20
        while not _is_whole(kept := state.read_bytes()):
            assert time.monotonic() < deadline, "the chain never writes a whole state"
        self.node.process.kill()
        self.node.process.wait()
        if not _is_whole(state.read_bytes()):  # it writes in place, and was killed while it did
            state.write_bytes(kept)
        port = int(self.node.rpc_url.rsplit(":", 1)[1])
        self.node = start_anvil(ROOT, state_file=state, port=port)

    def releases(self, count: int) -> Releases:
        from eth_account import Account

        relayer = Account.create()
        self.market.stack.web3.provider.make_request("anvil_setBalance", [relayer.address, hex(10**20)])
        made = Releases(self.market, Room(self.market, self.engine, self.market.stack.escrow, relayer))
        made.prepare(count)
        self._wait_saved()
        return made

    def _wait_saved(self) -> None:
        state = self.folder / "chain.json"
        for _ in range(2):
            before, deadline = _written(state), time.monotonic() + 20
            while _written(state) == before:
                assert time.monotonic() < deadline, "the chain does not write its state"
                time.sleep(0.02)


def _is_whole(state: bytes) -> bool:
    try:
        json.loads(state)
    except ValueError:
        return False
    return True


def _written(state: Path) -> int:
    return state.stat().st_mtime_ns if state.exists() else 0


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """A chain of its own in `folder`, with contracts, and an empty database."""
    engine = open_engine(f"sqlite:///{folder / 'gateway.db'}")
    upgrade(engine)
    node = start_anvil(ROOT, state_file=folder / "chain.json")
    found = Ground(folder, node, Market(deploy_stack(node.rpc_url, connect(node.rpc_url))), engine)
    try:
        yield found
    finally:
        found.node.stop()
        engine.dispose()


def weather(
    place: Ground,
    releases: Releases,
    *,
    seed: int,
    moments: Iterable[tuple[int, Fate]],
    restart: bool = True,
    start: Callable[..., Any] = running.start,
) -> Storm:
    """Life after life, each to die at the next of `moments` (n-th write, how); until a life does all that is left.

    At the first death after a transaction was mined the node is killed too, and comes back with older state.
    """
    storm, begun = Storm(), time.monotonic()
    reaper = Reaper(random.Random(seed))
    with lossy_node(place.node.rpc_url, reaper.judge) as node:
        node.on_lost = reaper.on_lost
        releases.queue()
        where = running.place_of(releases.room, node.rpc_url, place.folder / "gateway.db")
        for at, fate in _and_halves(moments, node):
            reaper.begin(at, fate)
            reaper.process = start(where)
            if _lived(reaper.process, releases):
                break
            storm.deaths, storm.writes, storm.halves = storm.deaths + 1, at, storm.halves + (fate == "lose_half")
            if restart and not storm.restarts and releases.room.mined_nonce() > 0:
                place.restart_node()
                storm.restarts += 1
        else:
            raise AssertionError("no life did what was left")
        storm.seconds, storm.starting = time.monotonic() - begun, reaper.starting
        reaper.at = 0
        reaper.process.kill()
        reaper.process.join()
        storm.lost = _lost(node)
    return storm


def every_write() -> Iterator[tuple[int, Fate]]:
    """Each write in turn, once before the node has it and once after."""
    for at in itertools.count(1):
        yield at, "lose_request"
        yield at, "lose_reply"


def _and_halves(moments: Iterable[tuple[int, Fate]], node: LossyNode) -> Iterator[tuple[int, Fate]]:
    """Where the node was to get nothing of a list, it gets half of one in the next life."""
    for at, fate in moments:
        yield at, fate
        if fate == "lose_request" and node.was_list:
            yield at, "lose_half"


def _lived(process: Any, releases: Releases) -> bool:
    """Whether all was done before the process was killed."""
    deadline = time.monotonic() + _LIFE_SECONDS
    while process.is_alive():
        if releases.are_done():
            return True
        assert time.monotonic() < deadline, "the relay neither ended its work nor came to its death"
        process.join(timeout=0.05)
    assert process.exitcode == -9, f"the relay ended by itself with {process.exitcode}"
    return False


def _lost(node: LossyNode) -> int:
    return sum(node.lost.values())
