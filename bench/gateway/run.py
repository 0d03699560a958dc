"""`make bench-gateway`: a thousand workers at once through the public API of a whole stack, while its chain mines.

Each claims, fetches its tasks, answers and hands in; then reviewers decide, and it is counted who was paid what.
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
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from statistics import quantiles
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.gateway.workers import Ledger, run_workers
from scripts.crowd import requester, reviewer
from scripts.crowd.api import Api
from scripts.crowd.wallet import Node, Wallet
from tests.e2e.running import Up, until

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


def resident_bytes(up: Up) -> int:
    pages = Path(f"/proc/{up.children()['gateway']}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def spread(values: Sequence[float]) -> dict[str, float]:
    cuts = quantiles(values, n=100, method="inclusive")
    return {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2), "count": len(values)}


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
    chain_id, before = up.facts["chain_id"], resident_bytes(up)
    with closing(Node(up.facts["rpc_url"])) as node:
        first_block = int(node.call("eth_blockNumber"), 16) + 1
    err.print(f"{workers} workers begin")
    asked = (up.facts["gateway_url"], chain_id, batch_id, workers, rounds, count)
    addresses, ledger, signing, working = asyncio.run(run_workers(*asked))
    found = figures(ledger, working)
    if ledger.errors:
        return found
    after = resident_bytes(up)
    reviewing = reviewed(up, batch_id, assignments)
    return found | {
        "workers": workers,
        "assignments": assignments,
        "seconds_to_sign_in": round(signing, 1),
        "seconds_to_review_and_pay": round(reviewing, 1),
        "workers_not_paid_exactly": unpaid(up, addresses, rounds * count * REWARD_UNITS),
        "gas_a_task": gas_used(up, first_block) // assignments,
        "audit_exit_code": audit_code(up),
        "gateway_resident_mib_before_and_after_work": [before >> 20, after >> 20],
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
        "request_ms": {name: spread(values) for name, values in ledger.requests.items() if len(values) > 1},
        "step_seconds": {name: spread(values) for name, values in ledger.steps.items() if len(values) > 1},
        "load_average_after": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--count", type=int, default=5, help="tasks of a claim")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="piecework-gateway-") as folder:
        up = Up(Path(folder) / "data")
        up.start()
        try:
            found = measured(up, given.workers, given.rounds, given.count)
        finally:
            up.stop()
    table = Table("what", "figure")
    for name, value in found.items():
        table.add_row(name.replace("_", " "), json.dumps(value))
    out.print(table)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")
    good = not found["errors"] and not found["workers_not_paid_exactly"] and found["audit_exit_code"] == 0
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
