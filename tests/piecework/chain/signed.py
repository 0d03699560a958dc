"""One accepted use of every signed message, on a real chain: typed data, and what becomes of a signature of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from piecework.chain.calls import Call, encode, simulate
from piecework.chain.credentials import Credentials
from piecework.chain.deploy import deploy_credentials
from piecework.chain.errors import CallReverted, refusal_name
from piecework.chain.logs import EscrowLogs
from piecework.domain import credentials as credential_messages
from piecework.domain import messages
from piecework.domain.messages import BatchKey, DirectPayment, Packet, PacketKind, Ticket, TypedData, Verdict
from tests.backend.relay.market import DAY, HOUR, Market, digest_of, signed

ACCEPTED = "accepted"


@dataclass
class Case:
    """`send` gives ACCEPTED or the name of the refusal; the chain is afterwards as before."""

    data: TypedData
    signer: Any
    send: Callable[[str], str]
    refusal: str
    """What a signature of anything else gets."""
    packet: Packet | None = None
    key: BatchKey | None = None


class Bench:
    """Makes cases on one chain."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.stack = market.stack
        self.escrow = market.stack.escrow
        self._logs = EscrowLogs()

    # ---------------------------------------------------------------- packets

    def relayed(self, key: BatchKey, packet: Packet, others: tuple[BatchKey, ...] = ()) -> str:
        """What `relay` does with one packet; undone at once."""
        call = self.escrow.relay([key, *others], [packet])
        snapshot = self._rpc("evm_snapshot")
        try:
            receipt = self.stack.send(self.stack.accounts["stranger"], call)
        finally:
            assert self._rpc("evm_revert", snapshot) is True
        events = [self._logs.decode(_raw(log)) for log in receipt["logs"]]
        skipped = [event for event in events if event.name == "PacketSkipped"]
        assert events, "a packet leaves an event in any case"
        return refusal_name(skipped[0].args["reason"]) if skipped else ACCEPTED

    def packet_case(self, kind: PacketKind, key: BatchKey, worker: Any, **values: Any) -> Case:
        packet = Packet(
            kind=kind,
            batch_id=key.batch_id(self.escrow.domain),
            worker=worker.address,
            sequence=self.escrow.tally(key.batch_id(self.escrow.domain), worker.address).sequence,
            deadline=self.market.now + DAY,
            **values,
        )
        return Case(
            data=packet.typed_data(self.escrow.domain),
            signer=worker,
            send=lambda signature: self.relayed(key, replace(packet, signature=signature)),
            refusal="signature_invalid",
            packet=packet,
            key=key,
        )

    def claim(self) -> Case:
        key = self.market.open_batch(10)
        values = {"count": 2, "manifest_version": 1, "tasks_digest": digest_of(7)}
        return self.packet_case(PacketKind.CLAIM, key, self.market.worker(), **values)

    def claim_and_submit(self) -> Case:
        key = self.market.open_batch(10)
        values = {"count": 3, "submitted": 2, "manifest_version": 1}
        digests = {"tasks_digest": digest_of(7), "work_digest": digest_of(8)}
        return self.packet_case(PacketKind.CLAIM_AND_SUBMIT, key, self.market.worker(), **values, **digests)

    def return_claim(self) -> Case:
        key, worker = self._claimed(5)
        return self.packet_case(PacketKind.RETURN_CLAIM, key, worker, count=3)

    def submit(self) -> Case:
        key, worker = self._claimed(5)
        return self.packet_case(PacketKind.SUBMIT, key, worker, count=3, work_digest=digest_of(8))

    def set_sweep(self) -> Case:
        return self.packet_case(PacketKind.SET_SWEEP, self.market.open_batch(1), self.market.worker(), count=1)

    def dispute(self) -> Case:
        key, worker = self._rejected()
        return self.packet_case(PacketKind.DISPUTE, key, worker, count=2, work_digest=digest_of(8))

    # ----------------------------------------------------------------- others

    def ticket(self) -> Case:
        assigner = self.stack.accounts["assigner"]
        key = self.market.open_batch(10, assigner=assigner.address)
        worker = self.market.worker().address
        lease_end, deadline = self.market.now + 2 * HOUR, self.market.now + HOUR
        data = messages.ticket(
            self.escrow.domain,
            batch_id=self.market.batch_id(key),
            manifest_version=1,
            worker=worker,
            count=2,
            tasks_digest=digest_of(7),
            lease_end=lease_end,
            deadline=deadline,
            sequence=0,
        )
        return Case(
            data,
            assigner,
            lambda signature: self.called(
                self.escrow.claim(key, 2, digest_of(7), 1, Ticket(lease_end, deadline, signature)), worker
            ),
            "ticket_invalid",
        )

    def settlement(self) -> Case:
        key, workers = self._submitted(2, flags=1)
        verdicts = [Verdict(worker.address, 0, 2 - i, i) for i, worker in enumerate(workers)]
        direct = [DirectPayment(self.market.worker().address, count) for count in (1, 2)]
        data = messages.settlement(
            self.escrow.domain,
            batch_id=self.market.batch_id(key),
            nonce=1,
            results_digest=digest_of(9),
            verdicts=verdicts,
            direct=direct,
        )
        return Case(
            data,
            self.stack.accounts["reviewer1"],
            lambda signature: self.called(self.escrow.settle(key, 1, digest_of(9), verdicts, direct, signature)),
            "signature_invalid",
        )

    def overturn(self) -> Case:
        key, worker = self._rejected()
        tally = self.escrow.tally(self.market.batch_id(key), worker.address)
        counts = {"decided_before": tally.decided, "contestable_before": tally.contestable, "count": 1}
        data = messages.overturn(
            self.escrow.domain, batch_id=self.market.batch_id(key), worker=worker.address, **counts
        )
        return Case(
            data,
            self.stack.accounts["reviewer1"],
            lambda signature: self.called(
                self.encoded("overturnBySig", key.as_tuple(), worker.address, *counts.values(), signature)
            ),
            "signature_invalid",
        )

    def withdraw(self) -> Case:
        account, to, deadline = self._owed(), self.market.worker().address, self.market.now + DAY
        data = messages.withdrawal(
            self.escrow.domain, account=account.address, amount_units=5, to=to, nonce=0, deadline=deadline
        )
        return Case(
            data,
            account,
            lambda signature: self.called(self.escrow.withdraw_by_sig(account.address, 5, to, 0, deadline, signature)),
            "signature_invalid",
        )

    def sweep_setting(self) -> Case:
        account, deadline = self.market.worker(), self.market.now + DAY
        data = messages.sweep_setting(
            self.escrow.domain, account=account.address, enabled=True, nonce=0, deadline=deadline
        )
        return Case(
            data,
            account,
            lambda signature: self.called(self.escrow.set_sweep_by_sig(account.address, True, 0, deadline, signature)),
            "signature_invalid",
        )

    def permit(self) -> Case:
        owner, deadline, token = self.market.worker(), self.market.now + DAY, self.stack.token
        data = messages.token_permit(
            token=token.address,
            token_name=token.name,
            token_version=token.version,
            chain_id=self.escrow.chain_id,
            owner=owner.address,
            spender=self.escrow.address,
            value_units=7,
            nonce=token.nonce_of(owner.address),
            deadline=deadline,
        )

        def send(signature: str) -> str:
            raw = bytes.fromhex(signature[2:])
            values = (owner.address, self.escrow.address, 7, deadline, raw[64], raw[:32], raw[32:64])
            return self.called(encode(token.contract, "permit", *values))

        return Case(data, owner, send, "erc2612_invalid_signer")

    # ------------------------------------------------------------ credentials

    def grant(self) -> Case:
        registry, issuer, deadline = self._registry(), self.market.worker(), self.market.now + DAY
        values = {"holder": self.market.worker().address, "skill": credential_messages.skill_id("birds")}
        terms = {"level": 40, "expiry": self.market.now + 9 * DAY}
        data = credential_messages.grant(
            registry.domain, issuer=issuer.address, version=0, deadline=deadline, **values, **terms
        )
        return Case(
            data,
            issuer,
            lambda signature: self.called(
                registry.grant_by_sig(issuer=issuer.address, deadline=deadline, signature=signature, **values, **terms)
            ),
            "signature_invalid",
        )

    def refusal(self) -> Case:
        registry, holder, deadline = self._registry(), self.market.worker(), self.market.now + DAY
        values = {"issuer": self.market.worker().address, "skill": credential_messages.skill_id("birds")}
        data = credential_messages.refusal(
            registry.domain, holder=holder.address, refused=True, version=0, deadline=deadline, **values
        )
        return Case(
            data,
            holder,
            lambda signature: self.called(
                registry.set_refusal_by_sig(
                    holder=holder.address, refused=True, deadline=deadline, signature=signature, **values
                )
            ),
            "signature_invalid",
        )

    def _registry(self) -> Credentials:
        address, _ = deploy_credentials(self.stack.web3, self.stack.accounts["deployer"])
        return Credentials(self.stack.web3, address)

    # ------------------------------------------------------------------ states

    def _claimed(self, count: int) -> tuple[BatchKey, Any]:
        key, worker = self.market.open_batch(10), self.market.worker()
        self._relay(key, self.market.claim(key, worker, count))
        return key, worker

    def _submitted(self, workers: int, **terms: Any) -> tuple[BatchKey, list[Any]]:
        """A batch in which each of `workers` submitted two answers."""
        key = self.market.open_batch(10, **terms)
        found = [self.market.worker() for _ in range(workers)]
        self._relay(key, *(self.market.claim_and_submit(key, worker, 2) for worker in found))
        return key, found

    def _rejected(self) -> tuple[BatchKey, Any]:
        """A batch and a worker whose two answers were rejected."""
        key, (worker,) = self._submitted(1)
        settled = self.market.settlement(key, 1, [Verdict(worker.address, 0, 0, 2)])
        self.stack.send(self.stack.accounts["stranger"], self.escrow.settle(key, **settled))
        assert self.escrow.tally(self.market.batch_id(key), worker.address).contestable == 2
        return key, worker

    def _owed(self) -> Any:
        """A worker that can withdraw."""
        key, (worker,) = self._submitted(1)
        settled = self.market.settlement(key, 1, [Verdict(worker.address, 0, 2, 0)])
        self.stack.send(self.stack.accounts["stranger"], self.escrow.settle(key, **settled))
        assert self.escrow.account(worker.address).owed > 5
        return worker

    def _relay(self, key: BatchKey, *packets: Packet) -> None:
        receipt = self.market.relayed_by_hand(key, *packets)
        assert "PacketSkipped" not in {self._logs.decode(_raw(log)).name for log in receipt["logs"]}

    # ------------------------------------------------------------------- calls

    def called(self, call: Call, sender: str | None = None) -> str:
        """What a call from `sender` would come to; changes nothing."""
        try:
            simulate(self.stack.web3, call, sender or self.stack.accounts["stranger"].address)
        except CallReverted as refusal:
            return refusal.reason.code
        return ACCEPTED

    def encoded(self, function: str, *values: Any) -> Call:
        """A call of the escrow with its last value in hex."""
        return encode(self.escrow.contract, function, *values[:-1], bytes.fromhex(values[-1][2:]))

    def _rpc(self, method: str, *params: Any) -> Any:
        return self.stack.web3.provider.make_request(method, list(params))["result"]


def _raw(log: Any) -> dict[str, Any]:
    """A web3 log as JSON-RPC gives it."""
    return {
        "address": log["address"],
        "topics": ["0x" + bytes(topic).hex() for topic in log["topics"]],
        "data": "0x" + bytes(log["data"]).hex(),
        "blockNumber": hex(log["blockNumber"]),
        "blockHash": "0x" + bytes(log["blockHash"]).hex(),
        "transactionHash": "0x" + bytes(log["transactionHash"]).hex(),
        "logIndex": hex(log["logIndex"]),
    }


CASES: dict[str, Callable[[Bench], Case]] = {
    "Claim": Bench.claim,
    "ReturnClaim": Bench.return_claim,
    "Submit": Bench.submit,
    "ClaimAndSubmit": Bench.claim_and_submit,
    "SetSweep": Bench.set_sweep,
    "Dispute": Bench.dispute,
    "Ticket": Bench.ticket,
    "Settlement": Bench.settlement,
    "Overturn": Bench.overturn,
    "Withdraw": Bench.withdraw,
    "SweepSetting": Bench.sweep_setting,
    "Grant": Bench.grant,
    "Refusal": Bench.refusal,
    "Permit": Bench.permit,
}

__all__ = ["ACCEPTED", "CASES", "Bench", "Case", "signed"]
