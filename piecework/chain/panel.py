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
class Votes:
    """Who committed to a vote, and the votes that were revealed, by juror."""

    committed: frozenset[str]
    revealed: dict[str, int]


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
        self._threshold: int | None = None
        self._fee_units: int | None = None

    def answers(self) -> bool:
        """Whether an arbitration panel answers at the address; other arbitrators rule in ways of their own."""
        from web3.exceptions import Web3Exception

        if not self.web3.eth.get_code(self.address):
            return False
        try:
            self.fee_units()
            return len(self.jurors()) >= self.threshold()
        except (Web3Exception, ValueError, OverflowError):
            return False

    def jurors(self) -> Sequence[str]:
        return list(self.contract.functions.jurors().call())

    def threshold(self) -> int:
        """Revealed votes that make a ruling; asked once, for it never changes."""
        if self._threshold is None:
            self._threshold = int(self.contract.functions.threshold().call())
        return self._threshold

    def fee_units(self) -> int:
        """The smallest dispute fee, in token units, that the panel rules for; asked once, for it never changes."""
        if self._fee_units is None:
            self._fee_units = int(self.contract.functions.arbitrationCost(b"").call())
        return self._fee_units

    def case(self, escrow: str, dispute_id: int) -> CaseState:
        return CaseState(*self.contract.functions.caseOf(escrow, dispute_id).call())

    def votes(self, escrow: str, dispute_id: int, from_block: int) -> Votes:
        """From the panel's logs since `from_block`, in which the dispute was opened."""
        about = {"escrow": escrow, "disputeId": dispute_id}
        events = self.contract.events
        committed = events.VoteCommitted().get_logs(argument_filters=about, from_block=from_block)
        revealed = events.VoteRevealed().get_logs(argument_filters=about, from_block=from_block)
        return Votes(
            frozenset(str(log["args"]["juror"]) for log in committed),
            {str(log["args"]["juror"]): int(log["args"]["ruling"]) for log in revealed},
        )

    def earned_units(self, escrow: str, juror: str) -> int:
        return int(self.contract.functions.earnedOf(escrow, juror).call())

    def commitment(self, escrow: str, dispute_id: int, juror: str, ruling: int, salt: bytes) -> bytes:
        """What `juror` commits to; `salt` is 32 secret random bytes."""
        return bytes(self.contract.functions.commitmentOf(escrow, dispute_id, juror, ruling, salt).call())

    def juror_since(self, account: str) -> int:
        """Unix seconds since when `account` is a juror; zero if it is none."""
        return int(self.contract.functions.jurorSince(account).call())

    def commit(self, escrow: str, dispute_id: int, commitment: bytes) -> Call:
        return encode(self.contract, "commit", escrow, dispute_id, commitment)

    def reveal(self, escrow: str, dispute_id: int, ruling: int, salt: bytes) -> Call:
        return encode(self.contract, "reveal", escrow, dispute_id, ruling, salt)

    def conclude(self, escrow: str, dispute_id: int) -> Call:
        return encode(self.contract, "conclude", escrow, dispute_id)

    def withdraw(self, escrow: str, to: str) -> Call:
        return encode(self.contract, "withdraw", escrow, to)
