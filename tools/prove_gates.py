"""Shows that no gate is asleep: plants one bug for each, runs the gate's own command, and wants it red and named.

Everything happens in a clone of the last commit under `.cache/`, so the checkout itself is never touched. First the
commands run without a bug and must be green. Prints a table; exit code 1 if a gate stayed green, or a command was red
without a bug.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CLONE = ROOT / ".cache" / "prove-gates"
SHARED = (".venv", "node_modules", "frontend/node_modules", "frontend/dist", ".stamps", ".cache")
"""What the clone gets from the checkout instead of installing it again."""

CHECK = ("make", "check")
ARTIFACTS = ("make", "test-python", "TESTS=tests/piecework/chain/test_artifacts.py")
PLANTED_PYTEST = ("make", "test-python", "TESTS=tests/piecework/test_planted.py")
DOCS = ("make", "test-python", "TESTS=tests/docs")
LOSSES = ("make", "test-python", "TESTS=tests/backend/relay/test_loss_everywhere.py")
UNKNOWN_FORMAT = "piecework/" + "planted/1"
FORGE = ("make", "test-python", "TESTS=tests/contracts/test_forge.py::test_every_forge_test_passes")


@dataclass(frozen=True)
class Gate:
    """`plant` breaks the clone; then `command` must fail and `names` stand in what it prints."""

    name: str
    bug: str
    command: tuple[str, ...]
    plant: Callable[[], None]
    names: str


def appending(path: str, text: str) -> Callable[[], None]:
    """Plants `text` at a file's end; the file may be new."""

    def plant() -> None:
        target = CLONE / path
        target.parent.mkdir(parents=True, exist_ok=True)
        old = target.read_text() if target.is_file() else ""
        target.write_text(old + text)

    return plant


def formatted(path: str, text: str) -> Callable[[], None]:
    """Plants `text` so that nothing is wrong with its form."""

    def plant() -> None:
        appending(path, text)()
        subprocess.run([CLONE / ".venv" / "bin" / "ruff", "format", "--quiet", path], cwd=CLONE, check=True)

    return plant


def gates() -> Iterator[Gate]:
    """In the order in which `make check` and `make test` ask."""
    ids = "piecework/domain/ids.py"
    yield Gate("ruff format", "two spaces too many", CHECK, appending(ids, "x  =  1\n"), f"--> {ids}")
    yield Gate("ruff lint", "a print in a library", CHECK, appending(ids, '\n\nprint("planted")\n'), "T201")
    yield Gate(
        "mypy",
        "text returned as a number",
        CHECK,
        appending(ids, '\n\ndef planted() -> int:\n    return "text"\n'),
        "Incompatible return value type",
    )
    yield from import_gates()
    yield Gate(
        "forge fmt",
        "a function on one crooked line",
        CHECK,
        appending("contracts/mocks/Planted.sol", solidity("function  f( ) external pure{}")),
        "contracts/mocks/Planted.sol",
    )
    yield Gate(
        "solhint",
        "an import of everything",
        CHECK,
        appending("contracts/mocks/Planted.sol", solidity("uint256 public x;", 'import "./TestToken.sol";\n\n')),
        "no-global-import",
    )
    yield Gate(
        "check_tree: locks",
        "a registry's address in a lock",
        CHECK,
        appending("requirements.lock", "--extra-index-url https://packages.example/simple\n"),
        "requirements.lock names a registry's host",
    )
    yield Gate(
        "check_tree: paths",
        "a path of one machine",
        CHECK,
        appending("docs/planted.md", "See /" + "home/somebody/notes.txt.\n"),
        "docs/planted.md:1 holds a path of one machine",
    )
    yield Gate(
        "check_tree: length",
        "a file of 451 lines",
        CHECK,
        appending("piecework/domain/planted.py", '"""Planted."""\n' + "# why\n" * 450),
        "piecework/domain/planted.py has 451 lines",
    )
    yield Gate(
        "biome",
        "a comparison that converts, in the web app",
        CHECK,
        appending("frontend/src/planted.ts", "export const planted = 1 == Number('1')\n"),
        "noDoubleEquals",
    )
    yield Gate(
        "tsc",
        "a number where the gateway's description says text",
        CHECK,
        appending(
            "frontend/src/planted.ts",
            "import type { Schemas } from './api/client'\n\nexport const planted: Schemas['ChainView']['escrow'] = 1\n",
        ),
        "TS2322",
    )
    yield Gate(
        "recompiled artifacts",
        "a comment in a contract",
        ARTIFACTS,
        appending("contracts/ReviewPanel.sol", "// planted\n"),
        "test_recompiling_changes_no_byte",
    )
    yield Gate(
        "pytest: a failing test",
        "a test that fails",
        PLANTED_PYTEST,
        appending("tests/piecework/test_planted.py", "def test_planted() -> None:\n    assert 1 + 1 == 3\n"),
        "FAILED tests/piecework/test_planted.py::test_planted",
    )
    yield Gate(
        "pytest: warnings",
        "a test that warns",
        PLANTED_PYTEST,
        appending(
            "tests/piecework/test_planted.py",
            "import warnings\n\n\ndef test_planted() -> None:\n    warnings.warn('planted', stacklevel=1)\n",
        ),
        "UserWarning: planted",
    )
    yield Gate(
        "pytest: unknown markers",
        "a misspelled marker",
        PLANTED_PYTEST,
        appending(
            "tests/piecework/test_planted.py",
            "import pytest\n\n\n@pytest.mark.slwo\ndef test_planted() -> None: ...\n",
        ),
        "'slwo' not found in `markers` configuration option",
    )
    if (ROOT / "tests" / "docs").is_dir():
        yield Gate(
            "documentation: links",
            "a link that leads nowhere",
            DOCS,
            appending("README.md", "\n[planted](docs/nowhere.md)\n"),
            "docs/nowhere.md",
        )
        yield Gate(
            "documentation: commands",
            "a command that does not exist",
            DOCS,
            appending("README.md", "\nRun `make planted`.\n"),
            "make planted",
        )
        yield Gate(
            "documentation: settings",
            "a setting that the page says something else of",
            DOCS,
            appending("backend/settings.py", '\n\nGatewaySettings.model_fields["rpc_url"].description = "Planted."\n'),
            "test_the_gateways_settings_are_those_of_its_settings_class",
        )
        yield Gate(
            "documentation: formats",
            "a format that no page describes",
            DOCS,
            appending(ids, f'\nPLANTED = "{UNKNOWN_FORMAT}"\n'),
            UNKNOWN_FORMAT,
        )
        yield Gate(
            "documentation: named tests",
            "a test that nobody wrote",
            DOCS,
            appending("docs/threat-model.md", "\nSee `test_that_nobody_planted`.\n"),
            "test_that_nobody_planted",
        )
    yield Gate(
        "relay: the loss bound",
        "a transaction that is queued past it",
        LOSSES,
        appending(
            "backend/planted.py", 'def planted(outbox, session) -> None:\n    outbox.enqueue(session, kind="settle")\n'
        ),
        "planted.py",
    )
    yield Gate(
        "forge: a failing test",
        "a contract test that fails",
        FORGE,
        appending(
            "tests/contracts/planted/Planted.t.sol",
            solidity("function test_planted() external pure {\n        assert(false);\n    }"),
        ),
        "test_planted()",
    )


def import_gates() -> Iterator[Gate]:
    """One for each contract of import-linter, taken from pyproject.toml."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    for contract in settings["contracts"]:
        if contract["type"] == "layers":
            lowest, highest = contract["layers"][-1], contract["layers"][0]
            source, forbidden = lowest.split(" | ")[0], highest.split(" | ")[0]
        else:
            source, forbidden = contract["source_modules"][0], contract["forbidden_modules"][0]
        # Typed through Any and hidden from ruff: only the import itself is wrong.
        text = f"\n# ruff: noqa\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import {forbidden}\n"
        yield Gate(
            f"import-linter: {contract['name']}",
            f"{source} imports {forbidden}",
            CHECK,
            formatted(file_of(source), text),
            f"{contract['name']} BROKEN",
        )


def file_of(module: str) -> str:
    path = Path(*module.split("."))
    return str(path / "__init__.py" if (ROOT / path).is_dir() else path.with_suffix(".py"))


def solidity(body: str, before: str = "") -> str:
    head = "// SPDX-License-Identifier: Apache-2.0\npragma solidity ^0.8.28;\n\n"
    return f"{head}{before}/// @title Planted\ncontract Planted {{\n    {body}\n}}\n"


# -------------------------------------------------------------------- the clone


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=CLONE, check=True, capture_output=True)


def make_clone() -> None:
    """The last commit with this checkout's packages: hard links for Node's, whose tools want real folders."""
    shutil.rmtree(CLONE, ignore_errors=True)
    CLONE.parent.mkdir(exist_ok=True)
    subprocess.run(["git", "clone", "--quiet", "--shared", str(ROOT), str(CLONE)], check=True)
    (CLONE / ".git" / "info" / "exclude").write_text("".join(f"/{name}\n" for name in SHARED))
    (CLONE / ".venv").symlink_to(ROOT / ".venv")
    for folder in ("node_modules", "frontend/node_modules", "frontend/dist"):
        shutil.copytree(ROOT / folder, CLONE / folder, copy_function=os.link, symlinks=True)
    mark_installed()


def mark_installed() -> None:
    """A planted lock is newer than the stamps: without this, make would install it into the shared environment."""
    (CLONE / ".stamps").mkdir(exist_ok=True)
    later = time.time() + 3600
    for name in ("python", "node", "web-packages", "web"):
        stamp = CLONE / ".stamps" / name
        stamp.touch()
        os.utime(stamp, (later, later))


def restore() -> None:
    git("reset", "--quiet", "--hard")
    git("clean", "--quiet", "--force", "-d")
    mark_installed()


def run(command: tuple[str, ...]) -> tuple[int, str]:
    wide = {**os.environ, "COLUMNS": "400"}  # a name that is wrapped cannot be found
    done = subprocess.run(command, cwd=CLONE, env=wide, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


# -------------------------------------------------------------------- the table


def said(output: str, names: str) -> str:
    """The line in which the gate names the bug, short enough for a table."""
    line = next((line.strip() for line in output.splitlines() if names in line), "").strip("_ ")
    return (line if len(line) <= 90 else line[:87] + "...").replace("|", "\\|")


def main() -> int:
    wanted = sys.argv[1:]
    chosen = [gate for gate in gates() if not wanted or any(word in gate.name for word in wanted)]
    make_clone()
    commands = list(dict.fromkeys(gate.command for gate in chosen))
    failed = False
    for command in commands:
        if command == PLANTED_PYTEST:
            continue  # there is nothing to run without the bug
        code, output = run(command)
        print(f"without a bug: {' '.join(command)} exits {code}", flush=True)
        if code != 0:
            print(output[-3000:])
            failed = True
    print("\n| gate | planted | command | it said |\n| --- | --- | --- | --- |", flush=True)
    for gate in chosen:
        gate.plant()
        git("add", "--all")
        mark_installed()
        code, output = run(gate.command)
        caught = code != 0 and gate.names in output
        failed = failed or not caught
        verdict = f"`{said(output, gate.names)}`" if caught else f"**GREEN, or silent about it** (exit {code})"
        print(f"| {gate.name} | {gate.bug} | `{' '.join(gate.command)}` | {verdict} |", flush=True)
        if not caught:
            print(output[-2000:])
        restore()
    shutil.rmtree(CLONE)
    print(f"\n{len(chosen)} gates: {'NOT all catch their bug' if failed else 'each catches its bug'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
