"""What can go wrong with a node or a contract, with names that say what to do.

ChainError
├── NodeUnreachable     the node does not answer
├── WrongChainId        it answers for another chain
├── ContractMissing     no code, or other code, at the address
└── CallReverted        the contract refused, with its own error's name
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from piecework.chain import artifacts

REFUSALS: tuple[str, ...] = (
    "none",
    "batch_unknown",
    "batch_closed",
    "claim_period_over",
    "manifest_version_unknown",
    "nothing_asked",
    "not_enough_free",
    "too_many_claimed",
    "ticket_invalid",
    "ticket_expired",
    "ticket_lease_out_of_range",
    "gate_refused",
    "not_enough_claimed",
    "lease_over",
    "packet_expired",
    "sequence_not_next",
    "signature_invalid",
    "batch_index_out_of_range",
    "verdict_stale",
    "verdict_too_large",
    "review_window_over",
    "direct_not_allowed",
    "fee_not_lockable",
    "nothing_contestable",
    "dispute_open",
    "dispute_window_over",
    "bond_short",
)
"""The contract's `Refusal` values by number; a test reads the enum from the source and compares."""

PAID_REASONS: tuple[str, ...] = (
    "reviewed",
    "silence",
    "overturned",
    "direct",
    "ruled",
    "ruling_overdue",
    "fee_short",
)
"""The contract's `PaidReason` values by number; compared in the same test."""


class ChainError(Exception):
    """Base of everything this room raises."""


class NodeUnreachable(ChainError):
    """The node did not answer. Check the address and that it runs."""

    def __init__(self, rpc_url: str, why: str) -> None:
        super().__init__(f"no answer from the node at {rpc_url} ({why}): is it running, is the URL right?")
        self.rpc_url = rpc_url


class WrongChainId(ChainError):
    """The node serves another chain than the one asked for."""

    def __init__(self, rpc_url: str, expected: int, found: int) -> None:
        super().__init__(f"the node at {rpc_url} serves chain {found}, not {expected}: point it at the right node")
        self.expected = expected
        self.found = found


class ContractMissing(ChainError):
    """There is no contract of the wanted kind at an address."""

    def __init__(self, address: str, kind: str, why: str) -> None:
        super().__init__(f"{address} is no {kind} on this chain ({why}): check address and chain")
        self.address = address


@dataclass(frozen=True, slots=True)
class RevertReason:
    """A decoded revert. `name` is the error's name in the ABI, or `Error`, `Panic`, `Unknown`."""

    name: str
    arguments: dict[str, Any]

    @property
    def code(self) -> str:
        """A stable snake_case code; a refusal gives its own name."""
        if self.name == "TaskEscrow_Refused":
            return str(self.arguments["reason"])
        return _WORD_BREAK.sub("_", self.name.rpartition("_")[2]).lower()

    def __str__(self) -> str:
        listed = ", ".join(f"{key}={value}" for key, value in self.arguments.items())
        return f"{self.name}({listed})"


class CallReverted(ChainError):
    """The contract refused a call."""

    def __init__(self, reason: RevertReason) -> None:
        super().__init__(f"the contract refused: {reason}")
        self.reason = reason


_WORD_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@cache
def _errors() -> dict[bytes, tuple[str, list[str], list[str]]]:
    from eth_utils.abi import abi_to_signature, function_abi_to_4byte_selector

    known = {}
    for contract in artifacts.names():
        for entry in artifacts.load(contract).entries("error"):
            signature = abi_to_signature(entry)  # type: ignore[arg-type]
            selector = function_abi_to_4byte_selector({**entry, "type": "function"})  # type: ignore[arg-type]
            inner = signature[signature.index("(") + 1 : -1]
            kinds = inner.split(",") if inner else []
            known[bytes(selector)] = (entry["name"], kinds, [i["name"] for i in entry["inputs"]])
    known[bytes.fromhex("08c379a0")] = ("Error", ["string"], ["message"])
    known[bytes.fromhex("4e487b71")] = ("Panic", ["uint256"], ["code"])
    return known


def refusal_name(number: int) -> str:
    """The name of a `Refusal`; a number of a newer contract is given as it is."""
    return REFUSALS[number] if number < len(REFUSALS) else f"refusal_{number}"


def decode_revert(data: str | bytes) -> RevertReason:
    """Revert data as the error it encodes; never raises, whatever a node or a contract gives."""
    from eth_abi import decode
    from eth_abi.exceptions import DecodingError

    try:
        raw = bytes.fromhex(data.removeprefix("0x")) if isinstance(data, str) else data
    except ValueError:
        return RevertReason("Unknown", {"data": str(data)[:300]})
    entry = _errors().get(raw[:4])
    if entry is None:
        return RevertReason("Unknown", {"data": "0x" + raw.hex()})
    name, kinds, names = entry
    try:
        values = decode(kinds, raw[4:])
    except (DecodingError, ValueError, OverflowError):  # ValueError: text that is no UTF-8
        return RevertReason("Unknown", {"data": "0x" + raw.hex()})
    arguments = {key: _readable(value) for key, value in zip(names, values, strict=True)}
    if name == "TaskEscrow_Refused":
        arguments["reason"] = refusal_name(int(arguments["reason"]))
    return RevertReason(name, arguments)


def _readable(value: Any) -> Any:
    if isinstance(value, bytes):
        text = value.rstrip(b"\0")
        return text.decode() if text.isascii() and text.isalpha() else "0x" + value.hex()
    return value
