"""Piecework's own gas: opening, relaying and settling one batch, from the shipped artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bench.gas.chain import GAS_CAP, Bench, bench, key
from piecework.chain.deploy import deploy_escrow, deploy_token
from piecework.chain.escrow import Escrow, PermitApproval
from piecework.chain.token import Token
from piecework.domain import messages
from piecework.domain.messages import BatchKey, DirectPayment, Packet, PacketKind, Terms, Ticket, Verdict

REWARD_UNITS = 50_000
OPERATOR_FEE_UNITS = 2_500
_NO_ONE = "0x" + "00" * 20
_DIGEST = "0x" + "ab" * 32
_PACKET_GAS = {PacketKind.CLAIM: 60_000, PacketKind.SUBMIT: 40_000, PacketKind.CLAIM_AND_SUBMIT: 70_000}
"""Upper bounds, to chunk relays by gas."""
_VERDICT_GAS = 40_000


class Market:
    """An escrow with one requester, one reviewer, one assigner and `workers` workers."""

    def __init__(self, run: Bench, workers: int) -> None:
        self.run = run
        token = deploy_token(run.web3, run.deployer)
        self.arbitrator = key("arbitrator").address
        deployment = deploy_escrow(run.web3, run.deployer, token, [self.arbitrator])
        run.nonces[run.deployer.address] = run.web3.eth.get_transaction_count(run.deployer.address)
        self.escrow = Escrow(run.web3, deployment.escrow)
        self.token = Token(run.web3, token)
        self.requester, self.relayer = run.rich("requester"), run.rich("relayer")
        self.reviewer, self.assigner, self.operator = key("reviewer"), key("assigner"), key("operator")
        self.workers = [key(f"worker {number}") for number in range(workers)]
        self.salts = 0
        self._permits = 0
        self._approved = False
        # A requester and a gateway that are not new: their accounts, and the token's balance of the escrow, exist.
        run.send(self.requester, *self._call(self.token.contract, "mint", self.requester.address, 10**15))
        # Both are paid once, in a batch where one worker of no further interest works.
        self.work(1, [key("somebody")], one_packet=False, counted=False)

    def open(self, assignments: int, *, direct: bool, counted: bool) -> BatchKey:
        """One transaction from the requester's wallet, with an approval that is there already, or with a permit."""
        now = int(self.run.web3.eth.get_block("latest")["timestamp"])
        terms = Terms(
            reward=REWARD_UNITS,
            operatorFee=OPERATOR_FEE_UNITS,
            disputeFee=100_000,
            reviewer=self.reviewer.address,
            assigner=self.assigner.address,
            operator=self.operator.address,
            gate=_NO_ONE,
            arbitrator=self.arbitrator,
            claimBy=now + 7 * 86_400,
            lease=86_400,
            reviewWindow=3 * 86_400,
            disputeWindow=3 * 86_400,
            rulingWindow=7 * 86_400,
            maxClaim=1000,
            flags=1 if direct else 0,
            manifest=_DIGEST,
        )
        self.salts += 1
        salt = "0x" + self.salts.to_bytes(32, "big").hex()
        amount = terms.unit_cost_units * assignments
        permit = PermitApproval(amount, 0, "0x" + "00" * 65) if self._approved else self._permit(amount, now + 3600)
        call = self.escrow.open_batch_with_permit(terms, salt, assignments, permit)
        self.run.send(self.requester, call.to, call.data, counted=counted)
        return BatchKey(self.requester.address, salt, terms)

    def approve(self) -> None:
        """Approves the escrow once for all, uncounted; from now on no permit is needed."""
        self.run.send(self.requester, *self._call(self.token.contract, "approve", self.escrow.address, 2**256 - 1))
        self._approved = True

    def _permit(self, amount: int, deadline: int) -> PermitApproval:
        data = messages.token_permit(
            token=self.token.address,
            token_name=self.token.name,
            token_version=self.token.version,
            chain_id=31337,
            owner=self.requester.address,
            spender=self.escrow.address,
            value_units=amount,
            nonce=self._permits,
            deadline=deadline,
        )
        self._permits += 1
        return PermitApproval(amount, deadline, sign(self.requester, data))

    def work(
        self, each: int, workers: Sequence[Any], *, one_packet: bool, counted: bool, of: int | None = None
    ) -> None:
        """Opens, claims by ticket, submits, and accepts everything: `each` assignments a worker, or `of` a packet."""
        batch = self.open(each * len(workers), direct=False, counted=counted)
        size = of or each
        sequence = dict.fromkeys((worker.address for worker in workers), 0)
        for _ in range(0, each, size):
            if one_packet:
                self._relay(batch, PacketKind.CLAIM_AND_SUBMIT, workers, size, sequence, counted)
            else:
                self._relay(batch, PacketKind.CLAIM, workers, size, sequence, counted)
                self._relay(batch, PacketKind.SUBMIT, workers, size, sequence, counted)
        self._settle(batch, [Verdict(worker.address, 0, each, 0) for worker in workers], [], counted)

    def pay_direct(self, each: int, workers: Sequence[Any], *, counted: bool) -> None:
        """Opens a batch and pays `each` assignments to every worker without claims."""
        batch = self.open(each * len(workers), direct=True, counted=counted)
        self._settle(batch, [], [DirectPayment(worker.address, each) for worker in workers], counted)

    # ------------------------------------------------------------------- steps

    def _relay(
        self,
        batch: BatchKey,
        kind: PacketKind,
        workers: Sequence[Any],
        count: int,
        sequence: dict[str, int],
        counted: bool,
    ) -> None:
        packets = [self._packet(batch, kind, worker, count, sequence) for worker in workers]
        size = (GAS_CAP - 1_500_000) // _PACKET_GAS[kind]
        for start in range(0, len(packets), size):
            call = self.escrow.relay([batch], packets[start : start + size])
            receipt = self.run.send(self.relayer, call.to, call.data, counted=counted)
            if len(receipt["logs"]) < len(packets[start : start + size]):
                raise RuntimeError("a packet was skipped")

    def _packet(self, batch: BatchKey, kind: PacketKind, worker: Any, count: int, sequence: dict[str, int]) -> Packet:
        domain = self.escrow.domain
        number = sequence[worker.address]
        sequence[worker.address] += 2 if kind is PacketKind.CLAIM_AND_SUBMIT else 1
        deadline = batch.terms.claimBy
        ticket = Ticket()
        if kind is not PacketKind.SUBMIT:
            values = {"lease_end": deadline, "deadline": deadline, "sequence": number}
            data = messages.ticket(
                domain,
                batch_id=batch.batch_id(domain),
                manifest_version=1,
                worker=worker.address,
                count=count,
                tasks_digest=_DIGEST,
                **values,
            )
            ticket = Ticket(deadline, deadline, sign_compact(self.assigner, data))
        packet = Packet(
            kind=kind,
            batch_id=batch.batch_id(domain),
            worker=worker.address,
            sequence=number,
            deadline=deadline,
            manifest_version=0 if kind is PacketKind.SUBMIT else 1,
            count=count,
            submitted=count if kind is PacketKind.CLAIM_AND_SUBMIT else 0,
            tasks_digest="0x" + "00" * 32 if kind is PacketKind.SUBMIT else _DIGEST,
            work_digest="0x" + "00" * 32 if kind is PacketKind.CLAIM else _DIGEST,
            ticket=ticket,
        )
        return replace(packet, signature=sign_compact(worker, packet.typed_data(domain)))

    def _settle(
        self, batch: BatchKey, verdicts: Sequence[Verdict], direct: Sequence[DirectPayment], counted: bool
    ) -> None:
        size = (GAS_CAP - 1_000_000) // _VERDICT_GAS
        total = max(len(verdicts), len(direct))
        for nonce, start in enumerate(range(0, total, size), start=1):
            part = {"verdicts": verdicts[start : start + size], "direct": direct[start : start + size]}
            data = messages.settlement(
                self.escrow.domain,
                batch_id=batch.batch_id(self.escrow.domain),
                nonce=nonce,
                results_digest=_DIGEST,
                **part,
            )
            signature = sign_compact(self.reviewer, data)
            call = self.escrow.settle(batch, nonce, _DIGEST, **part, signature=signature)
            self.run.send(self.relayer, call.to, call.data, counted=counted)

    def _call(self, contract: Any, function: str, *arguments: Any) -> tuple[str, str]:
        return contract.address, contract.encode_abi(function, args=list(arguments))


def measure(how: str, tasks: int, workers: int, *, returning: bool, permit: bool = False) -> dict[str, int]:
    """Gas of one batch: `direct`, `two_packets`, `one_packet` or `packet_an_answer`. Approval is not
    counted, a permit is."""
    with bench() as run:
        market = Market(run, workers)
        if not permit:
            market.approve()
        if returning:
            market.pay_direct(1, market.workers, counted=False)
        each = tasks // workers
        if how == "direct":
            market.pay_direct(each, market.workers, counted=True)
        else:
            of = 1 if how == "packet_an_answer" else None
            market.work(each, market.workers, one_packet=how != "two_packets", counted=True, of=of)
        accepted = sum(market.escrow.account(worker.address).owed for worker in market.workers) // REWARD_UNITS
        expected = each * workers + (workers if returning else 0)
        if accepted != expected:
            raise RuntimeError(f"{accepted} assignments were paid, not {expected}")
        return {"gas": run.gas, "transactions": run.transactions, "tasks": tasks}


def sign(account: Any, data: messages.TypedData) -> str:
    return "0x" + bytes(account.sign_message(messages.signable(data)).signature).hex()


def sign_compact(account: Any, data: messages.TypedData) -> str:
    """64 bytes after ERC-2098, which cost less calldata."""
    signature = account.sign_message(messages.signable(data))
    return (
        "0x"
        + signature.r.to_bytes(32, "big").hex()
        + ((signature.v - 27) << 255 | signature.s).to_bytes(32, "big").hex()
    )
