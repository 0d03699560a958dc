"""How much gas a call needs, asked of the node as the next block will find the chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from piecework.chain.errors import RevertReason, decode_revert
from piecework.chain.together import ask_together
from piecework.domain.ids import ZERO_ADDRESS
from piecework.domain.messages import BatchKey, Packet, PacketKind, TypedData, signable

if TYPE_CHECKING:
    from web3 import Web3

    from backend.relay.calls import Planned

MARGIN = 1.25
EXTRA = 20_000
_LARGEST_TRANSACTION = 2**24
"""EIP-7825: no transaction may be given more."""
_CLAIMS = (PacketKind.CLAIM, PacketKind.CLAIM_AND_SUBMIT)
SIGNATURE_RESERVE = 410_000
_GATE_RESERVE = 155_000
"""What the escrow lets a contract spend that it asks, with the part that a call may not pass on."""


class WouldRevert(Exception):
    """The contract would refuse the call."""

    def __init__(self, reason: RevertReason) -> None:
        super().__init__(str(reason))
        self.reason = reason


class TooMuchGas(Exception):
    """The call needs more gas than a block has."""


class NotTold(Exception):
    """The node refuses to estimate for a reason that may not be the call's fault."""


class Estimator:
    """Asks one node for one sender."""

    def __init__(self, web3: Web3, sender: str) -> None:
        self._web3 = web3
        self._sender = sender

    def gas_of_each(self, several: Sequence[Planned]) -> list[int | Exception]:
        """As `gas_of`, asked for all at once: none of them has happened where the others are tried."""
        asked = [("eth_estimateGas", [_plain(self._transaction(planned)), "pending"]) for planned in several]
        answers = ask_together(self._web3, asked) if len(several) > 1 else [None] * len(several)
        # Whom the node refuses is asked for alone, which tells the reason.
        return [
            int(answer, 16) if isinstance(answer, str) else self._alone(planned)
            for planned, answer in zip(several, answers, strict=True)
        ]

    def _alone(self, planned: Planned) -> int | Exception:
        try:
            return self.gas_of(planned)
        except (WouldRevert, TooMuchGas, NotTold) as error:
            return error

    def gas_of(self, planned: Planned) -> int:
        """Gas that the call uses. Raises WouldRevert, TooMuchGas or NotTold; OSError if the node is away.

        The pending block is asked: its time is the next block's, and what was sent before has happened there.
        """
        from web3.exceptions import ContractLogicError, Web3RPCError

        try:
            return int(self._web3.eth.estimate_gas(self._transaction(planned), "pending"))
        except ContractLogicError as error:
            reason = decode_revert(error.data if isinstance(error.data, (str, bytes)) else b"")
            if reason.name == "TaskEscrow_InsufficientGas":
                raise TooMuchGas(str(reason)) from error
            raise WouldRevert(reason) from error
        except Web3RPCError as error:
            text = str(error)[:300]
            if "gas" in text.lower() and "insufficient funds" not in text.lower():
                raise TooMuchGas(text) from error
            raise NotTold(text) from error

    def _transaction(self, planned: Planned) -> Any:
        call = planned.call
        return {"from": self._sender, "to": call.to, "data": call.data, "value": planned.value_wei}


def ceiling(block_gas: int) -> int:
    """The most gas that a transaction may be given where a block takes `block_gas`."""
    return min(block_gas, _LARGEST_TRANSACTION)


def _plain(transaction: dict[str, Any]) -> dict[str, Any]:
    return transaction | {"value": hex(transaction["value"])}


def reserve(key: BatchKey, packet: Packet, domain: Any) -> int:
    """Gas to keep ready for contracts that the packet makes the escrow ask.

    A wallet contract or a gate may be cheap when the node estimates and burn all it is given when it counts: the whole
    call must survive that.
    """
    gas = 0
    if not is_signed_by_key(packet.typed_data(domain), packet.signature, packet.worker):
        gas += SIGNATURE_RESERVE
    if packet.kind in _CLAIMS and key.terms.gate != ZERO_ADDRESS:
        gas += _GATE_RESERVE
    return gas


def is_signed_by_key(data: TypedData, signature: str, address: str) -> bool:
    """Whether the address's own key signed, so that no contract is asked."""
    from eth_account import Account

    try:
        signer = Account.recover_message(signable(data), signature=signature)
    except Exception:  # whatever a stranger's bytes make the libraries raise
        return False
    return bool(signer == address)
