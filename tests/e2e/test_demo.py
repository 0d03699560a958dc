"""The demo as people run it: real scans, simulated workers, to the last payment and a clean audit."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

REWARD_UNITS = 50_000


@pytest.mark.slow
def test_the_demo_labels_the_digits_and_pays_everybody_for_accepted_work() -> None:
    command = [sys.executable, "-m", "scripts.main", "demo", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["simulated_workers"] is True
    assert (report["tasks"], report["workers"]) == (300, 20)
    assert 880 <= report["answers"] <= 900, "the last tasks may be left over for workers who did them already"
    assert report["accepted"] + report["refunded"] == 900
    assert report["label_accuracy"] > 0.8, "who gets which scan differs from run to run; guessing gives 0.1"
    paid = int(report["paid_to_workers_units"])
    assert paid == report["accepted"] * REWARD_UNITS > 0
    spent = paid + int(report["operator_fee_units"]) + int(report["refunded_units"])
    assert int(report["funded_units"]) == spent
    assert report["workers_native_balance_wei"] == "0"
    assert report["workers_transactions_sent"] == 0
    assert report["audit"]["exit_code"] == 0
    assert report["audit"]["checked"] > 900
    assert report["audit"]["recomputed"] > 900 + 300 + 20, "every verdict, label and skill"
    assert_appeal_was_won(report["appeal"])


def assert_appeal_was_won(appeal: dict[str, Any]) -> None:
    """Rejected on purpose, appealed with the worker's own bond, ruled by three jurors, and all of it paid out."""
    assert appeal["staged"] is True
    assert appeal["won"] is True
    assert (appeal["contested"], appeal["accepted"], appeal["votes"]) == (3, 3, 3)
    assert int(appeal["paid_units"]) == 3 * REWARD_UNITS
    assert appeal["bond_returned_units"] == appeal["bond_units"] != "0"
    assert int(appeal["wallet_units"]) == 4 * REWARD_UNITS
    assert appeal["worker_native_balance_wei"] == "0"
