"""A fresh development chain for one measurement, and transactions whose gas is counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXTRA: tuple[str, ...] = ()
GAS_CAP = 16_700_000
"""What one transaction may use (EIP-7825 allows 2^24 = 16,777,216)."""


@dataclass
class Bench:
    """One anvil and one deployer. `gas` sums what was sent with `counted`."""

    web3: Any
    deployer: Any
    gas: int = 0
    transactions: int = 0
    nonces: dict[str, int] = field(default_factory=dict)

    def send(self, sender: Any, to: str, data: str, *, counted: bool = False) -> Any:
        """Sends, waits, and returns the receipt. Raises RuntimeError if it reverted."""
        nonce = self.nonces.get(sender.address, 0)
        raw = sender.sign_transaction(
            {
                "to": to,
                "data": data,
                "chainId": 31337,
                "nonce": nonce,
                "gas": GAS_CAP,
                "maxFeePerGas": 10**10,
                "maxPriorityFeePerGas": 1,
            }
        ).raw_transaction
        receipt = self.web3.eth.wait_for_transaction_receipt(self.web3.eth.send_raw_transaction(raw))
        self.nonces[sender.address] = nonce + 1
        if receipt["status"] != 1:
            raise RuntimeError(f"a transaction to {to} reverted after {receipt['gasUsed']} gas")
        if counted:
            self.gas += int(receipt["gasUsed"])
            self.transactions += 1
        return receipt

    def create(self, abi: Any, bytecode: str, *arguments: Any) -> Any:
        """Deploys, uncounted, and returns the web3 contract."""
        factory = self.web3.eth.contract(abi=abi, bytecode=bytecode)
        data = factory.constructor(*arguments).data_in_transaction
        nonce = self.nonces.get(self.deployer.address, 0)
        raw = self.deployer.sign_transaction(
            {
                "data": data,
                "chainId": 31337,
                "nonce": nonce,
                "gas": GAS_CAP,
                "maxFeePerGas": 10**10,
                "maxPriorityFeePerGas": 1,
            }
        ).raw_transaction
        receipt = self.web3.eth.wait_for_transaction_receipt(self.web3.eth.send_raw_transaction(raw))
        self.nonces[self.deployer.address] = nonce + 1
        if receipt["status"] != 1:
            raise RuntimeError("a creation reverted")
        return self.web3.eth.contract(address=receipt["contractAddress"], abi=abi)

    def rich(self, name: str) -> Any:
        """A key with gas, the same in each run."""
        account = key(name)
        self.web3.provider.make_request("anvil_setBalance", [account.address, hex(10**24)])
        return account


def key(name: str) -> Any:
    """A key made of its name: addresses are the same in each run, so calldata costs the same."""
    from eth_account import Account
    from eth_utils import keccak

    return Account.from_key(keccak(text=f"piecework bench {name}"))


@contextmanager
def bench() -> Iterator[Bench]:
    """A chain of its own for one measurement."""
    from piecework.chain.anvil import start_anvil
    from piecework.chain.client import connect

    process = start_anvil(ROOT, extra=EXTRA)
    try:
        web3 = connect(process.rpc_url)
        run = Bench(web3, None)
        run.deployer = run.rich("deployer")
        yield run
    finally:
        process.stop()
