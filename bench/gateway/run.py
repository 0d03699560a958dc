"""`make bench-gateway`: a whole stack at work through its public API, on each database, while its chain mines.

`workers`: a thousand at once; each claims, fetches its tasks, answers and hands in, reviewers decide, and it is counted
who was paid what. `products`: a real crowd's answers played back, to the last payment. `soak`: work without a pause.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import postgres
from bench.gateway.soak import own_bytes, soaked
from bench.gateway.workers import Ledger, run_workers
from scripts.crowd import requester, reviewer
from scripts.crowd.api import Api
from scripts.crowd.times import spread
from scripts.crowd.wallet import Node, Wallet
from tests.e2e.running import Up, until

PARTS, DATABASES = ("workers", "products", "soak"), ("sqlite", "postgresql")
REWARD_UNITS = 40_000
_REVIEW_SECONDS = 1_800.0
err, out = Console(stderr=True), Console(width=140)


def signed_in(up: Up, name: str) -> Api:
    keys = {account["name"]: account["private_key"] for account in up.facts["accounts"]}
    api = Api(up.facts["gateway_url"], Wallet(keys[name]))
    api.sign_in(api.get("/v1/chain"))
    return api


def funded(up: Up, assignments: int, count: int) -> str:
    """A batch of so many tasks, one answer each."""
    batch = {
        "title": "Even or odd?",
        "instructions": "Say whether the number is even.",
        "task_type": "choice",
        "answer_schema": {"enum": ["even", "odd"]},
        "tasks": [{"id": f"task-{number}", "content": {"number": number}} for number in range(assignments)],
        "reward_units": str(REWARD_UNITS),
        "max_claim": count,
        "estimated_seconds_per_task": 5,
        "review": {"policy": "agreement"},
    }
    api = signed_in(up, "requester")
    requester.get_tokens(api, REWARD_UNITS * assignments * 2, native=True)
    with closing(Node(up.facts["rpc_url"])) as node:
        batch_id = str(requester.fund(api, node, batch)[0]["batch_id"])
    until(lambda: api.get(f"/v1/batches/{batch_id}")["free"] == assignments, "the mirror shows the batch")
    api.close()
    return batch_id


def reviewed(up: Up, batch_id: str, assignments: int) -> float:
    """Two reviewers sign whatever holds until all is accepted; the seconds that it took."""
    begun, apis = time.perf_counter(), [signed_in(up, f"reviewer{number}") for number in (1, 2)]

    def all_accepted() -> bool:
        for api in apis:
            reviewer.review_once(api)
        return bool(apis[0].get(f"/v1/batches/{batch_id}")["accepted"] == assignments)

    until(all_accepted, "every answer is accepted", _REVIEW_SECONDS)
    for api in apis:
        api.close()
    return time.perf_counter() - begun


def gas_used(up: Up, first_block: int) -> int:
    """Of every transaction since."""
    with closing(Node(up.facts["rpc_url"])) as node:
        last = int(node.call("eth_blockNumber"), 16)
        blocks = [node.call("eth_getBlockByNumber", hex(number), False) for number in range(first_block, last + 1)]
    return sum(int(block["gasUsed"], 16) for block in blocks)


def gateway_bytes(up: Up) -> int:
    return own_bytes(up.children()["gateway"])


def unpaid(up: Up, addresses: Sequence[str], each_units: int) -> int:
    """Workers whose account does not hold exactly what they earned."""
    with closing(Api(up.facts["gateway_url"])) as api:
        owed = [int(api.get(f"/v1/accounts/{address}")["owed_units"]) for address in addresses]
    return sum(units != each_units for units in owed)


def audit_code(up: Up) -> int:
    facts = up.facts
    words = ["audit", "--rpc-url", facts["rpc_url"], "--escrow", facts["escrow"], "--payloads", facts["gateway_url"]]
    return subprocess.run([sys.executable, "-m", "scripts.main", *words], capture_output=True, check=False).returncode


def measured(up: Up, workers: int, rounds: int, count: int) -> dict[str, Any]:
    assignments = workers * rounds * count
    batch_id = funded(up, assignments, count)
    chain_id, before = up.facts["chain_id"], gateway_bytes(up)
    with closing(Node(up.facts["rpc_url"])) as node:
        first_block = int(node.call("eth_blockNumber"), 16) + 1
    err.print(f"{workers} workers begin")
    asked = (up.facts["gateway_url"], chain_id, batch_id, workers, rounds, count)
    addresses, ledger, signing, working = asyncio.run(run_workers(*asked))
    found = figures(ledger, working)
    if ledger.errors:
        return found
    after = gateway_bytes(up)
    reviewing = reviewed(up, batch_id, assignments)
    return found | {
        "workers": workers,
        "assignments": assignments,
        "seconds_to_sign_in": round(signing, 1),
        "seconds_to_review_and_pay": round(reviewing, 1),
        "workers_not_paid_exactly": unpaid(up, addresses, rounds * count * REWARD_UNITS),
        "gas_a_task": gas_used(up, first_block) // assignments,
        "audit_exit_code": audit_code(up),
        "gateway_own_mib_before_and_after_work": [before >> 20, after >> 20],
    }


def measured_work_alone(up: Up, workers: int) -> dict[str, Any]:
    """One task each, and nobody reviews."""
    batch_id = funded(up, workers, 1)
    asked = (up.facts["gateway_url"], up.facts["chain_id"], batch_id, workers, 1, 1)
    _, ledger, _, working = asyncio.run(run_workers(*asked))
    return figures(ledger, working)


def figures(ledger: Ledger, seconds: float) -> dict[str, Any]:
    return {
        "errors": len(ledger.errors),
        "first_errors": ledger.errors[:3],
        "seconds_of_work": round(seconds, 1),
        "answers_a_second": round(ledger.submitted / seconds, 1),
        "request_ms": ledger.requests.spreads(),
        "step_seconds": {name: spread(values) for name, values in ledger.steps.items()},
        **circumstances(),
    }


def circumstances() -> dict[str, Any]:
    return {
        "load_average_after": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }


def soak(up: Up, workers: int, seconds: float) -> dict[str, Any]:
    """Batch after batch: funded, worked on by new workers, reviewed and paid."""

    def one_batch() -> int:
        batch_id = funded(up, workers * 2, 2)
        asked = (up.facts["gateway_url"], up.facts["chain_id"], batch_id, workers, 1, 2)
        _, ledger, _, _ = asyncio.run(run_workers(*asked))
        errors.extend(ledger.errors)
        if not ledger.errors:
            reviewed(up, batch_id, workers * 2)
        return ledger.submitted

    errors: list[str] = []
    found = soaked(up.children()["gateway"], one_batch, seconds, say=err.print)
    return (
        {"errors": len(errors), "first_errors": errors[:3], "audit_exit_code": audit_code(up)} | found | circumstances()
    )


def products(up: Up, folder: Path, limit: int | None) -> dict[str, Any]:
    """`piecework replay` on the stack; its bars go to the terminal."""
    words = ["replay", str(folder), "--gateway-url", up.facts["gateway_url"], "--json"]
    words += [] if limit is None else ["--limit", str(limit)]
    ended = subprocess.run(
        [sys.executable, "-m", "scripts.main", *words], stdout=subprocess.PIPE, text=True, check=False
    )
    report = json.loads(ended.stdout) if ended.stdout.strip() else {}
    wanted = ("answers", "accepted", "tasks", "workers", "wallets_paid", "gas_per_task", "gas_per_answer", "seconds")
    found = {"errors": int(ended.returncode != 0)} | {name: report.get(name) for name in (*wanted, "request_ms")}
    if report:
        found["answers_a_second"] = round(report["answers"] / max(0.1, report["seconds"]["work"]), 1)
        found["workers_not_paid_exactly"] = report["workers"] - report["wallets_paid"]
        found["audit_exit_code"] = report["audit"]["exit_code"]
    return found | circumstances()


def is_good(found: dict[str, Any]) -> bool:
    """Nothing failed, everybody was paid, the audit is clean, memory is flat; where the part measures it."""
    bad = found["errors"] or found.get("workers_not_paid_exactly") or found.get("audit_exit_code", 1)
    return not bad and bool(found.get("is_flat", True))


@contextmanager
def stack(database_url: str | None) -> Iterator[Up]:
    """A new one. Its chain keeps no state: what is measured is the gateway, not how anvil writes its history."""
    with tempfile.TemporaryDirectory(prefix="piecework-gateway-") as folder:
        given = () if database_url is None else ("--database-url", database_url)
        up = Up(Path(folder) / "data", arguments=("--in-memory", *given))
        up.start()
        try:
            yield up
        finally:
            up.stop()


def part(name: str, up: Up, given: argparse.Namespace) -> dict[str, Any]:
    if name == "workers":
        return measured(up, given.workers, given.rounds, given.count)
    if name == "products":
        return products(up, given.crowd / "products", given.limit)
    return soak(up, given.soak_workers, given.soak_minutes * 60)


def main() -> int:
    given = _arguments()
    results = json.loads(given.json.read_text()) if given.json and given.json.is_file() else {}
    good = True
    with tempfile.TemporaryDirectory(prefix="piecework-gateway-") as folder, postgres.server(Path(folder)) as server:
        for kind in given.databases:
            for name in given.parts:
                err.rule(f"{name} on {kind}")
                load_average = os.getloadavg()[0]
                url = postgres.database(server, "gateway") if kind == "postgresql" else None
                with stack(url) as up:
                    found = part(name, up, given) | {"load_average_before": round(load_average, 1)}
                good = good and is_good(found)
                show(f"{name} on {kind}", found)
                results.setdefault(kind, {})[name] = found
                if given.json:  # parts of earlier runs stay
                    given.json.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n")
    return 0 if good else 1


def show(title: str, found: dict[str, Any]) -> None:
    table = Table("what", "figure", title=title)
    for name, value in found.items():
        table.add_row(name.replace("_", " "), json.dumps(value))
    out.print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    parser.add_argument("--workers", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--count", type=int, default=5, help="tasks of a claim")
    parser.add_argument("--limit", type=int, help="play only so many of the products' tasks")
    parser.add_argument("--crowd", type=Path, default=Path("../shared/data/crowd"), help="folder that holds `products`")
    parser.add_argument("--soak-minutes", type=float, default=10.0)
    parser.add_argument("--soak-workers", type=int, default=25)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
