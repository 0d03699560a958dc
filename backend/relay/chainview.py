"""What the watcher asks the chain: blocks, receipts, and who used a nonce."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from piecework.chain.together import Refused, ask_together

if TYPE_CHECKING:
    from web3 import Web3

_SEARCH_BLOCKS = 100
"""How far back a nonce's user is looked for: nodes keep the state of that many blocks."""
LONG_AGO = "long ago"
"""Stands for a user that is not worth finding: had it been one of ours, its receipt would have been there for long."""


@dataclass(frozen=True, slots=True)
class Place:
    """A block, by number and hash."""

    number: int
    hash: str


@dataclass
class ChainView:
    """The chain as one round sees it: nothing above `head` is looked at, and each block is asked for once."""

    web3: Web3
    account: str
    head: Place
    mined: int
    """The account's next nonce at `head`."""
    _hashes: dict[int, str | None] = field(default_factory=dict)
    _receipts: dict[str, Any | None] = field(default_factory=dict)

    @classmethod
    def now(cls, web3: Web3, account: str) -> ChainView:
        block = web3.eth.get_block("latest")
        head = Place(int(block["number"]), _hex(block["hash"]))
        mined = int(web3.eth.get_transaction_count(account, head.number))  # type: ignore[arg-type]
        return cls(web3, account, head, mined, {head.number: head.hash})

    def look_at(self, *, blocks: Iterable[int] = (), transactions: Iterable[str] = ()) -> None:
        """Asks for all of them at once; `has` and `receipt` need not ask again."""
        numbers = sorted({number for number in blocks if number < self.head.number} - self._hashes.keys())
        hashes = [each for each in dict.fromkeys(transactions) if each not in self._receipts]
        asked = [("eth_getBlockByNumber", [hex(number), False]) for number in numbers]
        asked += [("eth_getTransactionReceipt", [each]) for each in hashes]
        answers = ask_together(self.web3, asked)  # what the node refuses is asked for again when it is needed
        for number, block in zip(numbers, answers[: len(numbers)], strict=True):
            if not isinstance(block, Refused):
                self._hashes[number] = block["hash"].lower() if block is not None else None
        for each, receipt in zip(hashes, answers[len(numbers) :], strict=True):
            if not isinstance(receipt, Refused):
                self._receipts[each] = receipt_of(receipt) if receipt is not None else None

    def has(self, place: Place) -> bool:
        """Whether that very block is still part of the chain."""
        from web3.exceptions import BlockNotFound

        if place.number not in self._hashes:
            found: str | None = None
            if place.number < self.head.number:
                try:
                    found = _hex(self.web3.eth.get_block(place.number)["hash"])
                except BlockNotFound:
                    found = None
            self._hashes[place.number] = found
        return self._hashes[place.number] == place.hash

    def receipt(self, hashes: Sequence[str]) -> Any | None:
        """The receipt of the first of `hashes` that is in a block up to `head`; None if there is none."""
        from web3.exceptions import TransactionNotFound

        for transaction_hash in hashes:
            if transaction_hash not in self._receipts:
                try:
                    known: Any = self.web3.eth.get_transaction_receipt(transaction_hash)  # type: ignore[arg-type]
                except TransactionNotFound:
                    known = None
                self._receipts[transaction_hash] = known
            receipt = self._receipts[transaction_hash]
            if receipt is not None and int(receipt["blockNumber"]) <= self.head.number:
                return receipt
        return None

    def user_of(self, nonce: int) -> str | None:
        """Hash of the account's transaction that used `nonce`, found by halving; None if the node cannot tell.

        That a receipt is not there proves nothing (nodes answer late): only another transaction under the nonce does.
        """
        from web3.exceptions import Web3Exception

        low, high = max(-1, self.head.number - _SEARCH_BLOCKS), self.head.number
        try:
            if low >= 0 and self._count(low) > nonce:
                return LONG_AGO
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if self._count(middle) > nonce else (middle, high)
            listed: Any = self.web3.eth.get_block(high, full_transactions=True)["transactions"]
        except Web3Exception:
            return None
        used = (_hex(each["hash"]) for each in listed if each["from"] == self.account and each["nonce"] == nonce)
        return next(used, None)

    def _count(self, block_number: int) -> int:
        return int(self.web3.eth.get_transaction_count(self.account, block_number))  # type: ignore[arg-type]


def receipt_of(plain: dict[str, Any]) -> dict[str, Any]:
    """What the relay reads of a receipt, as web3 would give it."""
    from eth_utils import to_checksum_address
    from hexbytes import HexBytes

    numbers, hashes = ("blockNumber", "gasUsed", "effectiveGasPrice", "status"), ("blockHash", "transactionHash")
    logs = [
        {name: HexBytes(entry[name]) for name in ("data", *hashes)}
        | {name: int(entry[name], 16) for name in ("blockNumber", "logIndex")}
        | {"address": to_checksum_address(entry["address"]), "topics": [HexBytes(topic) for topic in entry["topics"]]}
        for entry in plain["logs"]
    ]
    found: dict[str, Any] = {name: int(plain[name], 16) for name in numbers}
    return found | {name: HexBytes(plain[name]) for name in hashes} | {"logs": logs}


def _hex(raw: Any) -> str:
    return "0x" + bytes(raw).hex()
