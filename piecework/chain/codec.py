"""Calldata and what views return, by an ABI whose types are worked out once.

web3's contracts look up the function, check and convert every value anew for each call; where that is done for every
packet and every request it is most of what the call costs. What this encodes is the same, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from web3 import Web3


@dataclass(frozen=True, slots=True)
class _Function:
    selector: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class Codec:
    """The functions of one ABI, none of which is overloaded. Bytes are given as bytes, addresses as checksummed hex."""

    def __init__(self, abi: Sequence[Any]) -> None:
        from eth_utils.abi import collapse_if_tuple, function_abi_to_4byte_selector

        self._functions = {
            item["name"]: _Function(
                "0x" + function_abi_to_4byte_selector(item).hex(),
                tuple(collapse_if_tuple(each) for each in item["inputs"]),
                tuple(collapse_if_tuple(each) for each in item["outputs"]),
            )
            for item in abi
            if item["type"] == "function"
        }

    def data(self, function: str, arguments: Sequence[Any]) -> str:
        """Calldata in hex. Raises an error of eth_abi for values that do not fit."""
        from eth_abi.abi import encode

        found = self._functions[function]
        return found.selector + encode(found.inputs, arguments).hex()

    def read(self, web3: Web3, contract: str, function: str, arguments: Sequence[Any]) -> tuple[Any, ...] | None:
        """What a view returns at the latest block; None if the node answers with an error, or with something else.

        Raises what the connection raises if the node does not answer.
        """
        from eth_abi.abi import decode
        from eth_abi.exceptions import DecodingError

        call = {"to": contract, "data": self.data(function, arguments)}
        answer: Any = web3.provider.make_request("eth_call", [call, "latest"])  # type: ignore[arg-type]
        text = answer.get("result") if isinstance(answer, dict) else None
        if not isinstance(text, str):
            return None
        try:
            return decode(self._functions[function].outputs, bytes.fromhex(text.removeprefix("0x")))
        except (DecodingError, ValueError, OverflowError):
            return None
