"""Runs the forge tests, and shows that a failing one would be seen."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INVARIANTS = "tests/contracts/invariants/*"
MONEY = "tests/contracts/{escrow,hostile,scenarios}/*"
SUMMARY = re.compile(r"(\d+) tests passed, (\d+) failed, (\d+) skipped")
LINK = re.compile(r"__\$[0-9a-f]{34}\$__")
SHIPPED = ("TaskEscrow", "Batches", "Deadlines", "Disputes", "Settlements", "TermsRules", "ReviewPanel", "Credentials")
ROW = re.compile(r"^\s*(\| .+ \|)$", re.MULTILINE)


def forge(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`forge test` with the real binary's exit code, and its output as text."""
    return subprocess.run(
        [sys.executable, "tools/forge.py", "test", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def passed(run: subprocess.CompletedProcess[str]) -> int:
    """How many tests passed. Fails with forge's own words if one did not."""
    failures = "\n".join(line for line in run.stdout.splitlines() if "[FAIL" in line or "Fuzz seed" in line)
    assert run.returncode == 0, f"{failures}\n{run.stderr[-3000:]}"
    summary = SUMMARY.search(run.stdout)
    assert summary is not None, run.stdout[-3000:]
    assert summary[2] == summary[3] == "0", "none fails and none is skipped"
    return int(summary[1])


def code(bytecode: str) -> str:
    """Creation code without its metadata, whose length is its last two bytes, and without the names of libraries."""
    text = LINK.sub("", bytecode.removeprefix("0x"))
    return text[: -2 * (int(text[-4:], 16) + 2)]


@pytest.mark.timeout(1800)
def test_every_forge_test_passes(tell: Callable[[str], None]) -> None:
    run = forge("-vv", "--no-match-path", INVARIANTS)
    count = passed(run)
    rows = sorted(ROW.findall(run.stdout))
    tell("\n".join([f"{count} forge tests passed", "| token | fund | pay | refund | withdraw | sweep |", *rows]))
    assert count >= 500
    assert len(rows) >= 20, "the table of hostile tokens"
    assert all(set(re.findall(r"\| ([A-Z]+)(?= \|)", row)) <= {"CARRIED", "REFUSED"} for row in rows)


@pytest.mark.timeout(600)
def test_the_canary_is_reported_as_a_failure() -> None:
    run = forge("--match-path", "tests/contracts/canary/*", PIECEWORK_CANARY="true")
    assert run.returncode != 0, "forge reports success for a test that fails"
    assert "the canary was asked to fail" in run.stdout
    assert SUMMARY.search(run.stdout)[2] == "1"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_money_tests_pass_on_the_shipped_bytecode(tell: Callable[[str], None]) -> None:
    count = passed(forge("--match-path", MONEY, FOUNDRY_PROFILE="shipped"))
    tell(f"{count} forge tests passed on bytecode compiled as it is shipped")
    assert count >= 200
    for name in SHIPPED:
        tested = json.loads((ROOT / f".cache/foundry/out-shipped/{name}.sol/{name}.json").read_text())
        shipped = json.loads((ROOT / f"piecework/chain/abi/{name}.json").read_text())
        assert code(tested["bytecode"]["object"]) == code(shipped["bytecode"]), f"{name} was tested as it is shipped"
