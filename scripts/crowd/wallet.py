"""A wallet: a key, signatures, and plain JSON-RPC for those who send transactions themselves."""

from __future__ import annotations

import itertools
import time
from typing import Any

import httpx2
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data


class Wallet:
    """A key of its own; made at random unless one is given."""

    def __init__(self, private_key: str | None = None) -> None:
        self._account = Account.from_key(private_key) if private_key else Account.create()
        self.address = str(self._account.address)

    def __repr__(self) -> str:
        return f"Wallet({self.address})"

    def sign_text(self, text: str) -> str:
        """EIP-191 personal message."""
        return "0x" + bytes(self._account.sign_message(encode_defunct(text=text)).signature).hex()

    def sign_typed(self, data: dict[str, Any]) -> str:
        """EIP-712 message, as the gateway gave it."""
        return "0x" + bytes(self._account.sign_message(encode_typed_data(full_message=data)).signature).hex()

    def sign_transaction(self, transaction: dict[str, Any]) -> str:
        return "0x" + bytes(self._account.sign_transaction(transaction).raw_transaction).hex()


class TransactionFailed(Exception):
    """The node refused a transaction, or it was mined and reverted."""


class Node:
    """What a wallet asks of a node."""

    def __init__(self, rpc_url: str) -> None:
        self._url = rpc_url
        self._http = httpx2.Client(timeout=60.0)
        self._ids = itertools.count(1)

    def close(self) -> None:
        self._http.close()

    def call(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}
        answer = self._http.post(self._url, json=body).json()
        if "error" in answer:
            raise TransactionFailed(f"{method}: {answer['error'].get('message')}")
        return answer["result"]

    def balance_wei(self, address: str) -> int:
        return int(self.call("eth_getBalance", address, "latest"), 16)

    def transactions_sent(self, address: str) -> int:
        return int(self.call("eth_getTransactionCount", address, "latest"), 16)

    def send(self, wallet: Wallet, transaction: dict[str, Any], *, spare_gas: int = 0) -> dict[str, Any]:
        """Signs, sends and waits for `{to, data, value, chain_id}`; returns the receipt.

        `spare_gas` is allowed beyond the estimate, for what others may do first.
        """
        fields = {"from": wallet.address, "to": transaction["to"], "data": transaction["data"]}
        base = int(self.call("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)
        signed = wallet.sign_transaction(
            {
                "type": 2,
                "chainId": transaction["chain_id"],
                "nonce": int(self.call("eth_getTransactionCount", wallet.address, "pending"), 16),
                "to": transaction["to"],
                "data": transaction["data"],
                "value": int(transaction["value"]),
                "gas": int(self.call("eth_estimateGas", fields), 16) * 5 // 4 + spare_gas,
                "maxFeePerGas": base * 2 + 10**9,
                "maxPriorityFeePerGas": 10**9,
            }
        )
        receipt = self.wait(self.call("eth_sendRawTransaction", signed))
        if receipt["status"] != "0x1":
            raise TransactionFailed(f"transaction {receipt['transactionHash']} was mined and reverted")
        return receipt

    def wait(self, transaction_hash: str, *, seconds: float = 60.0) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            receipt: dict[str, Any] | None = self.call("eth_getTransactionReceipt", transaction_hash)
            if receipt is not None:
                return receipt
            time.sleep(0.05)
        raise TransactionFailed(f"transaction {transaction_hash} was not mined in {seconds:.0f} s")

    def tokens_of(self, token: str, address: str) -> int:
        """Units of an ERC-20 that an address holds."""
        data = "0x70a08231" + address[2:].lower().rjust(64, "0")
        return int(self.call("eth_call", {"to": token, "data": data}, "latest"), 16)

    def travel(self, seconds: int) -> None:
        """Moves a development chain's clock, so that windows end without waiting."""
        self.call("evm_increaseTime", seconds)
        self.call("evm_mine")
