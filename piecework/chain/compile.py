"""The contracts, compiled: from `hardhat.config.json` and `contracts/` to the artifacts beside `abi/`.

One command (`python -m piecework.chain.compile`) writes the artifacts; `--check` compares instead. Each holds ABI,
creation and runtime bytecode, link references, metadata and, once for all, the standard-json input that explorers
verify.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from piecework.chain.artifacts import STANDARD_INPUT

SHIPPED = (
    "TaskEscrow",
    "ReviewPanel",
    "ArbitrationPanel",
    "Credentials",
    "CredentialGate",
    "AcceptedWorkGate",
    "AllowListGate",
    "AllOfGate",
    "TestToken",
    "Batches",
    "Deadlines",
    "Disputes",
    "Settlements",
    "TermsRules",
)
"""Contracts whose artifacts the package carries."""

_IMPORT = re.compile(r'^\s*import\s+(?:[^;"]*?from\s+)?"([^"]+)"\s*;', re.MULTILINE | re.DOTALL)


class CompileError(Exception):
    """The compiler refused the sources; the text is its own."""


def repository_root() -> Path:
    """The checkout that holds `hardhat.config.json`. Raises FileNotFoundError outside one."""
    root = Path(__file__).resolve().parents[2]
    if not (root / "hardhat.config.json").is_file():
        raise FileNotFoundError(f"{root / 'hardhat.config.json'}: compile in a checkout of the project")
    return root


def compiler_settings(root: Path) -> dict[str, Any]:
    """The `solidity` section of `hardhat.config.json`: version and settings, the only source of both."""
    config: dict[str, Any] = json.loads((root / "hardhat.config.json").read_text())["solidity"]
    return config


def standard_input(root: Path) -> dict[str, Any]:
    """The compiler's standard-json input: every contract of ours and what they import, inline and sorted.

    Sources are named as Hardhat names them: `contracts/...` and `@openzeppelin/contracts/...`.
    """
    names = sorted(
        path.relative_to(root).as_posix()
        for path in (root / "contracts").rglob("*.sol")
        if path.parent.name != "mocks" or path.stem in SHIPPED
    )
    sources = with_imports(root, names)
    settings = dict(compiler_settings(root)["settings"])
    settings["outputSelection"] = {"*": {"*": ["abi", "metadata", "evm.bytecode", "evm.deployedBytecode"]}}
    return {
        "language": "Solidity",
        "sources": {name: {"content": sources[name]} for name in sorted(sources)},
        "settings": settings,
    }


def with_imports(root: Path, names: Sequence[str]) -> dict[str, str]:
    """These sources and all that they import, by name; the compiler has no way to ask for more."""
    sources: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in sources:
            sources[name] = _source_path(root, name).read_text()
            waiting += [_resolve(name, target) for target in _IMPORT.findall(sources[name])]
    return sources


def compile_contracts(root: Path) -> dict[str, dict[str, Any]]:
    """Compiles and returns artifacts by contract name. Raises CompileError with the compiler's own words."""
    import solcx
    from solcx.exceptions import SolcError

    wanted = compiler_settings(root)["version"]
    request = standard_input(root)
    try:
        output = solcx.compile_standard(request, solc_binary=root / "tools" / "solc")
    except SolcError as error:
        raise CompileError(str(error)) from error
    artifacts = {}
    for source, contracts in output["contracts"].items():
        for name, contract in contracts.items():
            if name in SHIPPED and source.startswith("contracts/"):
                artifacts[name] = _artifact(source, name, contract)
    missing = set(SHIPPED) - set(artifacts)
    if missing:
        raise CompileError(f"no contract named {', '.join(sorted(missing))} in contracts/")
    for artifact in artifacts.values():
        built = json.loads(artifact["metadata"])["compiler"]["version"]
        if not built.startswith(f"{wanted}+"):
            raise CompileError(f"hardhat.config.json asks for solc {wanted}, tools/solc is {built}")
    return artifacts


def rendered(root: Path) -> dict[str, str]:
    """Every file of `abi/` by name, as text that is the same on every machine."""
    files = {f"{name}.json": _json(value) for name, value in compile_contracts(root).items()}
    files[STANDARD_INPUT] = _json(standard_input(root))
    return files


def stale(files: dict[str, str], folder: Path) -> list[str]:
    """Names in `folder` that are missing, too many, or differ by a byte from `files` (`rendered`)."""
    present = {path.name: path.read_bytes() for path in folder.glob("*.json")}
    wanted = {name: text.encode() for name, text in files.items()}
    return sorted(name for name in present.keys() | wanted.keys() if present.get(name) != wanted.get(name))


def main(arguments: list[str]) -> int:
    """Writes the artifacts, or with `--check` tells which of them differ (exit 1)."""
    root = repository_root()
    folder = root / "piecework" / "chain" / "abi"
    files = rendered(root)
    if "--check" in arguments:
        found = stale(files, folder)
        for name in found:
            print(f"piecework/chain/abi/{name} is not what the sources compile to; run `make artifacts`")
        return 1 if found else 0
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    for name, text in files.items():
        (folder / name).write_text(text)
        print(f"wrote piecework/chain/abi/{name}")
    return 0


def _artifact(source: str, name: str, contract: dict[str, Any]) -> dict[str, Any]:
    return {
        "format": "piecework/artifact/1",
        "contract": name,
        "source": source,
        "abi": contract["abi"],
        "bytecode": contract["evm"]["bytecode"]["object"],
        "link_references": contract["evm"]["bytecode"]["linkReferences"],
        "deployed_bytecode": contract["evm"]["deployedBytecode"]["object"],
        "immutable_references": contract["evm"]["deployedBytecode"]["immutableReferences"],
        "metadata": contract["metadata"],
    }


def _source_path(root: Path, name: str) -> Path:
    return root / name if name.startswith(("contracts/", "tests/")) else root / "node_modules" / name


def _resolve(importer: str, target: str) -> str:
    if not target.startswith("."):
        return target
    parts = importer.split("/")[:-1]
    for step in target.split("/"):
        if step == "..":
            parts.pop()
        elif step != ".":
            parts.append(step)
    return "/".join(parts)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
