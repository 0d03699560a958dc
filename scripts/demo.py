"""`piecework demo`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from rich.progress import Progress

from scripts.crowd import digits, report
from scripts.crowd.appeal import Appeal, AppealFailed, AppealOutcome
from scripts.crowd.job import Job
from scripts.jobs import keep_until_interrupted, run_audit_process, stack_of
from scripts.terminal import err, fail, out, progress_bars


def run_demo(data_dir: Path | None, *, keep: bool, as_json: bool) -> int:
    """Exit code 0 if everybody was paid and the audit is clean."""
    start = time.monotonic()
    err.print("Preparing 300 scanned digits and 20 [bold]simulated[/bold] workers: models of different skill.")
    err.print("At the end one wrong verdict is [bold]staged[/bold], so that an appeal can be seen.")
    work = digits.prepare()
    with stack_of(data_dir, practice=keep) as facts:
        keys = {account["name"]: account["private_key"] for account in facts["accounts"]}
        reviewers = [keys[f"reviewer{number}"] for number in (1, 2, 3)]
        with progress_bars() as bars:
            job = Job(
                facts["gateway_url"],
                facts["rpc_url"],
                requester_key=keys["requester"],
                reviewer_keys=reviewers,
                bars=bars,
            )
            outcome = job.run(digits.batch(work), work.plans, lambda api: digits.uploads(work, api))
            try:
                appeal = _staged_appeal(facts, keys, work, bars)
            except AppealFailed as error:
                return fail(str(error))
        audit = run_audit_process(facts)
        truth = {digits.task_id(number): digit for number, digit in enumerate(work.truth)}
        found = report.as_json(outcome, truth, audit, time.monotonic() - start)
        found["simulated_workers"] = True
        found["appeal"] = appeal.as_json()
        if as_json:
            out.print_json(json.dumps(found))
        else:
            out.print(report.as_table(found, "Demo: real scans, simulated workers, real chain", appeal))
            _addresses(facts, outcome.batch_id, appeal.dispute_id)
        if not appeal.won:
            return fail(f"the jurors accepted {appeal.accepted} of {appeal.contested} right answers")
        if outcome.native_balance_wei or appeal.native_balance_wei:
            return fail("a worker wallet holds the gas token, which no worker should need")
        if audit["exit_code"] != 0:
            return fail(f"the audit is not clean: {json.dumps(audit['differs'] + audit['unchecked'])[:2000]}")
        if keep:
            err.print("The stack stays up until Ctrl-C.")
            keep_until_interrupted()
    return 0


def _staged_appeal(facts: dict[str, Any], keys: dict[str, str], work: digits.Digits, bars: Progress) -> AppealOutcome:
    """A reviewer acts careless; what follows is the real thing."""
    appeal = Appeal(
        facts["gateway_url"],
        facts["rpc_url"],
        requester_key=keys["requester"],
        juror_keys=[keys[f"juror{number}"] for number in (1, 2, 3)],
        bars=bars,
    )
    return appeal.run(lambda api: digits.staged_batch(work, api), work.careful, work.jurors)


def _addresses(facts: dict[str, str], batch_id: str, dispute_id: str) -> None:
    gateway = facts["gateway_url"]
    lines = (
        ("the web app", gateway),
        ("API, browsable", f"{gateway}/docs"),
        ("this batch", f"{gateway}/v1/batches/{batch_id}"),
        ("its events", f"{gateway}/v1/batches/{batch_id}/events"),
        ("its labels", f"{gateway}/v1/batches/{batch_id}/results"),
        ("the appeal", f"{gateway}/v1/disputes/{dispute_id}"),
        ("the chain (JSON-RPC)", facts["rpc_url"]),
        ("the escrow", facts["escrow"]),
    )
    for name, value in lines:
        out.print(f"{name:<22} {value}", highlight=False)
