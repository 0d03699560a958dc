"""The escrow as the rest of the system speaks to it: reads as dataclasses, writes as calldata.

Nothing here signs or sends: a wallet or the relayer does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from piecework.chain import artifacts
from piecework.chain.calls import Call
from piecework.chain.codec import Codec
from piecework.chain.errors import ContractMissing, refusal_name
from piecework.domain.messages import (
    BatchKey,
    DirectPayment,
    Domain,
    Packet,
    Terms,
    Ticket,
    Verdict,
)

if TYPE_CHECKING:
    from web3 import Web3
    from web3.types import BlockIdentifier


@dataclass(frozen=True, slots=True)
class AccountState:
    """Money and record of one address. `owed` in token units, the rest counts of assignments."""

    owed: int
    accepted: int
    rejected: int
    contested: int
    disputes_won: int
    disputes_lost: int
    nonce: int
    flags: int

    @property
    def sweep(self) -> bool:
        return bool(self.flags & 1)


@dataclass(frozen=True, slots=True)
class BatchState:
    """Counts of one batch, in assignments; all zero if it does not exist."""

    free: int
    claimed: int
    submitted: int
    contestable: int
    disputed: int
    accepted: int
    refunded: int
    settlements: int
    versions: int
    closed_at: int

    @property
    def exists(self) -> bool:
        return self.versions > 0


@dataclass(frozen=True, slots=True)
class TallyState:
    """What one worker did in one batch, in assignments; ends in unix seconds."""

    claimed: int
    old_lot: int
    young_lot: int
    decided: int
    contestable: int
    disputed: int
    lease_end: int
    old_review_end: int
    young_review_end: int
    contest_end: int
    sequence: int
    flags: int


@dataclass(frozen=True, slots=True)
class DisputeState:
    """One open dispute; all zero once it ended. Amounts in token units, times in unix seconds, windows in seconds."""

    worker: str
    count: int
    ruling_end: int
    dispute_window: int
    poster: str
    reward: int
    arbitrator: str
    fee: int
    batch_id: bytes
    operator_fee: int
    opened_at: int

    @property
    def is_open(self) -> bool:
        return self.opened_at > 0


@dataclass(frozen=True, slots=True)
class PermitApproval:
    """A signed ERC-2612 permit: token units, unix seconds, 65-byte signature in hex.

    None as a signature: the token allows the escrow the amount already, and a permit that fails is no error then.
    """

    amount: int
    deadline: int
    signature: str | None

    def as_tuple(self) -> tuple[int, int, int, bytes, bytes]:
        raw = bytes(65) if self.signature is None else bytes.fromhex(self.signature[2:])
        if len(raw) != 65:
            raise ValueError(f"a permit's signature has 65 bytes, this one has {len(raw)}")
        return (self.amount, self.deadline, raw[64], raw[:32], raw[32:64])


class Escrow:
    """One TaskEscrow on one chain."""

    def __init__(self, web3: Web3, address: str) -> None:
        self.web3 = web3
        self.address = web3.to_checksum_address(address)
        self.contract = web3.eth.contract(address=self.address, abi=artifacts.load("TaskEscrow").abi)
        self._codec = Codec(self.contract.abi)

    @cached_property
    def chain_id(self) -> int:
        return self.web3.eth.chain_id

    @cached_property
    def domain(self) -> Domain:
        """Where signatures for this escrow count."""
        return Domain(chain_id=self.chain_id, escrow=self.address)

    def check(self) -> None:
        """Raises ContractMissing unless a TaskEscrow answers at the address."""
        from web3.exceptions import Web3Exception

        if not self.web3.eth.get_code(self.address):
            raise ContractMissing(self.address, "TaskEscrow", "there is no code")
        try:
            found = bytes(self.contract.functions.domainSeparator().call())
            self.contract.functions.token().call()
        except (Web3Exception, ValueError, OverflowError) as error:
            raise ContractMissing(self.address, "TaskEscrow", "other code answers") from error
        if found != self.domain.separator():
            raise ContractMissing(self.address, "TaskEscrow", "it signs for another chain, address or version")

    # ------------------------------------------------------------------ reads

    def token_address(self) -> str:
        return str(self.contract.functions.token().call())

    def is_arbitrator(self, address: str) -> bool:
        return bool(self.contract.functions.isArbitrator(address).call())

    def account(self, address: str, block: BlockIdentifier = "latest") -> AccountState:
        return AccountState(*self.contract.functions.accountOf(address).call(block_identifier=block))

    def batch(self, batch_id: str, block: BlockIdentifier = "latest") -> BatchState:
        return BatchState(*self.contract.functions.batchOf(batch_id).call(block_identifier=block))

    def tally(self, batch_id: str, worker: str, block: BlockIdentifier = "latest") -> TallyState:
        if block == "latest":
            found = self._codec.read(self.web3, self.address, "tallyOf", (bytes.fromhex(batch_id[2:]), worker))
            if found is not None:
                return TallyState(*found[0])
        values = self.contract.functions.tallyOf(batch_id, worker).call(block_identifier=block)
        return TallyState(*values)

    def requester_of(self, batch_id: str) -> str:
        """Who funded the batch; the zero address if it does not exist."""
        return str(self.contract.functions.requesterOf(batch_id).call())

    def dispute_of(self, dispute_id: int, block: BlockIdentifier = "latest") -> DisputeState:
        return DisputeState(*self.contract.functions.disputeOf(dispute_id).call(block_identifier=block))

    def locked_of(self, batch_id: str, block: BlockIdentifier = "latest") -> int:
        """Token units of the requester's that are locked for disputes of a batch."""
        return int(self.contract.functions.lockedOf(batch_id).call(block_identifier=block))

    def may_claim(self, key: BatchKey, worker: str, count: int, version: int = 1) -> str | None:
        """Why `worker` may not claim, tickets aside; None if it may."""
        arguments = (key.as_tuple(), worker, count, version)
        found = self._codec.read(self.web3, self.address, "mayClaim", arguments)
        refusal = int(found[0] if found is not None else self.contract.functions.mayClaim(*arguments).call())
        return None if refusal == 0 else refusal_name(refusal)

    def is_contract_signature(self, signer: str, digest: bytes, signature: bytes) -> bool:
        """Whether the contract at `signer` takes `signature` as its own (ERC-1271); False if there is none."""
        from web3.exceptions import Web3Exception

        at = self.web3.to_checksum_address(signer)
        if not self.web3.eth.get_code(at):
            return False
        contract = self.web3.eth.contract(address=at, abi=artifacts.load("ReviewPanel").abi)
        try:
            answer = contract.functions.isValidSignature(digest, signature).call()
        except (Web3Exception, ValueError):
            return False
        return bytes(answer) == bytes.fromhex("1626ba7e")

    def panel(self, address: str) -> tuple[list[str], int] | None:
        """Members and threshold of the ReviewPanel at `address`; None if it is something else."""
        from web3.exceptions import Web3Exception

        at = self.web3.to_checksum_address(address)
        if not self.web3.eth.get_code(at):
            return None
        contract = self.web3.eth.contract(address=at, abi=artifacts.load("ReviewPanel").abi)
        try:
            return list(contract.functions.members().call()), int(contract.functions.threshold().call())
        except (Web3Exception, ValueError):
            return None

    def pending_timestamp(self) -> int:
        """Unix seconds that the next block will carry, as far as the node knows."""
        pending = self.web3.eth.get_block("pending")
        latest = self.web3.eth.get_block("latest")
        return max(int(pending["timestamp"]), int(latest["timestamp"]))

    # --------------------------------------------------------------- requester

    def deposit(self, amount_units: int) -> Call:
        return self._call("deposit", amount_units)

    def deposit_with_permit(self, permit: PermitApproval) -> Call:
        return self._call("depositWithPermit", permit.as_tuple())

    def open_batch(self, terms: Terms, salt: str, assignments: int) -> Call:
        return self._call("openBatch", terms.as_tuple(), bytes.fromhex(salt[2:]), assignments)

    def open_batch_with_permit(self, terms: Terms, salt: str, assignments: int, permit: PermitApproval) -> Call:
        arguments = (terms.as_tuple(), bytes.fromhex(salt[2:]), assignments, permit.as_tuple())
        return self._call("openBatchWithPermit", *arguments)

    def extend_batch(self, key: BatchKey, assignments: int, manifest: str) -> Call:
        arguments = (key.as_tuple(), assignments, bytes.fromhex(manifest[2:]))
        return self._call("extendBatch", *arguments)

    def close_batch(self, key: BatchKey) -> Call:
        return self._call("closeBatch", key.as_tuple())

    def refund(self, key: BatchKey) -> Call:
        return self._call("refund", key.as_tuple())

    def bonus(self, key: BatchKey, worker: str, amount_units: int, reason_digest: str) -> Call:
        """`reason_digest` is the bonus file's, or zero."""
        return self._call("bonus", key.as_tuple(), worker, amount_units, bytes.fromhex(reason_digest[2:]))

    def withdraw(self, amount_units: int, to: str) -> Call:
        return self._call("withdraw", amount_units, to)

    # ------------------------------------------------------------------ worker

    def claim(
        self,
        key: BatchKey,
        count: int,
        tasks_digest: str,
        version: int = 1,
        ticket: Ticket | None = None,
    ) -> Call:
        digest = bytes.fromhex(tasks_digest[2:])
        leave = (ticket or Ticket()).as_tuple()
        return self._call("claim", key.as_tuple(), count, digest, version, leave)

    def submit(self, key: BatchKey, count: int, work_digest: str) -> Call:
        return self._call("submit", key.as_tuple(), count, bytes.fromhex(work_digest[2:]))

    def relay(self, keys: Sequence[BatchKey], packets: Sequence[Packet]) -> Call:
        """All packets in one call. Raises ValueError if a packet's batch is not among `keys`."""
        index = {key.batch_id(self.domain): i for i, key in enumerate(keys)}
        try:
            listed = [packet.as_tuple(index[packet.batch_id]) for packet in packets]
        except KeyError as error:
            raise ValueError(f"no key is given for batch {error.args[0]}") from error
        return self._call("relay", [key.as_tuple() for key in keys], listed)

    # ------------------------------------------------------------------ review

    def settle(
        self,
        key: BatchKey,
        nonce: int,
        results_digest: str,
        verdicts: Sequence[Verdict],
        direct: Sequence[DirectPayment] = (),
        signature: str = "0x",
    ) -> Call:
        return self._call(
            "settle",
            key.as_tuple(),
            nonce,
            bytes.fromhex(results_digest[2:]),
            [verdict.as_tuple() for verdict in verdicts],
            [payment.as_tuple() for payment in direct],
            bytes.fromhex(signature[2:]),
        )

    def overturn(self, key: BatchKey, worker: str, count: int) -> Call:
        return self._call("overturn", key.as_tuple(), worker, count)

    # --------------------------------------------------------------- disputes

    def dispute(self, key: BatchKey, count: int, evidence_digest: str) -> Call:
        return self._call("dispute", key.as_tuple(), count, bytes.fromhex(evidence_digest[2:]))

    def sponsor_dispute(self, key: BatchKey, packet: Packet) -> Call:
        return self._call("sponsorDispute", key.as_tuple(), packet.as_tuple(0))

    def rule(self, dispute_id: int, ruling: int) -> Call:
        """The arbitrator's ruling: r accepts r - 1 assignments, 0 refuses to rule."""
        return self._call("rule", dispute_id, ruling)

    def rule_overdue(self, dispute_id: int) -> Call:
        return self._call("ruleOverdue", dispute_id)

    # ------------------------------------------------------- anyone, after time

    def pay_overdue(self, key: BatchKey, worker: str) -> Call:
        return self._call("payOverdue", key.as_tuple(), worker)

    def expire_claims(self, key: BatchKey, workers: Sequence[str]) -> Call:
        return self._call("expireClaims", key.as_tuple(), list(workers))

    def release_rejected(self, key: BatchKey, workers: Sequence[str]) -> Call:
        return self._call("releaseRejected", key.as_tuple(), list(workers))

    # ------------------------------------------------------------ signed money

    def withdraw_by_sig(
        self, account: str, amount_units: int, to: str, nonce: int, deadline: int, signature: str
    ) -> Call:
        raw = bytes.fromhex(signature[2:])
        return self._call("withdrawBySig", account, amount_units, to, nonce, deadline, raw)

    def set_sweep_by_sig(self, account: str, enabled: bool, nonce: int, deadline: int, signature: str) -> Call:
        raw = bytes.fromhex(signature[2:])
        return self._call("setSweepBySig", account, enabled, nonce, deadline, raw)

    def sweep(self, accounts: Sequence[str]) -> Call:
        return self._call("sweep", list(accounts))

    def _call(self, function: str, *arguments: object) -> Call:
        return Call(self.address, self._codec.data(function, arguments))
