"""The arbitration panel as jurors and the gateway speak to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from piecework.chain import artifacts
from piecework.chain.calls import Call, encode

if TYPE_CHECKING:
    from web3 import Web3


@dataclass(frozen=True, slots=True)
class CaseState:
    """Votes of one dispute; ends in unix seconds, all zero before the first commitment."""

    commits: int
    reveals: int
    concluded: bool
    commit_end: int
    reveal_end: int


class ArbitrationPanel:
    """One ArbitrationPanel on one chain."""

    def __init__(self, web3: Web3, address: str) -> None:
        self.web3 = web3
        self.address = web3.to_checksum_address(address)
        self.contract = web3.eth.contract(address=self.address, abi=artifacts.load("ArbitrationPanel").abi)

    def jurors(self) -> Sequence[str]:
        return list(self.contract.functions.jurors().call())

    def threshold(self) -> int:
        return int(self.contract.functions.threshold().call())

    def fee_units(self) -> int:
        """The smallest dispute fee, in token units, that the panel rules for."""
        return int(self.contract.functions.arbitrationCost(b"").call())

    def case(self, escrow: str, dispute_id: int) -> CaseState:
        return CaseState(*self.contract.functions.caseOf(escrow, dispute_id).call())

    def earned_units(self, escrow: str, juror: str) -> int:
        return int(self.contract.functions.earnedOf(escrow, juror).call())

    def commitment(self, escrow: str, dispute_id: int, juror: str, ruling: int, salt: bytes) -> bytes:
        """What `juror` commits to; `salt` is 32 secret random bytes."""
        return bytes(self.contract.functions.commitmentOf(escrow, dispute_id, juror, ruling, salt).call())

    def commit(self, escrow: str, dispute_id: int, commitment: bytes) -> Call:
        return encode(self.contract, "commit", escrow, dispute_id, commitment)

    def reveal(self, escrow: str, dispute_id: int, ruling: int, salt: bytes) -> Call:
        return encode(self.contract, "reveal", escrow, dispute_id, ruling, salt)

    def conclude(self, escrow: str, dispute_id: int) -> Call:
        return encode(self.contract, "conclude", escrow, dispute_id)

    def withdraw(self, escrow: str, to: str) -> Call:
        return encode(self.contract, "withdraw", escrow, to)
