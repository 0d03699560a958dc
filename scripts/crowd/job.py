"""A whole job: one batch from funding to the last payment, with every role as a wallet."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from rich.progress import Progress

from scripts.crowd import requester, worker
from scripts.crowd.api import Api, Json
from scripts.crowd.times import Times
from scripts.crowd.wallet import Node, Wallet

_THREADS = 24
_MOST_ASKED = 200
_DECIDE_SECONDS = 300
_DAY = 86_400


class JobFailed(Exception):
    """The job did not end as it should; the message says what was seen."""


@dataclass(frozen=True)
class Plan:
    """What one worker will do: tasks it picks itself, or how many it takes; and how it answers."""

    name: str
    answer: worker.Answerer
    tasks: Sequence[str] | None = None
    limit: int = 0
    is_asked: bool = False
    """Whether the gateway chooses among `tasks` what it needs, and leaves the rest."""


@dataclass
class Outcome:
    """What happened, as read from the public API and the node."""

    batch_id: str
    escrow: str
    funded_units: int
    cost: Json
    worker_addresses: list[str]
    labels: dict[str, Any]
    submitted: int
    counts: Json
    paid_to_workers_units: int
    operator_fee_units: int
    refunded_units: int
    gas: dict[str, int]
    transactions: int
    native_balance_wei: int
    transactions_sent: int
    """By the workers themselves."""
    wallets_paid: int
    request_ms: dict[str, dict[str, float]]
    """Of the workers' requests, by kind: `p50`, `p99` and `count`."""
    redundancy: Json | None
    """Of a batch with a target confidence: answers used and saved, and what came back, as its report says."""
    seconds: dict[str, float] = field(default_factory=dict)


class Job:
    """Runs one batch with the given workers."""

    def __init__(
        self, gateway_url: str, rpc_url: str, *, requester_key: str | None, reviewer_keys: Sequence[str], bars: Progress
    ) -> None:
        self._url = gateway_url
        self._node = Node(rpc_url)
        self._requester = Api(gateway_url, Wallet(requester_key))
        self._reviewer_keys = reviewer_keys
        self._bars = bars
        self._times = Times()
        self._chain: Json = self._requester.get("/v1/chain")

    def run(self, batch: Json, plans: Sequence[Plan], uploads: Callable[[Api], Json] | None = None) -> Outcome:
        """From the faucet to the last withdrawal. Raises JobFailed, ApiError or WorkerStuck."""
        seconds: dict[str, float] = {}
        with _timed(seconds, "fund"):
            self._requester.sign_in(self._chain)
            if uploads is not None:
                batch = {**batch, **uploads(self._requester)}
            if "reviewer" not in batch and not self._chain["default_reviewer"]:
                raise JobFailed("the gateway has no review panel and the batch names no reviewer")
            slots = len(batch["tasks"]) * batch["answers_per_task"]
            reserve = self._reserve_units(batch, len(plans))
            batch = {**batch, "reserve_units": str(reserve)}
            budget = slots * int(batch["reward_units"]) * 21 // 20 + reserve
            requester.get_tokens(self._requester, budget, native=True)
            draft, _ = requester.fund(self._requester, self._node, batch)
        batch_id = draft["batch_id"]
        with self._reviewers(), _timed(seconds, "work"):
            submitted, addresses, apis = self._work(batch_id, plans)
            self._settle(batch_id, closed=submitted < slots and not self._is_answered(batch_id))
        with _timed(seconds, "pay out"):
            self._pay_out(apis)
            self._refund_rest(batch_id)
        with _timed(seconds, "report"):
            return self._outcome(batch_id, draft, submitted, addresses, apis, seconds)

    def _reserve_units(self, batch: Json, workers: int) -> int:
        """What must stay in the requester's account so that every worker could be rejected: a dispute fee each."""
        arbitration = self._chain["arbitration"]
        may_reject = batch.get("review", {}).get("reject_gold_below") is not None
        return workers * int(arbitration["fee_units"]) if arbitration and may_reject else 0

    # ----------------------------------------------------------------- stages

    def _work(self, batch_id: str, plans: Sequence[Plan]) -> tuple[int, list[str], list[Api]]:
        total = sum(len(plan.tasks) if plan.tasks is not None else plan.limit for plan in plans)
        bar = self._bars.add_task("answers submitted", total=total)
        apis = [Api(self._url, Wallet(), self._times) for _ in plans]

        def one(plan: Plan, api: Api) -> int:
            api.sign_in(self._chain)
            tick = lambda count: self._bars.advance(bar, count)  # noqa: E731
            if plan.tasks is not None and plan.is_asked:
                return worker.work_asked(api, batch_id, plan.tasks, plan.answer, tick)
            if plan.tasks is not None:
                return worker.work_listed(api, batch_id, plan.tasks, plan.answer, tick)
            return worker.work_any(api, batch_id, plan.limit, plan.answer, tick)

        done = 0
        # Where the gateway asks, workers wait for each other: all of them must be there.
        threads = _MOST_ASKED if any(plan.is_asked for plan in plans) else _THREADS
        with ThreadPoolExecutor(min(threads, len(plans))) as pool:
            longest_first = sorted(zip(plans, apis, strict=True), key=lambda pair: -len(pair[0].tasks or ()))
            futures = [pool.submit(one, plan, api) for plan, api in longest_first]
            for future in as_completed(futures):
                done += future.result()
        return done, [api.wallet.address for api in apis if api.wallet], apis

    def _settle(self, batch_id: str, *, closed: bool) -> None:
        """Waits for the reviewers; a batch whose tasks were not all taken is closed first."""
        if closed:
            requester.close(self._requester, self._node, batch_id)
        first = self._requester.get(f"/v1/batches/{batch_id}")
        bar = self._bars.add_task("answers decided", total=first["submitted"])
        left, deadline = first["submitted"], time.monotonic() + _DECIDE_SECONDS
        while time.monotonic() < deadline:
            now = self._requester.get(f"/v1/batches/{batch_id}")
            self._bars.update(bar, completed=first["submitted"] - now["submitted"])
            if now["submitted"] == 0:
                return
            if now["submitted"] < left:
                left, deadline = now["submitted"], time.monotonic() + _DECIDE_SECONDS
            time.sleep(0.2)
        raise JobFailed(f"the reviewers decided nothing for {_DECIDE_SECONDS} s, and {left} answers are left")

    def _is_answered(self, batch_id: str) -> bool:
        """Whether no task needs another answer, though there is money for more."""
        progress = self._requester.get(f"/v1/batches/{batch_id}")["progress"]
        return progress["answers_saved"] is not None and progress["tasks_complete"] == progress["tasks"]

    def _pay_out(self, apis: Sequence[Api]) -> None:
        """Half of the workers withdraw by signature, half let themselves be swept if they earned enough for it."""
        minimum = int(self._chain["sweep_minimum_units"])
        bar = self._bars.add_task("workers paid out", total=len(apis))

        def one(number: int, api: Api) -> None:
            assert api.wallet is not None  # noqa: S101
            owed = int(api.get(f"/v1/accounts/{api.wallet.address}")["owed_units"])
            if owed > 0:
                if number % 2 and owed >= minimum:
                    self._sweep(api)
                else:
                    self._withdraw(api)
            self._bars.advance(bar)

        with ThreadPoolExecutor(_THREADS) as pool:
            for future in [pool.submit(one, number, api) for number, api in enumerate(apis)]:
                future.result()

    def _withdraw(self, api: Api) -> None:
        assert api.wallet is not None  # noqa: S101
        draft = api.post("/v1/withdrawals/draft", {"amount_units": "all"})
        signed = {name: draft[name] for name in ("account", "amount_units", "to", "nonce", "deadline")}
        signed["signature"] = api.wallet.sign_typed(draft["typed_data"])
        api.wait_for_intent(api.post("/v1/withdrawals", signed)["intent_id"])

    def _sweep(self, api: Api) -> None:
        assert api.wallet is not None  # noqa: S101
        draft = api.post("/v1/sweeps/draft", {"enabled": True})
        signed = {name: draft[name] for name in ("account", "enabled", "nonce", "deadline")}
        signed["signature"] = api.wallet.sign_typed(draft["typed_data"])
        api.wait_for_intent(api.post("/v1/sweeps", signed)["intent_id"])

    def _refund_rest(self, batch_id: str) -> None:
        """Lets the dispute window of rejections end (on the development chain's clock) and waits for the refund."""
        found = self._requester.get(f"/v1/batches/{batch_id}")
        if found["contestable"]:
            self._node.travel(int(found["terms"]["disputeWindow"]) + 60)
        if found["contestable"] or found["free"]:
            self._until(batch_id, "contestable", 0)
            if not self._is_closed(batch_id):
                requester.close(self._requester, self._node, batch_id)
            self._until(batch_id, "free", 0)

    def _is_closed(self, batch_id: str) -> bool:
        return any(event["name"] == "BatchClosed" for event in self._requester.items(f"/v1/batches/{batch_id}/events"))

    def _until(self, batch_id: str, name: str, value: int) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self._requester.get(f"/v1/batches/{batch_id}")[name] == value:
                return
            time.sleep(0.2)
        raise JobFailed(f"{name} of batch {batch_id} did not become {value} within 60 s")

    @contextmanager
    def _reviewers(self) -> Iterator[None]:
        """Each reviewer is a process of its own, with its key and nothing else."""
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", "scripts.crowd.reviewer", self._url],
                env={**os.environ, "PIECEWORK_REVIEWER_KEY": key},
                stdout=subprocess.DEVNULL,
            )
            for key in self._reviewer_keys
        ]
        try:
            yield
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()

    # ---------------------------------------------------------------- outcome

    def _outcome(
        self,
        batch_id: str,
        draft: Json,
        submitted: int,
        addresses: list[str],
        apis: Sequence[Api],
        seconds: dict[str, float],
    ) -> Outcome:
        read = self._requester
        events = list(read.items(f"/v1/batches/{batch_id}/events"))
        by_name: dict[str, list[Json]] = {}
        for event in events:
            by_name.setdefault(event["name"], []).append(event)
        paid = _sum(by_name.get("Paid", []), "amount")
        self._check_wallets(apis, paid)
        gas = self._gas(events)
        with suppress(Exception):
            for api in apis:
                api.close()
        return Outcome(
            batch_id=batch_id,
            escrow=self._chain["escrow"],
            funded_units=_sum(by_name["BatchOpened"], "amount"),
            cost=draft["cost"],
            worker_addresses=addresses,
            labels={item["task"]: item["label"] for item in read.get(f"/v1/batches/{batch_id}/results")["labels"]},
            submitted=submitted,
            counts=read.get(f"/v1/batches/{batch_id}"),
            paid_to_workers_units=paid,
            operator_fee_units=_sum(by_name.get("FeePaid", []), "amount"),
            refunded_units=_sum(by_name.get("Refunded", []), "amount"),
            gas=gas,
            transactions=len({event["transaction_hash"] for event in events}),
            native_balance_wei=sum(self._node.balance_wei(address) for address in addresses),
            transactions_sent=sum(self._node.transactions_sent(address) for address in addresses),
            wallets_paid=sum(self._tokens_of(address) > 0 for address in addresses),
            request_ms=self._times.spreads(),
            redundancy=read.get(f"/v1/batches/{batch_id}/report")["redundancy"],
            seconds=seconds,
        )

    def _check_wallets(self, apis: Sequence[Api], paid_units: int) -> None:
        """Every unit that the chain says was paid must lie in the workers' own wallets."""
        deadline = time.monotonic() + 60
        held = -1
        while time.monotonic() < deadline:
            held = sum(self._tokens_of(api.wallet.address) for api in apis if api.wallet)
            if held == paid_units:
                return
            time.sleep(0.3)
        raise JobFailed(f"{paid_units} units were paid, the workers' wallets hold {held}")

    def _tokens_of(self, address: str) -> int:
        return self._node.tokens_of(self._chain["token"]["address"], address)

    def _gas(self, events: Sequence[Json]) -> dict[str, int]:
        """Gas by what a transaction did."""
        kinds: Mapping[str, str] = {
            "BatchOpened": "fund",
            "Claimed": "relay",
            "Submitted": "relay",
            "Settled": "settle",
        }
        kind_of: dict[str, str] = {}
        for event in events:
            kind_of.setdefault(event["transaction_hash"], kinds.get(event["name"], "after"))
            if event["name"] in ("Settled", "BatchOpened"):
                kind_of[event["transaction_hash"]] = kinds[event["name"]]
        gas: dict[str, int] = {}
        for transaction_hash, kind in kind_of.items():
            gas[kind] = gas.get(kind, 0) + int(self._node.wait(transaction_hash)["gasUsed"], 16)
        return gas


def _sum(events: Sequence[Json], name: str) -> int:
    return sum(int(event["args"][name]) for event in events)


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    seconds[name] = round(time.monotonic() - start, 1)
