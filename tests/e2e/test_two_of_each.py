"""Two gateways and two indexers on one PostgreSQL: whichever is killed, nothing stops and nothing happens twice."""

from __future__ import annotations

import io
import json
import secrets
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from piecework.chain.anvil import free_port
from piecework.db.dump import dump_mirror
from piecework.db.engine import open_engine
from piecework.db.gateway import RelayIntent, RelayTransaction
from scripts.crowd import requester, reviewer, worker
from scripts.crowd.api import Api
from scripts.crowd.wallet import Node, Wallet
from tests.e2e.pair import Balancer, Program, balanced
from tests.e2e.running import until

REWARD_UNITS = 40_000
WORKERS_A_STAGE, TASKS_A_WORKER = 2, 3
STAGES = ("gateway1", "gateway2", "indexer1", "indexer2")
TASKS = [f"task-{number}" for number in range(len(STAGES) * TASKS_A_WORKER)]
ANSWERS = len(STAGES) * WORKERS_A_STAGE * TASKS_A_WORKER


def hexed(account: Any) -> str:
    return "0x" + bytes(account.key).hex()


class Careful(Api):
    """A client that sends again what it got no answer to, as docs/gateway.md says: under an idempotency key."""

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        return super().post(path, body, key=key or secrets.token_hex(16))


@dataclass
class Yard:
    """All processes on one database and chain."""

    stack: Any
    database_url: str
    programs: dict[str, Program]
    balancer: Balancer
    batch_id: str = ""
    workers: list[Careful] = field(default_factory=list)

    def sign_in(self, key: str | None = None) -> Careful:
        api = Careful(f"http://127.0.0.1:{self.balancer.port}", Wallet(key))
        api.sign_in(api.get("/v1/chain"))
        return api

    def fund(self) -> None:
        batch = {
            "title": "Even or odd?",
            "instructions": "Say whether the number is even.",
            "task_type": "choice",
            "answer_schema": {"enum": ["even", "odd"]},
            "answers_per_task": WORKERS_A_STAGE,
            "tasks": [{"id": task, "content": {}} for task in TASKS],
            "reward_units": str(REWARD_UNITS),
            "estimated_seconds_per_task": 5,
            "review": {"policy": "agreement"},
        }
        api = self.sign_in()
        requester.get_tokens(api, 10**7, native=True)
        with closing(Node(self.stack.rpc_url)) as node:
            self.batch_id = requester.fund(api, node, batch)[0]["batch_id"]
        until(lambda: self.batch()["free"] == ANSWERS, "the mirror shows the batch")

    def batch(self) -> Any:
        with closing(Api(f"http://127.0.0.1:{self.balancer.port}")) as api:
            return api.get(f"/v1/batches/{self.batch_id}")

    def work(self, on_claim: threading.Event) -> None:
        """A new worker does its tasks, one after the other; `on_claim` is set when an answer is due."""

        def answer(_: Api, task: Any) -> str:
            on_claim.set()
            return "even" if int(task["id"].rpartition("-")[2]) % 2 == 0 else "odd"

        api = self.sign_in()
        self.workers.append(api)
        for _ in range(TASKS_A_WORKER):
            worker.work_any(api, self.batch_id, 1, answer, lambda _: None)

    def stage(self, victim: Program) -> float:
        """Workers at work, `victim` killed among them; they end before it comes back. Returns the seconds it took."""
        failures: list[Exception] = []
        claims = [threading.Event() for _ in range(WORKERS_A_STAGE)]

        def work(claimed: threading.Event) -> None:
            try:
                self.work(claimed)
            except Exception as error:
                failures.append(error)
                claimed.set()

        threads = [threading.Thread(target=work, args=(claimed,)) for claimed in claims]
        for thread in threads:
            thread.start()
        assert claims[0].wait(120)
        victim.kill()
        begun = time.monotonic()
        for thread in threads:
            thread.join(timeout=180)
        assert not any(thread.is_alive() for thread in threads), f"work stopped when {victim.name} was killed"
        assert not failures, f"with {victim.name} killed: {failures!r}"
        return time.monotonic() - begun

    def review(self) -> None:
        apis = [self.sign_in(hexed(self.stack.accounts[f"reviewer{number}"])) for number in (1, 2)]

        def decided() -> bool:
            for api in apis:
                reviewer.review_once(api)
            return bool(self.batch()["accepted"] == ANSWERS)

        until(decided, "everything is decided and paid")
        for api in apis:
            api.close()


@contextmanager
def open_yard(stack: Any, database_url: str, folder: Path) -> Iterator[Yard]:
    ports = (free_port(), free_port())
    with balanced(*ports) as balancer:
        environment = {
            "PIECEWORK_RPC_URL": stack.rpc_url,
            "PIECEWORK_DATABASE_URL": database_url,
            "PIECEWORK_ESCROW_ADDRESS": stack.escrow.address,
            "PIECEWORK_PAYLOAD_STORE": f"embedded:{folder / 'payloads'}",
            "PIECEWORK_PUBLIC_URL": f"http://127.0.0.1:{balancer.port}",
            "PIECEWORK_RELAYER_KEY": hexed(stack.accounts["relayer"]),
            "PIECEWORK_ASSIGNER_KEY": hexed(stack.accounts["assigner"]),
            "PIECEWORK_ARBITRATOR": stack.accounts["arbitrator"].address,
            "PIECEWORK_DEFAULT_REVIEWER": stack.panel,
        }
        words = {
            "indexer1": ("index",),
            "indexer2": ("index",),
            "gateway1": ("serve", "--port", str(ports[0])),
            "gateway2": ("serve", "--port", str(ports[1])),
        }
        programs = {name: Program(name, given, environment, folder) for name, given in words.items()}
        try:
            # The first of each comes to own what only one may do.
            programs["indexer1"].start()
            programs["indexer1"].says("indexing")
            programs["indexer2"].start()
            programs["gateway1"].start()
            until(lambda: answers(ports[0]), "the first gateway answers")
            time_to_own(database_url)
            programs["gateway2"].start()
            until(lambda: answers(ports[1]), "the second gateway answers")
            programs["gateway2"].says("another_process_owns_the_relayer")
            programs["indexer2"].says("another_process_indexes")
            yield Yard(stack, database_url, programs, balancer)
        finally:
            for program in programs.values():
                program.end()


def answers(port: int) -> bool:
    import httpx2

    try:
        return httpx2.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    except httpx2.TransportError:
        return False


def time_to_own(database_url: str) -> None:
    """Waits until indexer and relay hold their locks."""
    from sqlalchemy import text

    engine = open_engine(database_url)
    locks = text(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
        " WHERE locktype = 'advisory' AND granted AND datname = current_database()"
    )

    def both() -> bool:
        with engine.connect() as connection:
            return bool(connection.execute(locks).scalar_one() == 2)

    until(both, "relay and mirror have their owners")
    engine.dispose()


@pytest.mark.slow
def test_whichever_is_killed_nothing_stops_and_nothing_happens_twice(
    stack: Any, new_database: Callable[[str], str], tmp_path: Path, tell: Callable[[str], None]
) -> None:
    with open_yard(stack, new_database("postgres"), tmp_path) as yard:
        yard.fund()
        took = {}
        for name in STAGES:
            program = yard.programs[name]
            took[name] = yard.stage(program)
            program.start()
            waits = "another_process_owns_the_relayer" if name.startswith("gateway") else "another_process_indexes"
            program.says(waits)
        yard.review()

        assert set(yard.balancer.served) == set(yard.balancer.ports), "only one gateway was ever asked"
        check_chain(yard)
        check_relay(yard)
        check_mirror(yard, tmp_path)
        for api in yard.workers:
            api.close()
    tell("; ".join(f"{name} killed, its stage's work done {seconds:.1f} s later" for name, seconds in took.items()))


def check_chain(yard: Yard) -> None:
    """Each worker claimed, handed in and was paid for exactly its tasks."""
    events = []
    with closing(yard.sign_in()) as api:
        events = list(api.items(f"/v1/batches/{yard.batch_id}/events"))
    counts: Counter[tuple[str, str]] = Counter()
    for event in events:
        if event["name"] in ("Claimed", "Submitted", "Paid"):
            given = event["args"]
            counts[event["name"], given["worker"]] += int(given.get("assignments", given.get("count", 0)))
    addresses = [api.wallet.address for api in yard.workers if api.wallet]
    assert len(set(addresses)) == len(STAGES) * WORKERS_A_STAGE
    for address in addresses:
        assert [counts[name, address] for name in ("Claimed", "Submitted", "Paid")] == [TASKS_A_WORKER] * 3
        assert yard.stack.escrow.account(address).owed == TASKS_A_WORKER * REWARD_UNITS
        assert yard.stack.web3.eth.get_transaction_count(address) == 0


def check_relay(yard: Yard) -> None:
    """No nonce left out or used twice, and no intent in more than one transaction that applied."""
    relayer = yard.stack.accounts["relayer"].address
    engine = open_engine(yard.database_url)
    with Session(engine) as session:
        own = RelayTransaction.sender == relayer
        nonces = session.execute(select(RelayTransaction.nonce).where(own).order_by(RelayTransaction.nonce)).scalars()
        assert list(nonces) == list(range(yard.stack.web3.eth.get_transaction_count(relayer)))
        states = Counter(session.execute(select(RelayIntent.status)).scalars())
    engine.dispose()
    assert set(states) == {"confirmed"}, states


def check_mirror(yard: Yard, folder: Path) -> None:
    """The audit is clean, and an index made anew has the same rows."""
    arguments = ["--rpc-url", yard.stack.rpc_url, "--escrow", yard.stack.escrow.address]
    payloads = f"http://127.0.0.1:{yard.balancer.port}"
    audit = command("audit", *arguments, "--payloads", payloads, "--json")
    assert audit.returncode == 0, audit.stdout[-2000:] + audit.stderr
    assert json.loads(audit.stdout)["batches"] == 1
    fresh = f"sqlite:///{folder / 'fresh.db'}"
    indexed = command("index", *arguments, "--database-url", fresh, "--once")
    assert indexed.returncode == 0, indexed.stderr
    until(lambda: dump_of(yard.database_url) == dump_of(fresh), "the live rows are those of a fresh index", 20)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.main", *arguments], capture_output=True, text=True, check=False
    )


def dump_of(url: str) -> str:
    engine, out = open_engine(url), io.StringIO()
    try:
        dump_mirror(engine, out)
    finally:
        engine.dispose()
    return out.getvalue()
