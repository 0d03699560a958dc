"""Whether code on a chain is a contract of ours, byte for byte, and the sources that it was built from.

The compiler's metadata hash stands at the end of the code, so equal code is what verifiers call a full match. What a
deployment fills in is left out of the comparison: addresses of libraries, immutables, a library's own address.
"""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from piecework.chain import artifacts
from piecework.chain.artifacts import Artifact

if TYPE_CHECKING:
    from web3 import Web3

_PLACEHOLDER = re.compile(r"__\$[0-9a-f]{34}\$__")
_OWN_ADDRESS = bytes([0x73]) + bytes(20)
"""How the code of a library begins (PUSH20); a deployment puts the library's address there."""


def contract_at(web3: Web3, address: str) -> Artifact | None:
    """The contract of ours that stands at a checksummed address, or None. Raises NodeUnreachable."""
    return _matching(bytes(web3.eth.get_code(web3.to_checksum_address(address))))


def sources_of(artifact: Artifact) -> dict[str, str]:
    """Every file that the contract was compiled from, by its path, as the metadata names them."""
    given = _standard_input()["sources"]
    return {path: str(given[path]["content"]) for path in json.loads(artifact.metadata)["sources"]}


@lru_cache(maxsize=256)
def _matching(code: bytes) -> Artifact | None:
    for name in artifacts.names():
        found = artifacts.load(name)
        masked, holes = _runtime(name)
        if len(code) == len(masked) and _without(code, holes) == masked:
            return found
    return None


@cache
def _runtime(name: str) -> tuple[bytes, tuple[tuple[int, int], ...]]:
    """The code that a deployment would leave, zero where it fills something in; and those places."""
    found = artifacts.load(name)
    holes = [(match.start() // 2, 20) for match in _PLACEHOLDER.finditer(found.deployed_bytecode)]
    holes += [(place["start"], place["length"]) for places in found.immutable_references.values() for place in places]
    code = bytes.fromhex(_PLACEHOLDER.sub("00" * 20, found.deployed_bytecode))
    if code.startswith(_OWN_ADDRESS):
        holes.append((1, 20))
    return _without(code, tuple(holes)), tuple(holes)


def _without(code: bytes, holes: tuple[tuple[int, int], ...]) -> bytes:
    masked = bytearray(code)
    for start, length in holes:
        masked[start : start + length] = bytes(length)
    return bytes(masked)


@cache
def _standard_input() -> dict[str, Any]:
    path = resources.files("piecework.chain") / "abi" / artifacts.STANDARD_INPUT
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read
