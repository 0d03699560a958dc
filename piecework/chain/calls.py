"""A contract call as a transaction carries it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from piecework.chain.errors import CallReverted, decode_revert

if TYPE_CHECKING:
    from web3 import Web3
    from web3.contract import Contract


@dataclass(frozen=True, slots=True)
class Call:
    """Where a call goes and its calldata (0x hex)."""

    to: str
    data: str


def encode(contract: Contract, function: str, *arguments: Any) -> Call:
    """The calldata of one function of `contract`."""
    return Call(to=contract.address, data=contract.encode_abi(function, args=list(arguments)))


def simulate(web3: Web3, call: Call, sender: str) -> bytes:
    """Runs `call` on the latest state without sending it.

    Returns what it returns; raises CallReverted with the contract's own error.
    """
    from web3.exceptions import ContractLogicError

    try:
        return bytes(web3.eth.call({"from": sender, "to": call.to, "data": call.data}))  # type: ignore[typeddict-item]
    except ContractLogicError as error:
        data = error.data if isinstance(error.data, (str, bytes)) else b""
        raise CallReverted(decode_revert(data)) from error
