"""Markets in which all is well."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from typing import Any

from tests.indexer.world import World
from tests.scripts.audit.auditing import audited, checks, count_of


def test_a_market_with_all_files_is_clean(pinned: Any, payloads: str) -> None:
    pinned.run()
    stack = pinned.market.stack
    command = [sys.executable, "-m", "scripts.main", "audit", "--rpc-url", stack.rpc_url]
    command += ["--escrow", stack.escrow.address, "--payloads", payloads]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["clean"]
    assert (report["differs"], report["unchecked"]) == ([], [])
    for check in ("decisions_recomputed", "labels_recomputed", "answers_file", "gold_commitment", "view_tally"):
        assert count_of(report, check) > 0, check
    spoken = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Differs: nothing" in spoken.stdout
    assert "The audit is clean." in spoken.stdout


def test_every_way_an_assignment_can_go_agrees_with_the_contract(own_stack: Any) -> None:
    """A random life with disputes, silence, direct pay and refunds; its digests name no files."""
    world = World(own_stack, rng=random.Random(11))
    world.begin()
    world.act(300)
    report = audited(own_stack.rpc_url, own_stack.escrow.address)
    assert report["differs"] == []
    assert checks(report, "unchecked") == {"files"}
    assert report["exit_code"] == 2
    for check in ("ruling_fees", "fee_lock_amount", "silence_after_window", "refund_amount"):
        assert count_of(report, check) > 0, check
