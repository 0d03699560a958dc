"""The committed artifacts are what the sources compile to, by our command and by Hardhat, byte for byte."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from piecework.chain import artifacts, compile
from piecework.chain.compile import SHIPPED, CompileError, compiler_settings, rendered, stale, standard_input

ROOT = Path(__file__).resolve().parents[3]
ABI = ROOT / "piecework" / "chain" / "abi"
HARDHAT = Path(__file__).parent / "hardhat"
LARGEST_RUNTIME_BYTES = 24_576  # EIP-170
LARGEST_CREATION_BYTES = 49_152  # EIP-3860


@pytest.fixture(scope="module")
def compiled() -> dict[str, str]:
    """Every artifact as the sources compile to it now."""
    return rendered(ROOT)


def node(*arguments: str | Path, **environment: str) -> str:
    """What a Node program prints; it must succeed and needs no network."""
    done = subprocess.run(
        ["node", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "HARDHAT_DISABLE_TELEMETRY_PROMPT": "true", "CI": "true", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# ------------------------------------------------------------------ recompile


@pytest.mark.slow
def test_recompiling_changes_no_byte(compiled: dict[str, str]) -> None:
    assert stale(compiled, ABI) == []


@pytest.mark.slow
def test_a_byte_a_missing_and_an_unknown_artifact_are_noticed(compiled: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "abi"
    shutil.copytree(ABI, folder)
    assert stale(compiled, folder) == []

    changed = folder / "TaskEscrow.json"
    changed.write_bytes(changed.read_bytes()[:-1] + b" ")
    (folder / "ReviewPanel.json").unlink()
    (folder / "Unknown.json").write_text("{}")

    assert stale(compiled, folder) == ["ReviewPanel.json", "TaskEscrow.json", "Unknown.json"]


@pytest.mark.slow
def test_another_optimizer_setting_would_change_the_bytes(tmp_path: Path, compiled: dict[str, str]) -> None:
    root = small_checkout(
        tmp_path, "contract A { function f(uint256 x) external pure returns (uint256) { return x; } }"
    )
    first = compile_one(root)
    config = json.loads((root / "hardhat.config.json").read_text())
    config["solidity"]["settings"]["optimizer"]["enabled"] = False
    (root / "hardhat.config.json").write_text(json.dumps(config))

    assert compile_one(root) != first


def small_checkout(folder: Path, source: str) -> Path:
    """A checkout with one contract of its own, our settings and our compiler."""
    (folder / "contracts").mkdir()
    (folder / "contracts" / "A.sol").write_text(
        f"// SPDX-License-Identifier: Apache-2.0\npragma solidity ^0.8.28;\n{source}\n"
    )
    shutil.copy(ROOT / "hardhat.config.json", folder)
    (folder / "tools").symlink_to(ROOT / "tools")
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return folder


def compile_one(root: Path) -> dict[str, dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compile, "SHIPPED", ("A",))
        return compile.compile_contracts(root)


def test_a_source_that_does_not_compile_gives_the_compilers_own_words(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="ParserError"):
        compile_one(small_checkout(tmp_path, "contract A { function }"))


def test_another_compiler_than_the_configured_one_is_refused(tmp_path: Path) -> None:
    root = small_checkout(tmp_path, "contract A {}")
    config = json.loads((root / "hardhat.config.json").read_text())
    config["solidity"]["version"] = "0.8.30"
    (root / "hardhat.config.json").write_text(json.dumps(config))

    with pytest.raises(CompileError, match=r"asks for solc 0.8.30, tools/solc is 0\.8\."):
        compile_one(root)


def test_a_contract_that_should_ship_and_is_gone_is_named(tmp_path: Path) -> None:
    root = small_checkout(tmp_path, "contract B {}")
    with pytest.raises(CompileError, match="no contract named A"):
        compile_one(root)


# ------------------------------------------------------------------- contents


def test_the_artifacts_are_those_of_the_contracts_that_ship() -> None:
    assert artifacts.names() == sorted(SHIPPED)


def test_the_committed_compiler_input_is_todays_sources() -> None:
    assert json.loads((ABI / artifacts.STANDARD_INPUT).read_text()) == standard_input(ROOT)


def test_the_compiler_input_holds_every_contract_and_no_import_is_left_open() -> None:
    sources = standard_input(ROOT)["sources"]
    ours = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "contracts").rglob("*.sol") if "mocks" not in path.parts
    }

    assert ours <= sources.keys()
    assert all("content" in source and "urls" not in source for source in sources.values())
    assert not any(name.startswith((".", "/")) for name in sources)


@pytest.mark.parametrize("name", artifacts.names())
def test_an_artifact_names_its_compiler_settings(name: str) -> None:
    metadata = json.loads(artifacts.load(name).metadata)
    wanted = compiler_settings(ROOT)

    assert metadata["compiler"]["version"].partition("+")[0] == wanted["version"]
    settings = metadata["settings"]
    assert settings["optimizer"] == wanted["settings"]["optimizer"]
    assert settings["viaIR"] is wanted["settings"]["viaIR"]
    assert settings["evmVersion"] == wanted["settings"]["evmVersion"]


@pytest.mark.parametrize("name", artifacts.names())
def test_a_contract_fits_the_chains_limits(name: str) -> None:
    raw = json.loads((ABI / f"{name}.json").read_text())

    assert len(raw["deployed_bytecode"]) // 2 <= LARGEST_RUNTIME_BYTES
    assert len(raw["bytecode"]) // 2 <= LARGEST_CREATION_BYTES


@pytest.mark.parametrize("name", artifacts.names())
def test_linking_replaces_every_placeholder_and_needs_every_library(name: str) -> None:
    artifact = artifacts.load(name)
    libraries = artifact.libraries()
    assert set(libraries) <= set(SHIPPED), "a library that is linked must ship"

    linked = artifact.linked(dict.fromkeys(libraries, "0x" + "ab" * 20))
    assert bytes.fromhex(linked)
    if libraries:
        with pytest.raises(ValueError, match="non-hexadecimal"):
            bytes.fromhex(artifact.bytecode)
        with pytest.raises(KeyError):
            artifact.linked({})


def test_an_unknown_contract_has_no_artifact() -> None:
    with pytest.raises(FileNotFoundError):
        artifacts.load("NoSuchContract")


# -------------------------------------------------------------------- Hardhat


def test_hardhat_loads_the_same_file_and_resolves_the_same_settings() -> None:
    resolved = json.loads(node(HARDHAT / "read_config.js", ROOT))
    ours = compiler_settings(ROOT)

    (compiler,) = resolved["solidity"]["compilers"]
    assert compiler["version"] == ours["version"]
    # What the compiler prints is each caller's own matter and changes no bytecode.
    assert {k: v for k, v in compiler["settings"].items() if k != "outputSelection"} == ours["settings"]
    assert resolved["solidity"]["overrides"] == {}
    assert Path(resolved["paths"]["sources"]) == ROOT / "contracts"


def test_hardhats_command_accepts_the_file() -> None:
    shim = ROOT / "node_modules" / "hardhat" / "internal" / "cli" / "bootstrap.js"

    assert "AVAILABLE TASKS" in node(shim, "--config", ROOT / "hardhat.config.json", "help")


@pytest.mark.slow
def test_hardhats_own_compile_gives_the_committed_bytes(tmp_path: Path) -> None:
    shim = ROOT / "node_modules" / "hardhat" / "internal" / "cli" / "bootstrap.js"
    environment = {"PIECEWORK_CHECKOUT": str(ROOT), "PIECEWORK_HARDHAT_OUT": str(tmp_path)}

    node(shim, "--config", HARDHAT / "compile.config.js", "compile", **environment)

    for name in artifacts.names():
        ours = artifacts.load(name)
        theirs = json.loads((tmp_path / "artifacts" / ours.source / f"{name}.json").read_text())
        assert theirs["bytecode"] == "0x" + ours.bytecode, name
        assert theirs["abi"] == ours.abi, name
        assert theirs["linkReferences"] == ours.link_references, name
