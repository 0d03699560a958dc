"""The registry of qualifications as issuers, holders and the gateway speak to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from piecework.chain import artifacts
from piecework.chain.calls import Call, encode
from piecework.chain.errors import ContractMissing
from piecework.domain.credentials import CredentialDomain

if TYPE_CHECKING:
    from web3 import Web3
    from web3.types import BlockIdentifier


@dataclass(frozen=True, slots=True)
class CredentialState:
    """A credential as stored; `granted_at` zero: there is none. Times in unix seconds, `expiry` zero: for ever."""

    level: int
    expiry: int
    granted_at: int
    version: int
    refused: bool


class Credentials:
    """One Credentials contract on one chain. A skill is 32 bytes in hex."""

    def __init__(self, web3: Web3, address: str) -> None:
        self.web3 = web3
        self.address = web3.to_checksum_address(address)
        self.contract = web3.eth.contract(address=self.address, abi=artifacts.load("Credentials").abi)

    @cached_property
    def domain(self) -> CredentialDomain:
        """Where grants and refusals count."""
        return CredentialDomain(chain_id=self.web3.eth.chain_id, credentials=self.address)

    def check(self) -> None:
        """Raises ContractMissing unless a registry answers at the address."""
        from web3.exceptions import Web3Exception

        if not self.web3.eth.get_code(self.address):
            raise ContractMissing(self.address, "Credentials", "there is no code")
        try:
            zero = "0x" + "00" * 20
            self.contract.functions.domainSeparator().call()
            self.contract.functions.isHeld(zero, zero, bytes(32), 0).call()
        except (Web3Exception, ValueError, OverflowError) as error:
            raise ContractMissing(self.address, "Credentials", "other code answers") from error

    def credential(self, holder: str, issuer: str, skill: str, block: BlockIdentifier = "latest") -> CredentialState:
        view = self.contract.functions.credentialOf(holder, issuer, bytes.fromhex(skill[2:]))
        return CredentialState(*view.call(block_identifier=block))

    def is_held(self, holder: str, issuer: str, skill: str, level: int) -> bool:
        return bool(self.contract.functions.isHeld(holder, issuer, bytes.fromhex(skill[2:]), level).call())

    def grant(self, holder: str, skill: str, level: int, expiry: int) -> Call:
        return encode(self.contract, "grant", holder, bytes.fromhex(skill[2:]), level, expiry)

    def grant_by_sig(
        self, issuer: str, holder: str, skill: str, level: int, expiry: int, deadline: int, signature: str
    ) -> Call:
        raw, key = bytes.fromhex(signature[2:]), bytes.fromhex(skill[2:])
        return encode(self.contract, "grantBySig", issuer, holder, key, level, expiry, deadline, raw)

    def revoke(self, holder: str, skill: str) -> Call:
        return encode(self.contract, "revoke", holder, bytes.fromhex(skill[2:]))

    def set_refusal_by_sig(
        self, holder: str, issuer: str, skill: str, refused: bool, deadline: int, signature: str
    ) -> Call:
        raw, key = bytes.fromhex(signature[2:]), bytes.fromhex(skill[2:])
        return encode(self.contract, "setRefusalBySig", holder, issuer, key, refused, deadline, raw)
