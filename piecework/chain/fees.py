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
    return fees_of(base, int(web3.eth.max_priority_fee))


def fees_of(base_wei: int, tip_wei: int) -> Fees:
    """The same, of a latest block's base fee and the tip that the node names."""
    return Fees(base_wei * 2 + tip_wei, tip_wei)
