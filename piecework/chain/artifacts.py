"""The committed artifacts: ABI and bytecode of the contracts that ship."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from eth_utils import keccak

STANDARD_INPUT = "standard-input.json"
"""What the compiler was given; explorers verify with it. The one file beside the artifacts."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract. Bytecode is hex without 0x and may hold library placeholders."""

    contract: str
    source: str
    abi: list[dict[str, Any]]
    bytecode: str
    deployed_bytecode: str
    link_references: dict[str, dict[str, list[dict[str, int]]]]
    immutable_references: dict[str, list[dict[str, int]]]
    metadata: str

    def libraries(self) -> list[str]:
        """Names of the libraries that must be deployed and linked first."""
        return sorted(name for names in self.link_references.values() for name in names)

    def linked(self, addresses: dict[str, str]) -> str:
        """The creation bytecode with every placeholder replaced. Raises KeyError for a missing library."""
        code = self.bytecode
        for source, names in self.link_references.items():
            for name in names:
                placeholder = "__$" + keccak(text=f"{source}:{name}").hex()[:34] + "$__"
                code = code.replace(placeholder, addresses[name][2:].lower())
        return code

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """ABI entries of one kind: function, event, error."""
        return [entry for entry in self.abi if entry["type"] == kind]


def names() -> list[str]:
    """Every contract that ships, sorted."""
    folder = resources.files("piecework.chain") / "abi"
    return sorted(
        path.name.removesuffix(".json")
        for path in folder.iterdir()
        if path.name.endswith(".json") and path.name != STANDARD_INPUT
    )


@cache
def load(contract: str) -> Artifact:
    """The artifact of `contract`. Raises FileNotFoundError if it does not ship."""
    path = resources.files("piecework.chain") / "abi" / f"{contract}.json"
    raw = json.loads(path.read_text())
    return Artifact(
        contract=raw["contract"],
        source=raw["source"],
        abi=raw["abi"],
        bytecode=raw["bytecode"],
        deployed_bytecode=raw["deployed_bytecode"],
        link_references=raw["link_references"],
        immutable_references=raw["immutable_references"],
        metadata=raw["metadata"],
    )
