"""What the contracts' sources declare, read as text: enums, signed types, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

CONTRACTS = Path(__file__).resolve().parents[3] / "contracts"

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_ENUM = re.compile(r"\benum\s+(\w+)\s*\{([^}]*)\}")
_SIGNED_TYPE = re.compile(r'\bbytes32\b[^=;(]*\bconstant\s+(\w+)\s*=\s*keccak256\(\s*"([A-Z]\w*\([^"]*)"\s*\)\s*;')


def sources() -> dict[str, str]:
    """Text of every Solidity file without comments, by its path under `contracts/`; mocks left out."""
    return {
        path.relative_to(CONTRACTS).as_posix(): _COMMENT.sub("", path.read_text())
        for path in sorted(CONTRACTS.rglob("*.sol"))
        if "mocks" not in path.parts
    }


def enums() -> dict[str, list[str]]:
    """Values of every enum in their order, as snake_case, by the enum's name."""
    found: dict[str, list[str]] = {}
    for text in sources().values():
        for name, body in _ENUM.findall(text):
            assert name not in found, f"two enums are named {name}"
            found[name] = [snake_case(value.strip()) for value in body.split(",") if value.strip()]
    return found


def signed_types() -> dict[str, str]:
    """The EIP-712 type string of every hash constant, by the name of the struct it begins with."""
    found: dict[str, str] = {}
    for text in sources().values():
        for _, encoded in _SIGNED_TYPE.findall(text):
            name = encoded.partition("(")[0]
            assert found.setdefault(name, encoded) == encoded, f"{name} is declared twice, and differently"
    return found


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
