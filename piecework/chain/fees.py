"""What a transaction should offer for gas now (EIP-1559)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from web3 import Web3


@dataclass(frozen=True, slots=True)
class Fees:
    """Per unit of gas, in wei."""

    most_wei: int
    tip_wei: int


def fees_now(web3: Web3) -> Fees:
    """Enough for a base fee that doubles before the transaction is mined."""
    base = int(web3.eth.get_block("latest").get("baseFeePerGas", 0))
    tip = int(web3.eth.max_priority_fee)
    return Fees(base * 2 + tip, tip)
