"""Logs of the contracts as typed events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from piecework.chain import artifacts
from piecework.chain.errors import ChainError

LARGEST_JSON_INTEGER = 2**53 - 1
_ACCOUNTS = ("worker", "account", "requester", "poster", "holder", "receiver")


class UndecodableLog(ChainError):
    """A log of a contract is no event of its ABI, or its data does not fit."""

    def __init__(self, log: Mapping[str, Any], why: str) -> None:
        super().__init__(
            f"log {int(log['logIndex'], 16)} of block {int(log['blockNumber'], 16)} cannot be decoded ({why}): "
            "is the contract of another version?"
        )


@dataclass(frozen=True, slots=True)
class DecodedEvent:
    """One event. `args` holds integers, checksummed addresses, 0x-prefixed bytes and nested dicts."""

    name: str
    args: dict[str, Any]
    contract: str
    block_number: int
    block_hash: str
    transaction_hash: str
    log_index: int

    @property
    def batch_id(self) -> str | None:
        return self.args.get("batchId")

    @property
    def account(self) -> str | None:
        """Whom the event is about: the first of these that it names, receivers of fees included."""
        return next((self.args[name] for name in _ACCOUNTS if name in self.args), None)

    def json_args(self) -> dict[str, Any]:
        """`args` with integers above 2^53 as decimal text."""
        rendered: dict[str, Any] = json_ready(self.args)
        return rendered


def json_ready(value: Any) -> Any:
    """Integers that JSON readers may round become decimal text; containers are walked."""
    if isinstance(value, dict):
        return {key: json_ready(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [json_ready(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST_JSON_INTEGER:
        return str(value)
    return value


@dataclass(frozen=True, slots=True)
class _Event:
    name: str
    indexed: tuple[dict[str, Any], ...]
    plain: tuple[dict[str, Any], ...]
    plain_types: tuple[str, ...]


class ContractLogs:
    """Decodes raw JSON-RPC logs by the ABI of one contract."""

    def __init__(self, contract: str) -> None:
        from eth_utils.abi import event_abi_to_log_topic

        self._events: dict[str, _Event] = {}
        for entry in artifacts.load(contract).entries("event"):
            plain = tuple(item for item in entry["inputs"] if not item["indexed"])
            topic = "0x" + event_abi_to_log_topic(entry).hex()  # type: ignore[arg-type]
            self._events[topic] = _Event(
                name=entry["name"],
                indexed=tuple(item for item in entry["inputs"] if item["indexed"]),
                plain=plain,
                plain_types=tuple(_type_of(item) for item in plain),
            )

    @property
    def names(self) -> set[str]:
        return {event.name for event in self._events.values()}

    def decode(self, log: Mapping[str, Any]) -> DecodedEvent:
        """Raises UndecodableLog."""
        from eth_abi import decode
        from eth_abi.exceptions import DecodingError

        topics = log["topics"]
        event = self._events.get(topics[0]) if topics else None
        if event is None:
            raise UndecodableLog(log, "unknown topic")
        args: dict[str, Any] = {}
        try:
            for item, topic in zip(event.indexed, topics[1:], strict=True):
                args[item["name"]] = _readable(item, decode([item["type"]], bytes.fromhex(topic[2:]))[0])
            values = decode(event.plain_types, bytes.fromhex(log["data"][2:]))
        except (DecodingError, ValueError) as error:
            raise UndecodableLog(log, str(error)) from error
        for item, value in zip(event.plain, values, strict=True):
            args[item["name"]] = _readable(item, value)
        return DecodedEvent(
            name=event.name,
            args=args,
            contract=_checksum(log["address"]),
            block_number=int(log["blockNumber"], 16),
            block_hash=log["blockHash"],
            transaction_hash=log["transactionHash"],
            log_index=int(log["logIndex"], 16),
        )


class EscrowLogs(ContractLogs):
    """Those of the escrow."""

    def __init__(self) -> None:
        super().__init__("TaskEscrow")


class CredentialLogs(ContractLogs):
    """Those of the registry of qualifications."""

    def __init__(self) -> None:
        super().__init__("Credentials")


def _type_of(item: Mapping[str, Any]) -> str:
    if item["type"] == "tuple":
        return "(" + ",".join(_type_of(inner) for inner in item["components"]) + ")"
    return str(item["type"])


def _readable(item: Mapping[str, Any], value: Any) -> Any:
    if item["type"] == "tuple":
        return {c["name"]: _readable(c, v) for c, v in zip(item["components"], value, strict=True)}
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if item["type"] == "address":
        return _checksum(value)
    return value


def _checksum(address: str) -> str:
    from eth_utils import to_checksum_address

    return str(to_checksum_address(address))
