"""The laws of the protocol against random calls of every role: two campaigns, and what they reached."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

ROOT = Path(__file__).resolve().parents[2]
ROOM = ROOT / "tests" / "contracts" / "invariants"
REPORT = ROOT / ".cache" / "campaign"
LEAST_CALLS = 128_000
LEAST_CHECKS = 24


def sources() -> str:
    return "\n".join(path.read_text() for path in sorted(ROOM.rglob("*.sol")))


def error_names() -> dict[str, str]:
    """Decimal selector -> error name, for every error that the escrow or its token can revert with."""
    artifact = json.loads((ROOT / "piecework" / "chain" / "abi" / "TaskEscrow.json").read_text())
    names = {}
    for entry in artifact["abi"]:
        if entry["type"] == "error":
            signature = f"{entry['name']}({','.join(item['type'] for item in entry['inputs'])})"
            names[str(int.from_bytes(keccak(text=signature)[:4], "big"))] = entry["name"].removeprefix("TaskEscrow_")
    names[str(int.from_bytes(keccak(text="Error(string)")[:4], "big"))] = "the token's own"
    return names


def refusal_names() -> list[str]:
    """The refusals of `Refusal`, in their order."""
    text = (ROOT / "contracts" / "libraries" / "EscrowTypes.sol").read_text()
    body = text[text.index("enum Refusal {") :]
    return re.findall(r"^    (\w+),?$", body[: body.index("\n}")], re.MULTILINE)


def outcome(raw: str) -> str:
    """`ok`, or the name of the error or refusal that `raw` carries as a number."""
    kind, _, number = raw.rpartition(" ")
    if kind == "revert":
        return error_names().get(number, number)
    return refusal_names()[int(number)] if kind in {"revert refused", "skipped"} else raw


class Campaign:
    """What both campaigns did, from their console output and their report."""

    def __init__(self) -> None:
        shutil.rmtree(REPORT, ignore_errors=True)
        command = [sys.executable, str(ROOT / "tools" / "forge.py"), "test", "--match-contract", "LawsTest$"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        self.output = done.stdout + done.stderr
        self.passed = done.returncode == 0
        found = re.findall(r"\(runs: (\d+), calls: (\d+), reverts: (\d+)\)", self.output)
        self.calls = sum(int(calls) for _, calls, _ in found)
        self.reverts = sum(int(reverts) for _, _, reverts in found)
        self.actions: dict[str, Counter[str]] = defaultdict(Counter)
        self.reached: Counter[str] = Counter()
        for path in REPORT.glob("*.jsonl"):
            for line in path.read_text().splitlines():
                self._read(json.loads(line))

    def _read(self, counts: dict[str, int]) -> None:
        for name, count in counts.items():
            kind, _, rest = name.partition(": ")
            if kind == "reached":
                self.reached[rest] += count
            else:
                action, _, raw = rest.partition(" ")
                self.actions[action][outcome(raw)] += count

    def table(self) -> str:
        lines = [f"\n{self.calls} handler calls, {self.reverts} of them reverted; outcomes of the calls they made:"]
        for action, outcomes in sorted(self.actions.items()):
            rest = ", ".join(f"{name} {count}" for name, count in outcomes.most_common() if name != "ok")
            lines.append(f"  {action:32} ok {outcomes['ok']:6}  {rest}")
        lines.append("deep states reached:")
        lines += [f"  {count:6}  {name}" for name, count in self.reached.most_common()]
        return "\n".join(lines)


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    return Campaign()


pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]


def test_every_law_holds_in_every_reached_state(campaign: Campaign, tell: Callable[[str], None]) -> None:
    tell(campaign.table())
    assert campaign.passed, campaign.output[-6000:]
    assert campaign.calls >= LEAST_CALLS
    assert campaign.reverts == 0, "a handler broke off"


def test_no_handler_is_secretly_dead(campaign: Campaign) -> None:
    named = set(re.findall(r"_(?:call|callMoney|bring|work|settle|rule)\(\s*\"(\w+)\"", sources()))
    named |= set(re.findall(r"\"call: (\w+) ", sources()))
    assert len(named) >= 50
    assert named == set(campaign.actions)
    for action, outcomes in campaign.actions.items():
        if (action.startswith("hostile_") and action != "hostile_gives_tokens") or action == "requester_opens_badly":
            assert sum(outcomes.values()) > 0, f"{action} was never tried"
        elif action != "reviewer_rejects_without_a_reason":
            assert outcomes["ok"] > 0, f"{action} never succeeded"


def test_the_deep_states_are_reached(campaign: Campaign) -> None:
    named = set(re.findall(r"\"reached: ([^\"]+)\"", sources()))
    assert len(named) >= 20
    assert named == set(campaign.reached)


def test_every_check_is_named_after_its_law_and_asked() -> None:
    text = sources()
    checks = re.findall(r"function (law\d+_\w+)\(", text)
    assert len(checks) == len(set(checks)) >= LEAST_CHECKS
    assert {int(re.sub(r"law(\d+)_.*", r"\1", check)) for check in checks} == set(range(1, 14))
    for check in checks:
        assert len(re.findall(rf"\b{check}\(", text)) >= 2, f"{check} is never asked"
    # A breach that no check reports would go unseen.
    noted = set(re.findall(r"\"(law\d+_\w+)\"", text))
    assert noted <= set(checks) | set(TRIALS)


# Checks of what must be possible, made on trial at the end of each run.
TRIALS = (
    "law3_everybody_can_leave_by_own_key",
    "law3_everybody_can_leave_by_signature",
    "law7_time_finishes_every_assignment",
    "law7_time_frees_every_lock",
)
