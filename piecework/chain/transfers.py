"""Who sent the payment token to whom: bounded reads of `Transfer` logs that touch given accounts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from piecework.chain.errors import ChainError
from piecework.chain.rpc import Rpc, RpcError
from piecework.domain.ids import Address, parse_address

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
"""keccak256 of `Transfer(address,address,uint256)`; a test computes it."""
SPAN_BLOCKS = 10_000
ACCOUNTS_A_REQUEST = 200
MOST_REQUESTS = 200
_TOPICS = 3


class TooManyRequests(ChainError):
    """The node gives so little at a time that the range would take too many requests."""

    def __init__(self, first: int, last: int) -> None:
        super().__init__(f"transfers of blocks {first} to {last} take more than {MOST_REQUESTS} requests at this node")


@dataclass(frozen=True, slots=True)
class Transfer:
    """Addresses alone: how much it was says nothing here."""

    sender: Address
    recipient: Address


class TransferReader:
    """One range of blocks of one token. Raises NodeUnreachable, RpcError and TooManyRequests."""

    def __init__(self, rpc: Rpc, token: str, first: int, last: int) -> None:
        self._rpc, self._token = rpc, token
        self._first, self._last = first, last
        self._span = SPAN_BLOCKS
        self._left = MOST_REQUESTS

    def sent_by(self, accounts: Collection[str]) -> set[Transfer]:
        return self._touching(accounts, lambda topics: [TRANSFER, topics])

    def sent_to(self, accounts: Collection[str]) -> set[Transfer]:
        return self._touching(accounts, lambda topics: [TRANSFER, None, topics])

    def _touching(self, accounts: Collection[str], topics_of: Any) -> set[Transfer]:
        found: set[Transfer] = set()
        names = sorted(accounts)
        for start in range(0, len(names), ACCOUNTS_A_REQUEST):
            part = names[start : start + ACCOUNTS_A_REQUEST]
            found |= self._read(topics_of(["0x" + name[2:].lower().rjust(64, "0") for name in part]))
        return found

    def _read(self, topics: Sequence[Any]) -> set[Transfer]:
        found: set[Transfer] = set()
        first = self._first
        while first <= self._last:
            if self._left == 0:
                raise TooManyRequests(self._first, self._last)
            self._left -= 1
            last = min(self._last, first + self._span - 1)
            query = {"address": self._token, "fromBlock": hex(first), "toBlock": hex(last), "topics": topics}
            try:
                logs = self._rpc.call("eth_getLogs", query)
            except RpcError:
                if last == first:
                    raise
                self._span = max(1, (last - first + 1) // 2)
                continue
            found |= {_transfer(log) for log in logs if len(log["topics"]) == _TOPICS and not log.get("removed")}
            first = last + 1
        return found


def _transfer(log: dict[str, Any]) -> Transfer:
    sender, recipient = (parse_address("0x" + topic[-40:]) for topic in log["topics"][1:])
    return Transfer(sender, recipient)
