"""The payment token: what the escrow needs to know of an ERC-20 with ERC-2612 permits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from piecework.chain import artifacts
from piecework.chain.calls import Call, encode

if TYPE_CHECKING:
    from web3 import Web3


class Token:
    """Reads a token; `mint` exists on the development token alone."""

    def __init__(self, web3: Web3, address: str) -> None:
        self.address = web3.to_checksum_address(address)
        self.contract = web3.eth.contract(address=self.address, abi=artifacts.load("TestToken").abi)

    @property
    def name(self) -> str:
        return str(self.contract.functions.name().call())

    @property
    def symbol(self) -> str:
        return str(self.contract.functions.symbol().call())

    @property
    def decimals(self) -> int:
        return int(self.contract.functions.decimals().call())

    @property
    def version(self) -> str:
        """Version of the token's EIP-712 domain (ERC-5267), or "1" where the token does not tell."""
        from web3.exceptions import Web3Exception

        try:
            return str(self.contract.functions.eip712Domain().call()[2])
        except (Web3Exception, ValueError):
            return "1"

    def balance_of(self, account: str) -> int:
        """Token units of `account`."""
        return int(self.contract.functions.balanceOf(account).call())

    def balance_at(self, account: str, block_number: int) -> int | None:
        """Token units of `account` after that block; None if the node does not answer for it any more, or at all."""
        import requests
        from web3.exceptions import Web3Exception

        try:
            return int(self.contract.functions.balanceOf(account).call(block_identifier=block_number))
        except (Web3Exception, ValueError, requests.RequestException):
            return None

    def allowance(self, owner: str, spender: str) -> int:
        """Token units that `spender` may take from `owner` already."""
        return int(self.contract.functions.allowance(owner, spender).call())

    def nonce_of(self, account: str) -> int:
        """The number that the next permit of `account` must carry."""
        return int(self.contract.functions.nonces(account).call())

    def approve(self, spender: str, amount_units: int) -> Call:
        """Lets `spender` take units, for wallets that sign no permits."""
        return encode(self.contract, "approve", spender, amount_units)

    def mint(self, to: str, amount_units: int) -> Call:
        """Makes units out of nothing; the development token only."""
        return encode(self.contract, "mint", to, amount_units)
