"""`piecework replay`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.crowd import report
from scripts.crowd.api import Api, ApiError
from scripts.crowd.folder import FolderInvalid, read
from scripts.crowd.job import Job, JobFailed
from scripts.crowd.wallet import Wallet
from scripts.crowd.worker import WorkerStuck
from scripts.jobs import run_audit_process, stack_of
from scripts.stack.running import StackDidNotStart
from scripts.terminal import err, fail, out, progress_bars


def run_replay(
    folder: Path,
    *,
    gateway_url: str | None,
    as_json: bool,
    target_confidence: float | None = None,
    limit: int | None = None,
) -> int:
    """Exit code 0 if every answer that was given was paid, and the audit is clean.

    `target_confidence`: the gateway asks for an answer only where it pays; None asks for all of them.
    """
    is_asked = target_confidence is not None
    start = time.monotonic()
    try:
        crowd = read(folder, limit)
        err.print(f"{crowd.count:,} real answers of {len(crowd.answers):,} workers to {len(crowd.contents):,} tasks")
        if crowd.repeated:
            err.print(f"{crowd.repeated} rows left out: an assignment takes one answer, a worker's first to the task")
        if crowd.renamed:
            err.print(f"{crowd.renamed} task ids have signs that no task id may have: each became _")
        with _facts(gateway_url) as facts:
            reviewers = facts["reviewer_keys"]
            batch = crowd.batch(target_confidence)
            if facts["reviewer"]:
                batch["reviewer"] = facts["reviewer"]
            with progress_bars() as bars:
                job = Job(
                    facts["gateway_url"], facts["rpc_url"], requester_key=None, reviewer_keys=reviewers, bars=bars
                )
                outcome = job.run(batch, crowd.plans(asked=is_asked))
            audit = run_audit_process(facts)
    except (FolderInvalid, JobFailed, WorkerStuck, ApiError, StackDidNotStart) as error:
        return fail(str(error))
    found = report.as_json(outcome, crowd.truth, audit, time.monotonic() - start)
    found["answers_left_out"] = crowd.repeated
    if as_json:
        out.print_json(json.dumps(found))
    else:
        out.print(report.as_table(found, f"Replay of {folder.name}: real answers, real chain"))
    played = outcome.submitted if is_asked else crowd.count
    if outcome.counts["accepted"] != played:
        return fail(f"{played} answers were played, {outcome.counts['accepted']} are accepted")
    if outcome.native_balance_wei:
        return fail("a worker wallet holds the gas token, which no worker should need")
    if audit["exit_code"] != 0:
        return fail(f"the audit is not clean: {json.dumps(audit['differs'] + audit['unchecked'])[:2000]}")
    return 0


@contextmanager
def _facts(gateway_url: str | None) -> Iterator[dict[str, Any]]:
    """A stack of our own with its panel, or a running development gateway with a reviewer of our own."""
    if gateway_url is None:
        with stack_of(None) as facts:
            keys = {account["name"]: account["private_key"] for account in facts["accounts"]}
            reviewers = [keys[f"reviewer{number}"] for number in (1, 2, 3)]
            yield {**facts, "reviewer": None, "reviewer_keys": reviewers}
        return
    chain = Api(gateway_url).get("/v1/chain")
    if not chain["development"] or not chain["rpc_url"]:
        raise JobFailed("replay needs a development stack: it makes its own money")
    from eth_account import Account

    key = "0x" + bytes(Account.create().key).hex()
    yield {
        "gateway_url": gateway_url,
        "rpc_url": chain["rpc_url"],
        "escrow": chain["escrow"],
        "reviewer": Wallet(key).address,
        "reviewer_keys": [key],
    }
