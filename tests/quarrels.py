"""Batches with a dispute fee, workers who were rejected, and what follows: for tests of every room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_abi import encode as abi_encode
from eth_utils import keccak

from piecework.domain.messages import BatchKey, PacketKind, Verdict
from tests.backend.relay.market import Market, digest_of

FEE_UNITS = 70_001
"""A prime-like fee, so that a split in three leaves a remainder."""
EVIDENCE = digest_of(0xE71DE)


def dispute_id(batch_id: str, worker: str, sequence: int) -> int:
    """As the contract makes it from the number that opens the dispute."""
    values = (bytes.fromhex(batch_id[2:]), worker, sequence)
    return int.from_bytes(keccak(abi_encode(("bytes32", "address", "uint24"), values)), "big")


@dataclass
class Quarrel(Market):
    """A market in which work is rejected and contested. Sequence numbers come from the chain."""

    def deposit(self, name: str, amount_units: int) -> None:
        """Test tokens into the escrow, for whoever posts a bond or has a fee locked."""
        stack, account = self.stack, self.stack.accounts[name]
        stack.send(account, stack.token.mint(account.address, amount_units))
        stack.send(account, self._approve(amount_units))
        stack.send(account, stack.escrow.deposit(amount_units))

    def tally(self, key: BatchKey, worker: Any) -> Any:
        return self.stack.escrow.tally(self.batch_id(key), worker.address)

    def packet(self, key: BatchKey, worker: Any, kind: PacketKind, **changes: Any) -> Any:
        changes.setdefault("sequence", self.tally(key, worker).sequence)
        return super().packet(key, worker, kind, **changes)

    def decide(self, key: BatchKey, worker: Any, accepted: int, rejected: int) -> None:
        """Submits so much and has the reviewer decide it at once."""
        stack = self.stack
        self.relayed_by_hand(key, self.claim_and_submit(key, worker, accepted + rejected))
        nonce = stack.escrow.batch(self.batch_id(key)).settlements + 1
        verdict = Verdict(worker.address, self.tally(key, worker).decided, accepted, rejected)
        stack.send(stack.accounts["stranger"], stack.escrow.settle(key, **self.settlement(key, nonce, [verdict])))

    def dispute(self, key: BatchKey, worker: Any, count: int, sponsor: str | None = None) -> int:
        """By signed packet, the bond from the worker or from a sponsor; returns the dispute's number."""
        number = dispute_id(self.batch_id(key), worker.address, self.tally(key, worker).sequence)
        packet = self.packet(key, worker, PacketKind.DISPUTE, count=count, work_digest=EVIDENCE)
        if sponsor is None:
            self.relayed_by_hand(key, packet)
        else:
            self.stack.send(self.stack.accounts[sponsor], self.stack.escrow.sponsor_dispute(key, packet))
        assert self.stack.escrow.dispute_of(number).is_open
        return number

    def rule(self, number: int, accepted: int) -> None:
        self.stack.send(self.stack.accounts["arbitrator"], self.stack.escrow.rule(number, accepted + 1))
