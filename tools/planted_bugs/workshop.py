"""A copy of the tree in which contracts are broken: a warm compiler, and forge on the patched artifacts.

forge is not asked to compile anything: the sources stay as they are, only the artifacts of the contracts under test are
exchanged. So no test is compiled twice, and a bug costs a second instead of a minute.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from piecework.chain.compile import standard_input
from tools.forge import forge_binary
from tools.planted_bugs.catalogue import ROOT, Bug

COPIED = (
    "contracts",
    "tests/contracts",
    "tools/solc",
    "foundry.toml",
    "node_modules/@openzeppelin/contracts",
    ".cache/foundry/out",
    ".cache/foundry/cache",
)
ESCROW = {
    "contracts/TaskEscrow.sol": "TaskEscrow",
    "contracts/libraries/Batches.sol": "Batches",
    "contracts/libraries/Deadlines.sol": "Deadlines",
    "contracts/libraries/Disputes.sol": "Disputes",
    "contracts/libraries/Settlements.sol": "Settlements",
    "contracts/libraries/TermsRules.sol": "TermsRules",
}
"""The escrow and the libraries that are linked into it: everything else is inside them."""


class Workshop:
    """One scratch tree and one compiler; used by one thread at a time."""

    def __init__(self, place: Path) -> None:
        self.place = place
        shutil.rmtree(place, ignore_errors=True)
        for name in COPIED:
            source = ROOT / name
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__", "build"))
            else:
                shutil.copy2(source, place / name)
        self._stop_compiling()
        self.stand_alone = {"ArbitrationPanel", "ReviewPanel", "Credentials"}
        self.stand_alone |= {path.stem for path in (ROOT / "contracts" / "gates").glob("*.sol")}
        self.input = standard_input(ROOT)
        # Quick to compile beats quick to run here.
        self.input["settings"] |= {"optimizer": {"enabled": False}, "viaIR": False}
        self.solc = subprocess.Popen(
            ["node", str(ROOT / "tools" / "planted_bugs" / "warm_solc.js")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _stop_compiling(self) -> None:
        """Leaves a compiler that only tells its version: what is patched is never compiled away."""
        compiler = self.place / "tools" / "solc"
        version = subprocess.run(
            [str(ROOT / "tools" / "solc"), "--version"], capture_output=True, text=True, check=True, cwd=ROOT
        )
        compiler.unlink()
        compiler.write_text(f"#!/bin/sh\ntest \"$1\" = --version || exit 1\ncat <<'END'\n{version.stdout}END\n")
        compiler.chmod(0o755)

    def close(self) -> None:
        """Ends the compiler and removes the tree."""
        self.solc.kill()
        self.solc.wait()
        shutil.rmtree(self.place, ignore_errors=True)

    def build(self, file: str = "", text: str = "") -> None:
        """Puts contracts into the artifacts, compiled with `text` in place of `file`; as they are without one."""
        targets = {file: Path(file).stem} if Path(file).stem in self.stand_alone else ESCROW
        outputs = ["evm.bytecode", "evm.deployedBytecode"]
        given = self.input | {
            "settings": self.input["settings"]
            | {"outputSelection": {source: {name: outputs} for source, name in targets.items()}},
            "sources": self.input["sources"] | ({file: {"content": text}} if file else {}),
        }
        done = self._compile(given)
        errors = [error["formattedMessage"] for error in done.get("errors", []) if error["severity"] == "error"]
        if errors:
            raise ValueError("\n".join(errors))
        for source, name in targets.items():
            self._patch(name, done["contracts"][source][name]["evm"])

    def run(self, contract: str, test: str, runs: int, seed: str) -> tuple[bool, str]:
        """Whether `contract`'s tests named `test` pass, and what forge printed."""
        # What failed in another build is no start for this one.
        for kept in ("invariant", "fuzz", "test-failures"):
            shutil.rmtree(self.place / ".cache" / "foundry" / kept, ignore_errors=True)
        command = ["nice", str(forge_binary()), "test", "--offline"]
        command += ["--match-contract", f"^{contract}$", "--match-test", rf"^{test}\("]
        settings = {
            "FOUNDRY_INVARIANT_RUNS": str(runs),
            "FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT": "0",
            "FOUNDRY_INVARIANT_SHOW_METRICS": "false",
            "FOUNDRY_FUZZ_SEED": seed,
            "FOUNDRY_CODE_SIZE_LIMIT": "200000",
            "NO_COLOR": "1",
        }
        done = subprocess.run(
            command, cwd=self.place, env=os.environ | settings, capture_output=True, text=True, check=False
        )
        if "No tests found" in done.stdout:
            raise RuntimeError(f"{contract} has no test {test}")
        if "No files changed, compilation skipped" not in done.stdout:
            raise RuntimeError(
                f"forge compiled the patched artifacts away:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        return done.returncode == 0, done.stdout + done.stderr

    def _compile(self, given: dict[str, Any]) -> dict[str, Any]:
        assert self.solc.stdin is not None  # noqa: S101 - a pipe was asked for
        assert self.solc.stdout is not None  # noqa: S101 - the same
        self.solc.stdin.write(json.dumps(given) + "\n")
        self.solc.stdin.flush()
        done: dict[str, Any] = json.loads(self.solc.stdout.readline())
        return done

    def _patch(self, name: str, evm: dict[str, Any]) -> None:
        path = self.place / ".cache" / "foundry" / "out" / f"{name}.sol" / f"{name}.json"
        artifact = json.loads(path.read_text())
        for part in ("bytecode", "deployedBytecode"):
            artifact[part]["object"] = "0x" + evm[part]["object"]
            artifact[part]["linkReferences"] = evm[part]["linkReferences"]
            artifact[part]["sourceMap"] = ""
        path.write_text(json.dumps(artifact))


def caught(bug: Bug, passed: bool, output: str) -> str:
    """Who failed first, in words: the expected one's name if all is well, else what happened instead."""
    if passed:
        return "SURVIVED"
    if bug.law:
        _, broken, rest = output.partition('LawBroken("')
        return rest.partition('"')[0] if broken else _failure(output)
    name = bug.test.partition(":")[2]
    return bug.test if f"] {name}(" in output and "] setUp()" not in output else _failure(output)


def _failure(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if "[FAIL" in line or "Error" in line]
    return f"another: {lines[0][:160]}" if lines else f"another: {output[-300:]}"
