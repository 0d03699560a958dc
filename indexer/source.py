"""What the indexer reads from a node: headers and logs, checked to belong together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from piecework.chain.errors import ContractMissing, NodeUnreachable
from piecework.chain.logs import ContractLogs, CredentialLogs, DecodedEvent, EscrowLogs
from piecework.chain.rpc import Rpc, RpcError

_HEADERS_A_REQUEST = 100


class ChainMoved(Exception):
    """Two answers are not of one chain, as when it was reorganised between them; ask again."""


@dataclass(frozen=True, slots=True)
class Header:
    """One block's header."""

    block_number: int
    block_hash: str
    parent_hash: str
    timestamp: int


class LogSource:
    """Reads the logs of one escrow and, if given, of one registry of qualifications. `span` adapts to what the node
    takes.
    """

    def __init__(self, rpc: Rpc, escrow: str, *, credentials: str | None = None, span: int = 2_000) -> None:
        self.rpc = rpc
        self.escrow = escrow
        self.credentials = credentials
        self.span = span
        self._largest_span = span * 8
        self._logs: dict[str, ContractLogs] = {escrow.lower(): EscrowLogs()}
        if credentials is not None:
            self._logs[credentials.lower()] = CredentialLogs()
        self._addresses = [escrow, credentials] if credentials else escrow

    def check_contract(self) -> None:
        """Raises ContractMissing if there is no code at one of the addresses."""
        for address, kind in ((self.escrow, "TaskEscrow"), (self.credentials, "Credentials")):
            if address and self.rpc.call("eth_getCode", address, "latest") in (None, "0x"):
                raise ContractMissing(address, kind, "there is no code")

    def header(self, block: int | str) -> Header | None:
        found = self.rpc.call("eth_getBlockByNumber", hex(block) if isinstance(block, int) else block, False)
        return None if found is None else _header(found)

    def headers(self, numbers: Iterable[int]) -> dict[int, Header]:
        """Headers by number. Raises ChainMoved if one is gone."""
        wanted = sorted(set(numbers))
        found: dict[int, Header] = {}
        for start in range(0, len(wanted), _HEADERS_A_REQUEST):
            part = wanted[start : start + _HEADERS_A_REQUEST]
            for block in self.rpc.batch([("eth_getBlockByNumber", (hex(number), False)) for number in part]):
                if block is None:
                    raise ChainMoved("a block is gone")
                header = _header(block)
                found[header.block_number] = header
        return found

    def events(self, first: int, last: int) -> tuple[int, list[DecodedEvent]]:
        """Events of `first`..`end` in order, where `end` <= `last` is as far as the node answered at once.

        A log that the node gives twice is one event. Raises ChainMoved for logs that were not asked for.
        """
        while True:
            end = min(last, first + self.span - 1)
            query = {"address": self._addresses, "fromBlock": hex(first), "toBlock": hex(end)}
            try:
                logs = self.rpc.call("eth_getLogs", query)
            except NodeUnreachable:
                self.span = max(1, (end - first + 1) // 2)  # if it was too slow, ask for less next time
                raise
            except RpcError:
                if end == first:
                    raise
                self.span = max(1, (end - first + 1) // 2)
                continue
            self.span = min(self._largest_span, self.span * 2)
            return end, self._in_order(logs, first, end)

    def _in_order(self, logs: list[dict[str, Any]], first: int, last: int) -> list[DecodedEvent]:
        found: dict[tuple[int, int], DecodedEvent] = {}
        for log in logs:
            if log.get("removed"):
                raise ChainMoved("a log was removed")
            logs_of = self._logs.get(log["address"].lower())
            if logs_of is None or not first <= int(log["blockNumber"], 16) <= last:
                raise ChainMoved("a log is not of the contracts and blocks asked for")
            event = logs_of.decode(log)
            if found.setdefault((event.block_number, event.log_index), event) != event:
                raise ChainMoved("two logs have one place")
        return [found[place] for place in sorted(found)]


def _header(block: dict[str, Any]) -> Header:
    return Header(
        block_number=int(block["number"], 16),
        block_hash=block["hash"],
        parent_hash=block["parentHash"],
        timestamp=int(block["timestamp"], 16),
    )
