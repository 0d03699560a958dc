"""The recorded answers of a real crowd, played through the whole system to the last payment and a clean audit."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.crowd.folder import REWARD_UNITS

ROOT = Path(__file__).resolve().parents[2]
CROWD = Path(os.environ.get("PIECEWORK_CROWD_DIR", ROOT.parent / "shared" / "data" / "crowd"))


@pytest.fixture(scope="module")
def folder() -> Path:
    """The recording of 164 workers who judged 800 pairs of sentences."""
    found = CROWD / "rte"
    if not (found / "answers.csv").is_file():
        pytest.skip(f"the real crowd's answers are not at {found}: PIECEWORK_CROWD_DIR names another place")
    return found


def replay(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scripts.main", "replay", str(folder), *options, "--json"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.crowd
@pytest.mark.timeout(1800)
def test_every_answer_of_the_real_crowd_is_paid_and_the_audit_is_clean(folder: Path) -> None:
    with (folder / "answers.csv").open() as file:
        rows = list(csv.DictReader(file))

    done = replay(folder)

    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["answers"] == report["accepted"] == len(rows)
    assert report["workers"] == report["wallets_paid"] == len({row["worker"] for row in rows})
    assert report["tasks"] == len({row["task"] for row in rows})
    assert report["workers_native_balance_wei"] == "0", "no worker needs the gas token"
    assert report["workers_transactions_sent"] == 0
    assert int(report["paid_to_workers_units"]) == report["accepted"] * REWARD_UNITS
    assert report["audit"]["exit_code"] == 0
    assert report["audit"]["checked"] > len(rows)
    assert int(report["funded_units"]) == sum(
        int(report[name]) for name in ("paid_to_workers_units", "operator_fee_units", "refunded_units")
    )
    assert report["audit"]["recomputed"] > len(rows), "every verdict, and the labels and skills behind them"
    assert report["label_accuracy"] > 0.9, "plurality reaches 0.89 at best; skills weigh the answers"


def test_a_crowd_that_earns_less_than_a_sweep_is_worth_is_paid_all_the_same(tmp_path: Path) -> None:
    answers = "task,worker,answer\nt1,ada,cat\nt1,bob,cat\nt1,eve,dog\nt2,ada,dog\nt2,bob,dog\nt2,eve,dog\n"
    (tmp_path / "answers.csv").write_text(answers)
    (tmp_path / "truth.csv").write_text("task,truth\nt1,cat\nt2,dog\n")

    done = replay(tmp_path)

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["answers"], report["accepted"], report["wallets_paid"]) == (6, 6, 3)
    assert report["label_accuracy"] == 1
    assert report["audit"]["exit_code"] == 0


def test_with_a_target_confidence_the_answers_that_nobody_needed_are_not_paid(tmp_path: Path) -> None:
    """Six workers who agree on eight tasks: once labels are sure the rest goes back, and the audit finds each stop."""
    rows = [f"t{task},w{worker},{'cat' if task % 2 else 'dog'}" for worker in range(6) for task in range(8)]
    (tmp_path / "answers.csv").write_text("task,worker,answer\n" + "\n".join(rows) + "\n")
    truth = [f"t{task},{'cat' if task % 2 else 'dog'}" for task in range(8)]
    (tmp_path / "truth.csv").write_text("task,truth\n" + "\n".join(truth) + "\n")

    done = replay(tmp_path, "--target-confidence", "0.9")

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    saved = report["redundancy"]
    assert report["label_accuracy"] == 1
    assert report["answers"] == report["accepted"] == saved["answers_used"] < len(rows)
    assert (saved["tasks_at_target"] + saved["tasks_at_cap"], saved["tasks_open"]) == (8, 0)
    assert report["refunded"] == len(rows) - report["answers"]
    assert saved["answers_saved"] == report["refunded"] > 0
    assert saved["returned_units"] == report["refunded_units"] == saved["saved_units"]
    assert report["audit"]["exit_code"] == 0


@pytest.mark.parametrize("text", ["", "task,worker\n1,2\n", "task,worker,answer\n1,w\n"])
def test_a_folder_that_is_no_recording_is_refused_before_anything_starts(tmp_path: Path, text: str) -> None:
    (tmp_path / "answers.csv").write_text(text)
    (tmp_path / "truth.csv").write_text("task,truth\n1,0\n")

    done = replay(tmp_path)

    assert done.returncode == 1
    assert "answers.csv" in done.stderr
    assert done.stdout == ""


def number(task: int, worker: int) -> str:
    return f"{20 * task + 10.5 + 0.01 * worker:.2f}"


def boxes(task: int, worker: int) -> str:
    drawn = [{"label": "cat", "x": 10 * task + worker, "y": 20, "width": 100, "height": 80}] if task % 3 else []
    return json.dumps(drawn)


@pytest.mark.parametrize("say", [number, boxes], ids=["numbers", "boxes"])
def test_a_crowd_that_measures_or_draws_is_played_paid_and_audited(
    tmp_path: Path, say: Callable[[int, int], str]
) -> None:
    with (tmp_path / "answers.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("task", "worker", "answer"))
        rows.writerows((f"t{task}", f"w{worker}", say(task, worker)) for worker in range(3) for task in range(18))
    with (tmp_path / "truth.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("task", "truth"))
        rows.writerows((f"t{task}", say(task, 1)) for task in range(18))

    done = replay(tmp_path)

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["answers"], report["accepted"], report["wallets_paid"]) == (54, 54, 3)
    assert report["label_accuracy"] is None
    assert report["audit"]["exit_code"] == 0
    assert report["audit"]["recomputed"] > 54
    if say is number:
        assert report["mean_absolute_error"] < 0.02
