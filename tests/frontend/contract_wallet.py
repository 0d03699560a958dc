"""A wallet that is a contract: it has no key, and says yes or no to signatures itself (ERC-1271)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from eth_abi import encode
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_utils.crypto import keccak

from scripts.crowd.wallet import Node, Wallet

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "tests/contracts/wallets/OwnedWallet.sol"


@cache
def creation_code() -> str:
    """The wallet's contract, compiled as the escrow is."""
    import solcx

    from piecework.chain.compile import compiler_settings, with_imports

    settings = dict(compiler_settings(ROOT)["settings"]) | {
        "outputSelection": {SOURCE: {"OwnedWallet": ["evm.bytecode"]}}
    }
    sources = {name: {"content": text} for name, text in with_imports(ROOT, [SOURCE]).items()}
    request = {"language": "Solidity", "sources": sources, "settings": settings}
    output = solcx.compile_standard(request, solc_binary=ROOT / "tools" / "solc")
    return str(output["contracts"][SOURCE]["OwnedWallet"]["evm"]["bytecode"]["object"])


class ContractWallet(Wallet):
    """A deployed `OwnedWallet`. `owner` pays gas for what it calls; the contract itself owns none."""

    def __init__(self, node: Node, chain_id: int) -> None:
        super().__init__()
        self.owner = Account.create()
        self._node, self._chain_id = node, chain_id
        node.call("anvil_setBalance", self.owner.address, hex(10**18))
        self.address = self._deployed()

    def sign_text(self, text: str) -> str:
        return self._signed(_digest(encode_defunct(text=text)))

    def sign_typed(self, data: dict[str, Any]) -> str:
        return self._signed(_digest(encode_typed_data(full_message=data)))

    def execute(self, target: str, data: str) -> dict[str, Any]:
        """The receipt of a call that the wallet makes; its owner sends the transaction."""
        arguments = encode(["address", "bytes"], [target, bytes.fromhex(data.removeprefix("0x"))])
        call = "0x" + keccak(text="execute(address,bytes)")[:4].hex() + arguments.hex()
        owner = Wallet("0x" + bytes(self.owner.key).hex())
        transaction = {"to": self.address, "data": call, "value": "0", "chain_id": self._chain_id}
        return self._node.send(owner, transaction)

    def _signed(self, digest: bytes) -> str:
        bound = keccak(encode(["uint256", "address", "bytes32"], [self._chain_id, self.address, digest]))
        return "0x" + bytes(self.owner.unsafe_sign_hash(bound).signature).hex()

    def _deployed(self) -> str:
        owner = self.owner
        transaction = {
            "type": 2,
            "chainId": self._chain_id,
            "nonce": 0,
            "data": "0x" + creation_code() + encode(["address"], [owner.address]).hex(),
            "value": 0,
            "gas": 1_000_000,
            "maxFeePerGas": 10**11,
            "maxPriorityFeePerGas": 10**9,
        }
        raw = "0x" + bytes(owner.sign_transaction(transaction).raw_transaction).hex()
        receipt = self._node.wait(self._node.call("eth_sendRawTransaction", raw))
        from eth_utils.address import to_checksum_address

        return str(to_checksum_address(receipt["contractAddress"]))


def _digest(message: Any) -> bytes:
    from eth_account.messages import _hash_eip191_message

    return bytes(_hash_eip191_message(message))
