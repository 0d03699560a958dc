"""A batch on a real chain and the people in it, for tests of the room that sends transactions."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

from piecework.domain.messages import (
    BatchKey,
    Packet,
    PacketKind,
    Terms,
    Ticket,
    Verdict,
    settlement,
    signable,
)
from piecework.domain.messages import ticket as ticket_data

HOUR = 3600
DAY = 24 * HOUR
REWARD_UNITS = 100_000
OPERATOR_FEE_UNITS = 5_000
NO_ONE = "0x" + "00" * 20
_salts = itertools.count(1)


def digest_of(number: int) -> str:
    """A digest that names no file: tests of the relay need none."""
    return "0x" + number.to_bytes(32, "big").hex()


def signed(account: Any, typed_data: dict[str, Any]) -> str:
    """The account's signature of an EIP-712 object, as 0x hex."""
    return "0x" + account.sign_message(signable(typed_data)).signature.hex().removeprefix("0x")


@dataclass
class Market:
    """The stack of a test module with calls that fund batches and sign packets."""

    stack: Any
    sequences: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def now(self) -> int:
        """Unix seconds of the latest block."""
        return int(self.stack.web3.eth.get_block("latest")["timestamp"])

    def worker(self) -> Any:
        """A new wallet without gas."""
        from eth_account import Account

        return Account.create()

    def terms(self, **changes: Any) -> Terms:
        """Terms that the escrow takes now; ticketless, reviewed by one person."""
        accounts = self.stack.accounts
        usual = Terms(
            reward=REWARD_UNITS,
            operatorFee=OPERATOR_FEE_UNITS,
            disputeFee=0,
            reviewer=accounts["reviewer1"].address,
            assigner=NO_ONE,
            operator=accounts["operator"].address,
            gate=NO_ONE,
            arbitrator=accounts["arbitrator"].address,
            claimBy=self.now + 7 * DAY,
            lease=HOUR,
            reviewWindow=DAY,
            disputeWindow=DAY,
            rulingWindow=7 * DAY,
            maxClaim=10,
            flags=0,
            manifest=digest_of(1),
        )
        return replace(usual, **changes)

    def open_batch(self, assignments: int = 50, **changes: Any) -> BatchKey:
        """Funds a batch from the requester's own wallet."""
        stack, requester = self.stack, self.stack.accounts["requester"]
        terms = self.terms(**changes)
        total = terms.unit_cost_units * assignments
        salt = digest_of(next(_salts))
        stack.send(requester, stack.token.mint(requester.address, total))
        stack.send(requester, self._approve(total))
        stack.send(requester, stack.escrow.deposit(total))
        stack.send(requester, stack.escrow.open_batch(terms, salt, assignments))
        return BatchKey(requester=requester.address, salt=salt, terms=terms)

    def _approve(self, amount_units: int) -> Any:
        from piecework.chain.calls import encode

        return encode(self.stack.token.contract, "approve", self.stack.escrow.address, amount_units)

    def batch_id(self, key: BatchKey) -> str:
        return key.batch_id(self.stack.escrow.domain)

    def packet(self, key: BatchKey, worker: Any, kind: PacketKind, **changes: Any) -> Packet:
        """A signed packet with the worker's next sequence number in this batch."""
        batch_id = self.batch_id(key)
        steps = 2 if kind is PacketKind.CLAIM_AND_SUBMIT else 1
        sequence = changes.pop("sequence", None)
        if sequence is None:
            sequence = self.sequences.get((batch_id, worker.address), 0)
            self.sequences[batch_id, worker.address] = sequence + steps
        signer = changes.pop("signer", worker)
        usual = Packet(
            kind=kind,
            batch_id=batch_id,
            worker=worker.address,
            sequence=sequence,
            deadline=self.now + DAY,
            count=1,
        )
        packet = replace(usual, **changes)
        return replace(packet, signature=signed(signer, packet.typed_data(self.stack.escrow.domain)))

    def claim(self, key: BatchKey, worker: Any, count: int = 1, **changes: Any) -> Packet:
        values = {"count": count, "manifest_version": 1, "tasks_digest": digest_of(7), **changes}
        return self.packet(key, worker, PacketKind.CLAIM, **values)

    def submit(self, key: BatchKey, worker: Any, count: int = 1, **changes: Any) -> Packet:
        values = {"count": count, "work_digest": digest_of(8), **changes}
        return self.packet(key, worker, PacketKind.SUBMIT, **values)

    def claim_and_submit(self, key: BatchKey, worker: Any, count: int = 1) -> Packet:
        return self.packet(
            key,
            worker,
            PacketKind.CLAIM_AND_SUBMIT,
            count=count,
            submitted=count,
            manifest_version=1,
            tasks_digest=digest_of(7),
            work_digest=digest_of(8),
        )

    def give_back(self, key: BatchKey, worker: Any, count: int = 1) -> Packet:
        return self.packet(key, worker, PacketKind.RETURN_CLAIM, count=count)

    def ticket_data(self, key: BatchKey, worker: str, *, lease_end: int, deadline: int) -> Any:
        """What an assigner signs to let `worker` claim one assignment first of all."""
        return ticket_data(
            self.stack.escrow.domain,
            batch_id=self.batch_id(key),
            manifest_version=1,
            worker=worker,
            count=1,
            tasks_digest=digest_of(7),
            lease_end=lease_end,
            deadline=deadline,
            sequence=0,
        )

    def settlement(self, key: BatchKey, nonce: int, verdicts: list[Verdict], results: int = 9) -> dict[str, Any]:
        """The reviewer's signed settlement as keyword arguments of `Escrow.settle`."""
        data = settlement(
            self.stack.escrow.domain,
            batch_id=self.batch_id(key),
            nonce=nonce,
            results_digest=digest_of(results),
            verdicts=verdicts,
        )
        return {
            "nonce": nonce,
            "results_digest": digest_of(results),
            "verdicts": verdicts,
            "signature": signed(self.stack.accounts["reviewer1"], data),
        }

    def relayed_by_hand(self, key: BatchKey, *packets: Packet) -> Any:
        """Sends packets without the relay under test, by a stranger."""
        call = self.stack.escrow.relay([key], list(packets))
        return self.stack.send(self.stack.accounts["stranger"], call)


__all__ = ["DAY", "HOUR", "NO_ONE", "OPERATOR_FEE_UNITS", "REWARD_UNITS", "Market", "Ticket"]
