"""`piecework deploy`: an escrow whose first arbitrator is a panel of the jurors named, and a registry beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from piecework.chain.credentials import Credentials
from piecework.chain.escrow import Escrow
from piecework.chain.panel import ArbitrationPanel

JURORS = [f"0x{number:040x}" for number in (0x1001, 0x1002, 0x1003)]


def deploy(stack: Any, *options: str) -> subprocess.CompletedProcess[str]:
    key = "0x" + bytes(stack.accounts["deployer"].key).hex()
    command = [sys.executable, "-m", "scripts.main", "deploy", "--rpc-url", stack.rpc_url, *options]
    environment = {**os.environ, "PIECEWORK_DEPLOYER_KEY": key}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def named(option: str, values: list[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def test_jurors_make_the_first_arbitrator_and_a_registry_comes_beside(stack: Any) -> None:
    other = stack.accounts["arbitrator"].address
    options = [*named("--juror", JURORS), "--juror-threshold", "3", "--juror-fee-units", "77", "--arbitrator", other]
    done = deploy(stack, "--token", stack.token.address, *options)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    panel = ArbitrationPanel(stack.web3, facts["arbitration_panel"])
    assert panel.answers()
    assert [juror.lower() for juror in panel.jurors()] == JURORS
    assert (panel.threshold(), panel.fee_units()) == (3, 77)
    assert facts["arbitrators"] == [panel.address, other]
    escrow = Escrow(stack.web3, facts["escrow"])
    assert all(escrow.is_arbitrator(address) for address in facts["arbitrators"])
    Credentials(stack.web3, facts["credentials"]).check()
    before = stack.web3.eth.get_code(facts["credentials"], facts["block_number"] - 1)
    assert before == b"", "an index from the escrow's block sees the registry whole"


def test_a_bare_majority_rules_unless_another_threshold_is_given(stack: Any) -> None:
    done = deploy(stack, "--token", stack.token.address, *named("--juror", JURORS))
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert ArbitrationPanel(stack.web3, facts["arbitration_panel"]).threshold() == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "name an --arbitrator, or a --juror"),
        (named("--juror", [JURORS[0], JURORS[0]]), "a juror is named twice"),
        ([*named("--juror", JURORS), "--juror-threshold", "1"], "must be a majority"),
        ([*named("--juror", JURORS), "--juror-threshold", "4"], "must be a majority"),
        (named("--juror", ["0x12"]), "is no address"),
    ],
)
def test_a_wrong_panel_is_refused_before_anything_is_deployed(stack: Any, options: list[str], said: str) -> None:
    height = stack.web3.eth.block_number
    done = deploy(stack, "--token", stack.token.address, *options)
    assert done.returncode == 1
    assert said in done.stderr
    assert stack.web3.eth.block_number == height
