"""Nodes and databases that do not belong together, and nodes that do not answer: each has an error that says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from indexer.errors import DatabaseFailed, NodeInconsistent, StartBlockAhead, WrongDatabase
from indexer.follower import Follower
from indexer.run import IndexerSettings, run_indexer
from indexer.source import LogSource
from piecework.chain.anvil import Anvil, start_anvil
from piecework.chain.client import connect
from piecework.chain.errors import ContractMissing, NodeUnreachable
from piecework.chain.logs import UndecodableLog
from piecework.chain.rpc import Rpc
from piecework.db.mirror import Checkpoint
from tests.backend.relay.lossy import LossyNode, lossy_node
from tests.conftest import ROOT, Stack, deploy_stack
from tests.indexer.following import dump, everything, follow, fresh_dump, to_head


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Stack]:
    """The same contracts at the same addresses on another chain with the same chain id."""
    process = start_anvil(ROOT, extra=("--timestamp", "1700000000"))
    yield deploy_stack(process.rpc_url, connect(process.rpc_url))
    process.stop()


@pytest.fixture
def other_id() -> Iterator[Anvil]:
    """An empty chain of another id."""
    process = start_anvil(ROOT, extra=("--chain-id", "1337"))
    yield process
    process.stop()


def settings_for(world: Any, engine: Any, **changes: Any) -> IndexerSettings:
    url = engine.url.set(drivername=engine.url.drivername.partition("+")[0]).render_as_string(hide_password=False)
    usual = {"rpc_url": world.stack.rpc_url, "database_url": url, "escrow": world.stack.escrow.address}
    return IndexerSettings(**(usual | {"retries": 2, "poll_seconds": 0.02} | changes))


@pytest.fixture
def indexed(world: Any, rpc: Any, new_engine: Any) -> Any:
    """A database that mirrors the world."""
    world.act(3)
    engine = new_engine("sqlite")
    to_head(follow(world.stack, engine, rpc))
    return engine


def assert_untouched_by(world: Any, engine: Any, error: type[Exception], match: str, **changes: Any) -> None:
    before = everything(engine)
    with pytest.raises(error, match=match):
        run_indexer(settings_for(world, engine, **changes), once=True)
    assert everything(engine) == before


def test_a_database_of_another_genesis_is_refused(world: Any, indexed: Any, elsewhere: Stack) -> None:
    assert elsewhere.escrow.address == world.stack.escrow.address
    assert_untouched_by(world, indexed, WrongDatabase, "genesis block 0x", rpc_url=elsewhere.rpc_url)


def test_a_database_of_another_chain_id_is_refused(world: Any, indexed: Any, elsewhere: Stack) -> None:
    with indexed.begin() as connection:
        connection.execute(text("UPDATE checkpoints SET chain_id = 10"))
    assert_untouched_by(world, indexed, WrongDatabase, "mirrors chain 10, the node and settings say 31337")


def test_a_database_of_another_escrow_is_refused(world: Any, indexed: Any) -> None:
    from piecework.chain.deploy import deploy_escrow

    accounts = world.stack.accounts
    arbitrators = [accounts["arbitrator"].address]
    other = deploy_escrow(world.stack.web3, accounts["deployer"], world.stack.token.address, arbitrators).escrow
    assert_untouched_by(world, indexed, WrongDatabase, f"mirrors escrow {world.stack.escrow.address}", escrow=other)


def test_a_chain_without_the_escrow_is_refused(world: Any, indexed: Any, other_id: Anvil) -> None:
    assert_untouched_by(world, indexed, ContractMissing, "no code", rpc_url=other_id.rpc_url)


def test_another_contract_at_the_address_is_refused_at_its_first_log(world: Any, rpc: Any, new_engine: Any) -> None:
    engine, token = new_engine("sqlite"), world.stack.token.address
    follower = Follower(engine, LogSource(rpc, token))
    follower.prepare()
    before = everything(engine)
    with pytest.raises(UndecodableLog, match="another version"):
        to_head(follower)
    assert everything(engine) == before


def test_a_start_beyond_the_head_is_a_named_error(world: Any, new_engine: Any) -> None:
    engine = new_engine("sqlite")
    assert_untouched_by(world, engine, StartBlockAhead, "--from-block is 99999", start_block=99_999)


def test_the_index_may_begin_at_the_escrows_creation(world: Any, rpc: Any, new_engine: Any) -> None:
    logs = rpc.call("eth_getLogs", {"address": world.stack.escrow.address, "fromBlock": "0x0", "toBlock": "latest"})
    first = min(int(log["blockNumber"], 16) for log in logs)
    late, whole = new_engine("sqlite"), new_engine("sqlite")
    to_head(follow(world.stack, late, rpc, start_block=first))
    to_head(follow(world.stack, whole, rpc))
    assert dump(late) == dump(whole)


def test_a_node_that_is_down_is_asked_again_and_once_gives_up(world: Any, indexed: Any) -> None:
    with lossy_node(world.stack.rpc_url, lambda *_: "lose_request") as node:
        assert_untouched_by(world, indexed, NodeUnreachable, "no answer from the node", rpc_url=node.rpc_url)
        assert sum(node.lost.values()) == 2


def test_a_node_that_comes_back_is_followed_on(world: Any, rpc: Any, new_engine: Any) -> None:
    """The first call of each kind is lost while the world goes on; nothing is missing in the end, nothing double."""
    engine = new_engine("sqlite")
    stop, seen = threading.Event(), []
    with lossy_node(world.stack.rpc_url, lambda _, n: "lose_reply" if n == 1 else "answer") as node:
        settings = settings_for(world, engine, rpc_url=node.rpc_url)
        arguments = {"stop": stop, "progress": seen.append}
        thread = threading.Thread(target=run_indexer, args=(settings,), kwargs=arguments, daemon=True)
        thread.start()
        world.act(10)
        head = world.stack.web3.eth.block_number
        deadline = time.monotonic() + 60
        while not seen or seen[-1].block_number < head:
            assert time.monotonic() < deadline, f"not at block {head} yet: {seen[-3:]}"
            time.sleep(0.02)
        stop.set()
        thread.join(timeout=30)
        assert not thread.is_alive()
        assert sum(node.lost.values()) > 3
    assert dump(engine) == fresh_dump(world.stack, rpc, new_engine("sqlite"))


def test_a_slow_node_is_asked_for_less(world: Any, rpc: Any, new_engine: Any) -> None:
    """Replies to wide log queries come too late; halving the span finds a width that the node manages."""
    engine = new_engine("sqlite")
    slow = LossyNode(world.stack.rpc_url, lambda *_: "answer")

    class Slow(Rpc):
        def call(self, method: str, *params: Any) -> Any:
            if method == "eth_getLogs" and int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) > 8:
                slow.lost[method] += 1
                raise NodeUnreachable(self.url, "ReadTimeout")
            return super().call(method, *params)

    connection = Slow(world.stack.rpc_url)
    follower = follow(world.stack, engine, connection)
    try:
        for _ in range(3_000):
            try:
                if follower.step().done:
                    break
            except NodeUnreachable:
                continue
    finally:
        connection.close()
    assert slow.lost["eth_getLogs"] > 3
    assert dump(engine) == fresh_dump(world.stack, rpc, new_engine("sqlite"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"blockHash": "0x" + "11" * 32}, "other blocks than the headers"),
        ({"blockNumber": "0x1"}, "not of the contracts and blocks"),
        ({"address": "0x" + "22" * 20}, "not of the contracts and blocks"),
        ({"removed": True}, "was removed"),
    ],
)
def test_logs_that_do_not_fit_are_never_applied(
    world: Any, indexed: Any, rpc: Any, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], why: str
) -> None:
    """The node goes on lying; a moment of it would only be asked again."""
    monkeypatch.setattr("indexer.follower._TRIES", 3)
    world.deposit()
    call = Rpc.call

    def lying(self: Rpc, method: str, *params: Any) -> Any:
        found = call(self, method, *params)
        return [{**log, **change} for log in found] if method == "eth_getLogs" else found

    monkeypatch.setattr(Rpc, "call", lying)
    before = everything(indexed)
    with pytest.raises(NodeInconsistent, match=why):
        follow(world.stack, indexed, rpc).step()
    assert everything(indexed) == before


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_the_same_logs_twice_are_one(world: Any, rpc: Any, new_engine: Any, kind: str) -> None:
    call = rpc.call

    def double(method: str, *params: Any) -> Any:
        found = call(method, *params)
        return found + found[::-1] if method == "eth_getLogs" else found

    world.act(3)
    engine = new_engine(kind)
    rpc.call = double
    to_head(follow(world.stack, engine, rpc))
    rpc.call = call
    assert dump(engine) == fresh_dump(world.stack, rpc, new_engine("sqlite"))


def test_a_database_that_is_not_there_is_a_named_error(world: Any, tmp_path: Path) -> None:
    url = f"postgresql://nobody@/nothing?host={tmp_path}"
    with pytest.raises(DatabaseFailed, match="does it run"):
        run_indexer(IndexerSettings(world.stack.rpc_url, url, world.stack.escrow.address), once=True)
    with pytest.raises(ValueError, match="database URL cannot be read"):
        run_indexer(IndexerSettings(world.stack.rpc_url, "what is this", world.stack.escrow.address), once=True)


def test_a_file_that_is_no_database_is_a_named_error(world: Any, tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("not a database, but a long enough text that SQLite looks at it more closely " * 20)
    settings = IndexerSettings(world.stack.rpc_url, f"sqlite:///{path}", world.stack.escrow.address)
    with pytest.raises(DatabaseFailed, match="file is not a database"):
        run_indexer(settings, once=True)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_programs_that_start_at_once_make_the_schema_once(new_database: Any, kind: str) -> None:
    from piecework.db.engine import open_engine, upgrade

    url = new_database(kind)
    failures: list[Exception] = []

    def start() -> None:
        engine = open_engine(url)
        try:
            upgrade(engine)
            with engine.connect() as connection:
                assert connection.execute(select(Checkpoint)).first() is None
        except Exception as error:
            failures.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
