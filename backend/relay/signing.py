"""The relayer's key: it signs one transaction for a nonce, and dearer ones for the same nonce."""

from __future__ import annotations

import time
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from pydantic import SecretStr

from piecework.chain.fees import Fees, fees_now, fees_of
from piecework.chain.together import Refused, ask_together
from piecework.db.gateway import RelayTransaction

if TYPE_CHECKING:
    from web3 import Web3

log = structlog.get_logger("relay")

_FEE_BUMP = 1.15
_AGAIN_SECONDS = 1.0
_LOW_BALANCE_WEI = 10**16


@dataclass(frozen=True, slots=True)
class Weather:
    """What a transaction should offer now, and the gas that a block takes."""

    fees: Fees
    block_gas: int


def address_of(key: SecretStr) -> str:
    """The address of a private key."""
    from eth_account import Account

    return str(Account.from_key(key.get_secret_value()).address)


class Signer:
    """Signs and broadcasts. The key never leaves the object."""

    def __init__(self, web3: Web3, chain_id: int, key: SecretStr) -> None:
        from eth_account import Account

        self._web3 = web3
        self._chain_id = chain_id
        self._account = Account.from_key(key.get_secret_value())
        self.address = str(self._account.address)
        self._broadcast_at: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"Signer({self.address})"

    def look(self) -> Weather:
        """Asks for all of it at once, and warns if the account is poor."""
        asked = [("eth_getBalance", [self.address, "latest"]), ("eth_maxPriorityFeePerGas", [])]
        block = ("eth_getBlockByNumber", ["latest", False])
        balance, tip, latest = ask_together(self._web3, [*asked, block])
        if isinstance(latest, Refused) or isinstance(balance, Refused):
            raise ValueError(f"the node tells neither its latest block nor a balance: {latest}, {balance}")
        if int(balance, 16) < _LOW_BALANCE_WEI:
            log.warning("relayer_balance_low", address=self.address, balance_wei=int(balance, 16))
        base = int(latest.get("baseFeePerGas") or "0x0", 16)
        fees = self.fees() if isinstance(tip, Refused) else fees_of(base, int(tip, 16))
        return Weather(fees, int(latest["gasLimit"], 16))

    def fees(self) -> Fees:
        """What a transaction should offer now."""
        return fees_now(self._web3)

    def offer(self, row: RelayTransaction, fees: Fees) -> None:
        """Signs `row` with `fees`: its hash and bytes change."""
        row.max_fee_wei, row.priority_fee_wei = fees.most_wei, fees.tip_wei
        row.sent_at = time.time()
        signed = self._account.sign_transaction(
            {
                "type": 2,
                "chainId": self._chain_id,
                "nonce": row.nonce,
                "to": row.to,
                "data": row.data,
                "value": row.value_wei,
                "gas": row.gas,
                "maxFeePerGas": row.max_fee_wei,
                "maxPriorityFeePerGas": row.priority_fee_wei,
            }
        )
        row.raw = "0x" + bytes(signed.raw_transaction).hex()
        row.transaction_hash = "0x" + bytes(signed.hash).hex()

    def offer_more(self, row: RelayTransaction, fees: Fees) -> None:
        """The same call under the same nonce for at least an eighth more, as nodes demand of a replacement."""
        most = max(fees.most_wei, int(row.max_fee_wei * _FEE_BUMP) + 1)
        tip = max(fees.tip_wei, int(row.priority_fee_wei * _FEE_BUMP) + 1)
        self.offer(row, Fees(max(most, tip), tip))

    def broadcast(self, signed: Sequence[tuple[str, str]], *, at_once: Container[str] = ()) -> None:
        """Hands all of them (hash and bytes) to the node; again only after a second, but for those `at_once`, which the
        node is known to have lost."""
        now = time.monotonic()
        # Who was sent longer ago is due like who never was, and one that a dearer one replaced is never forgotten else.
        self._broadcast_at = {key: at for key, at in self._broadcast_at.items() if now - at < _AGAIN_SECONDS}
        due = [each for each in signed if each[0] in at_once or each[0] not in self._broadcast_at]
        answers = ask_together(self._web3, [("eth_sendRawTransaction", [raw]) for _, raw in due])
        for (transaction_hash, _), answer in zip(due, answers, strict=True):
            if isinstance(answer, Refused):
                # Already known, or mined meanwhile: watching will tell.
                log.info("broadcast_answered", transaction_hash=transaction_hash, error=str(answer)[:200])
            self._broadcast_at[transaction_hash] = now

    def forget(self, transaction_hash: str) -> None:
        """A mined transaction is not broadcast until it is lost again."""
        self._broadcast_at.pop(transaction_hash, None)
