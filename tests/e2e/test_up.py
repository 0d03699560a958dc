"""`piecework up` killed in every part while work is under way: nothing is lost, nothing is paid twice."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from piecework.chain.anvil import free_port
from piecework.db.dump import dump_mirror
from scripts.crowd import requester, reviewer, worker
from scripts.crowd.api import Api
from scripts.crowd.wallet import Node, Wallet
from scripts.stack.up import Paths
from tests.e2e.running import Up, is_alive, until

STACK_KEYS = {
    "rpc_url",
    "chain_id",
    "escrow",
    "token",
    "arbitrator",
    "credentials",
    "gateway_url",
    "mturk_url",
    "mturk_access_key",
    "mturk_secret_key",
    "database_url",
    "accounts",
}
"""As the architecture page lists them."""
REWARD_UNITS = 40_000
TASKS = [f"task-{number}" for number in range(4)]
VICTIMS = ("indexer", "gateway", "chain", "all")
"""Each falls while one worker does three tasks: 4 x 3 = 4 tasks x 3 answers."""


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    running = Up(tmp_path / "data")
    yield running
    if running.process is not None and running.process.poll() is None:
        running.stop()


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.main", *arguments], capture_output=True, text=True, check=False
    )


def test_a_chain_that_is_kept_in_memory_writes_no_state_and_ends_the_stack_with_it(up: Up) -> None:
    up.arguments = ("--in-memory",)
    up.start()
    assert not Paths(up.folder).chain_state.exists()
    os.kill(up.children()["chain"], signal.SIGKILL)
    assert up.process is not None
    assert up.process.wait(timeout=60) == 1
    assert "--in-memory kept no state" in (up.folder / "up.log").read_text().replace("\n", " ")


def test_stack_json_names_everything_and_sigterm_stops_every_part(up: Up) -> None:
    facts = up.start()
    assert set(facts) >= STACK_KEYS
    assert [facts[name] for name in facts if name.startswith("mturk_")] == [None] * 3
    assert {"requester", "reviewer1", "worker1", "issuer", "juror3"} <= {
        account["name"] for account in facts["accounts"]
    }
    assert all(Wallet(account["private_key"]).address == account["address"] for account in facts["accounts"])
    with closing(Node(facts["rpc_url"])) as node:
        assert node.call("eth_chainId") == hex(facts["chain_id"])
    second = command("up", "--data-dir", str(up.folder), "--port", "0")
    assert second.returncode == 1
    assert "another `piecework up` runs on this data folder" in second.stderr
    children = up.children()
    assert set(children) == {"chain", "indexer", "gateway"}
    assert up.stop() == 0
    assert [name for name, pid in children.items() if is_alive(pid)] == []
    again = up.start()
    assert (again["escrow"], again["token"]) == (facts["escrow"], facts["token"])


class Market:
    """One batch on the stack, spoken to by HTTP alone."""

    def __init__(self, up: Up) -> None:
        self.up = up
        self.keys = {account["name"]: account["private_key"] for account in up.facts["accounts"]}
        self.requester = self.sign_in(self.keys["requester"])
        self.workers: list[Api] = []
        self.batch_id = ""

    def sign_in(self, key: str | None = None) -> Api:
        api = Api(self.up.facts["gateway_url"], Wallet(key))
        api.sign_in(api.get("/v1/chain"))
        return api

    def fund(self) -> None:
        requester.get_tokens(self.requester, 10**7, native=True)
        batch = {
            "title": "Even or odd?",
            "instructions": "Say whether the number is even.",
            "task_type": "choice",
            "answer_schema": {"enum": ["even", "odd"]},
            "answers_per_task": 3,
            "tasks": [{"id": task, "content": {}} for task in TASKS],
            "reward_units": str(REWARD_UNITS),
            "estimated_seconds_per_task": 5,
            "review": {"policy": "agreement"},
        }
        with self.node() as node:
            draft, _ = requester.fund(self.requester, node, batch)
        self.batch_id = draft["batch_id"]

    def work(self, on_claim: threading.Event) -> None:
        """A new worker does three tasks; `on_claim` is set when its first answer is due."""

        def answer(_: Api, task: Any) -> str:
            on_claim.set()
            return "even" if int(task["id"][-1]) % 2 == 0 else "odd"

        api = self.sign_in()
        self.workers.append(api)
        worker.work_any(api, self.batch_id, 3, answer, lambda _: None)

    def review(self) -> None:
        apis = [self.sign_in(self.keys[f"reviewer{number}"]) for number in (1, 2)]

        def decided() -> bool:
            for api in apis:
                reviewer.review_once(api)
            return bool(self.requester.get(f"/v1/batches/{self.batch_id}")["submitted"] == 0)

        until(decided, "everything is decided")
        close(apis)

    def pay_out(self) -> None:
        for api in self.workers:
            draft = api.post("/v1/withdrawals/draft", {"amount_units": "all"})
            signed = {name: draft[name] for name in ("account", "amount_units", "to", "nonce", "deadline")}
            signed["signature"] = api.wallet.sign_typed(draft["typed_data"])
            api.wait_for_intent(api.post("/v1/withdrawals", signed)["intent_id"])

    def tokens_of(self, address: str) -> int:
        data = "0x70a08231" + address[2:].lower().rjust(64, "0")
        call = {"to": self.up.facts["token"], "data": data}
        with self.node() as node:
            return int(node.call("eth_call", call, "latest"), 16)

    def node(self) -> closing[Node]:
        return closing(Node(self.up.facts["rpc_url"]))


def close(apis: list[Api]) -> None:
    for api in apis:
        api.close()


@pytest.mark.slow
def test_kill_9_of_every_part_loses_nothing_and_pays_nothing_twice(up: Up, tmp_path: Path) -> None:
    up.port = free_port()
    up.start()
    market = Market(up)
    market.fund()
    wait_saved(up)
    for victim in VICTIMS:
        claimed, failures = threading.Event(), []

        def work(claimed: threading.Event = claimed, failures: list[Exception] = failures) -> None:
            try:
                market.work(claimed)
            except Exception as error:
                failures.append(error)
                claimed.set()

        thread = threading.Thread(target=work)
        thread.start()
        assert claimed.wait(120), "the worker could not claim"
        if victim == "all":
            up.kill_all()
            up.start()
        else:
            up.kill(victim)
        thread.join(timeout=180)
        assert not thread.is_alive()
        assert not failures, f"with {victim} killed: {failures[0]!r}"
    market.review()
    market.pay_out()
    check_money(market)
    check_records(market, tmp_path)
    close([market.requester, *market.workers])
    children = up.children()
    assert up.stop() == 0
    assert not any(is_alive(pid) for pid in children.values())


def wait_saved(up: Up) -> None:
    """The chain writes its state each second; a kill loses what came after."""
    state = up.folder / "chain.json"
    for _ in range(2):
        before = state.stat().st_mtime_ns
        until(lambda before=before: state.stat().st_mtime_ns != before, "the chain writes its state")


def check_money(market: Market) -> None:
    """Each worker holds its three rewards, no gas, and never sent a transaction; the events say the same."""
    for api in market.workers:
        assert api.wallet is not None
        assert market.tokens_of(api.wallet.address) == 3 * REWARD_UNITS
        with market.node() as node:
            assert node.balance_wei(api.wallet.address) == 0
            assert node.transactions_sent(api.wallet.address) == 0
    events = list(market.requester.items(f"/v1/batches/{market.batch_id}/events"))
    units = Counter()
    for event in events:
        if event["name"] in ("BatchOpened", "Paid", "FeePaid"):
            units[event["name"]] += int(event["args"]["amount"])
    assert units["Paid"] == 12 * REWARD_UNITS
    assert units["BatchOpened"] == units["Paid"] + units["FeePaid"]
    batch = market.requester.get(f"/v1/batches/{market.batch_id}")
    assert (batch["accepted"], batch["free"], batch["claimed"], batch["submitted"]) == (12, 0, 0, 0)


def check_records(market: Market, tmp_path: Path) -> None:
    """The audit is clean, and an index made anew has the same rows."""
    facts = market.up.facts
    arguments = ["--rpc-url", facts["rpc_url"], "--escrow", facts["escrow"]]
    audit = command("audit", *arguments, "--payloads", facts["gateway_url"], "--json")
    assert audit.returncode == 0, audit.stdout[-2000:] + audit.stderr
    assert json.loads(audit.stdout)["batches"] == 1
    fresh = f"sqlite:///{tmp_path / 'fresh.db'}"
    indexed = command("index", *arguments, "--database-url", fresh, "--once")
    assert indexed.returncode == 0, indexed.stderr
    until(lambda: dump_of(facts["database_url"]) == dump_of(fresh), "the live rows are those of a fresh index", 20)


def dump_of(url: str) -> str:
    engine, out = create_engine(url), io.StringIO()
    try:
        dump_mirror(engine, out)
    finally:
        engine.dispose()
    return out.getvalue()
