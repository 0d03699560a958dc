"""The escrow's books, rebuilt from its logs by rules written down here anew.

Nothing is shared with the indexer but the decoding of logs: two readings of the protocol must agree with each other
and with the contract.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from piecework.chain.errors import PAID_REASONS
from piecework.chain.logs import DecodedEvent
from piecework.domain.messages import BatchKey, Domain, Terms
from scripts.audit.report import Report

MAX_LEASE_SECONDS = 30 * 86_400
COUNTER_MAX = 2**32 - 1
SEQUENCE_MAX = 2**24 - 1


@dataclass
class Books:
    """One address."""

    owed: int = 0
    accepted: int = 0
    rejected: int = 0
    sweep: bool = False


@dataclass
class Lot:
    """Submitted and undecided assignments with the end of their review."""

    count: int
    review_end: int


@dataclass
class Work:
    """One worker in one batch. At most two lots, the older first."""

    claimed: int = 0
    lots: list[Lot] = field(default_factory=list)
    decided: int = 0
    contestable: int = 0
    lease_end: int = 0
    contest_end: int = 0
    sequence: int = 0

    @property
    def submitted(self) -> int:
        return sum(lot.count for lot in self.lots)

    def take(self, count: int) -> int:
        """Decides `count`, older lot first; returns the latest review end among the lots touched."""
        latest = 0
        self.decided += count
        while count and self.lots:
            lot = self.lots[0]
            latest = max(latest, lot.review_end)
            used = min(count, lot.count)
            lot.count -= used
            count -= used
            if lot.count == 0:
                self.lots.pop(0)
        return latest


@dataclass(frozen=True)
class Claim:
    """A `Claimed` event, for the files it commits to."""

    worker: str
    count: int
    version: int
    tasks_digest: str


@dataclass(frozen=True)
class Submission:
    """A `Submitted` event."""

    worker: str
    count: int
    work_digest: str
    block_number: int


@dataclass
class Settlement:
    """A `Settled` event with what it paid and rejected, by worker."""

    nonce: int
    results_digest: str
    block_number: int
    accepted: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    rejected: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass
class BatchBooks:
    """One batch. Counts are assignments."""

    key: BatchKey
    free: int
    claimed: int = 0
    submitted: int = 0
    contestable: int = 0
    accepted: int = 0
    refunded: int = 0
    funded: int = 0
    closed_at: int = 0
    manifests: list[str] = field(default_factory=list)
    fees_due: int = 0
    fees_paid: int = 0
    returns_due: int = 0
    returned: int = 0
    work: dict[str, Work] = field(default_factory=lambda: defaultdict(Work))
    claims: list[Claim] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)

    @property
    def terms(self) -> Terms:
        return self.key.terms

    @property
    def unspent(self) -> int:
        waiting = self.free + self.claimed + self.submitted + self.contestable
        return waiting * self.terms.unit_cost_units


class Ledger:
    """Applies events in order and notes every rule that one breaks."""

    def __init__(self, domain: Domain, report: Report) -> None:
        self._domain = domain
        self._report = report
        self.accounts: dict[str, Books] = defaultdict(Books)
        self.batches: dict[str, BatchBooks] = {}
        self.deposited = 0
        self.withdrawn = 0

    def apply(self, e: DecodedEvent, timestamp: int) -> None:
        """One event at its block's time. An event that no rule knows is a finding."""
        rule: Callable[[DecodedEvent, int], None] | None = getattr(self, f"_on_{e.name}", None)
        if rule is None:
            if e.name not in _NOTICES:
                self._holds("event_known", e, False, f"{e.name} has no rule")
            return
        if "batchId" in e.args and e.name != "BatchOpened" and e.args["batchId"] not in self.batches:
            self._holds("batch_known", e, False, "the batch was never opened in the logs given")
            return
        rule(e, timestamp)

    def finish(self) -> None:
        """Sums that must hold at the end."""
        for batch_id, b in self.batches.items():
            counts = b.free + b.claimed + b.submitted + b.contestable + b.accepted + b.refunded
            self._report.equal("batch_conservation", batch_id, b.funded, counts)
            self._report.equal("operator_fees", batch_id, b.fees_due, b.fees_paid)
            self._report.equal("returned_fees", batch_id, b.returns_due, b.returned)
        held = sum(books.owed for books in self.accounts.values()) + sum(b.unspent for b in self.batches.values())
        self._report.equal("money_conservation", "escrow", self.deposited - self.withdrawn, held)

    # ------------------------------------------------------------------ money

    def _on_Deposited(self, e: DecodedEvent, _: int) -> None:  # noqa: N802 - named after the events
        self.accounts[e.args["account"]].owed += e.args["amount"]
        self.deposited += e.args["amount"]

    def _on_Withdrawn(self, e: DecodedEvent, _: int) -> None:  # noqa: N802
        self._debit(e, e.args["account"], e.args["amount"])
        self.withdrawn += e.args["amount"]

    def _on_SweepSet(self, e: DecodedEvent, _: int) -> None:  # noqa: N802
        self.accounts[e.args["account"]].sweep = e.args["enabled"]

    def _on_BonusPaid(self, e: DecodedEvent, _: int) -> None:  # noqa: N802
        self._debit(e, e.args["requester"], e.args["amount"])
        self.accounts[e.args["worker"]].owed += e.args["amount"]

    # ---------------------------------------------------------------- batches

    def _on_BatchOpened(self, e: DecodedEvent, _: int) -> None:  # noqa: N802
        terms = Terms(**e.args["terms"])
        key = BatchKey(e.args["requester"], e.args["salt"], terms)
        count = e.args["assignments"]
        self._report.equal("batch_id", _name(e), key.batch_id(self._domain), e.args["batchId"])
        self._report.equal("funding_amount", _name(e), terms.unit_cost_units * count, e.args["amount"])
        self._holds("operator_fee_bound", e, terms.operatorFee <= terms.reward // 20, "above a twentieth of the reward")
        self._debit(e, e.args["requester"], e.args["amount"])
        self.batches[e.args["batchId"]] = BatchBooks(key, count, funded=count, manifests=[terms.manifest])

    def _on_BatchExtended(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        b = self._batch(e)
        count = e.args["assignments"]
        self._report.equal("manifest_version", _name(e), len(b.manifests) + 1, e.args["manifestVersion"])
        self._report.equal("funding_amount", _name(e), b.terms.unit_cost_units * count, e.args["amount"])
        self._holds("extended_while_open", e, not b.closed_at and timestamp <= b.terms.claimBy, "closed or over")
        self._debit(e, b.key.requester, e.args["amount"])
        b.manifests.append(e.args["manifest"])
        b.free += count
        b.funded += count

    def _on_BatchClosed(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        self._batch(e).closed_at = timestamp

    def _on_Refunded(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        b = self._batch(e)
        count = e.args["assignments"]
        self._report.equal("refund_amount", _name(e), b.terms.unit_cost_units * count, e.args["amount"])
        over = bool(b.closed_at) or timestamp > b.terms.claimBy
        self._holds("refund_when_unclaimable", e, over, "the money could still be claimed")
        self._move(e, b, "free", "refunded", count)
        self.accounts[b.key.requester].owed += e.args["amount"]

    # ------------------------------------------------------------------- work

    def _on_Claimed(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        b = self._batch(e)
        work = b.work[e.args["worker"]]
        self._report.equal("sequence", _name(e), work.sequence, e.args["sequence"])
        in_time = not b.closed_at and timestamp <= b.terms.claimBy
        self._holds("claimed_in_time", e, in_time, "the batch was closed or its claim period over")
        known = 1 <= e.args["manifestVersion"] <= len(b.manifests)
        self._holds("claimed_version", e, known, f"there is no manifest version {e.args['manifestVersion']}")
        longest = timestamp + max(MAX_LEASE_SECONDS, b.terms.lease)
        self._holds("lease_bound", e, timestamp <= e.args["leaseEnd"] <= longest, f"ends at {e.args['leaseEnd']}")
        self._move(e, b, "free", "claimed", e.args["count"])
        work.claimed += e.args["count"]
        work.lease_end = e.args["leaseEnd"]
        work.sequence = min(SEQUENCE_MAX, e.args["sequence"] + 1)
        given = (e.args["worker"], e.args["count"], e.args["manifestVersion"], e.args["tasksDigest"])
        b.claims.append(Claim(*given))

    def _on_ClaimReturned(self, e: DecodedEvent, _: int) -> None:  # noqa: N802
        work = self._give_back(e)
        work.sequence = min(SEQUENCE_MAX, work.sequence + 1)

    def _on_ClaimExpired(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        work = self._give_back(e)
        self._holds("expired_after_lease", e, timestamp > work.lease_end, "the lease was running")

    def _on_Submitted(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        b = self._batch(e)
        work = b.work[e.args["worker"]]
        count = e.args["count"]
        self._holds("submitted_in_lease", e, timestamp <= work.lease_end, "the lease was over")
        self._report.equal("review_window", _name(e), timestamp + b.terms.reviewWindow, e.args["reviewEnd"])
        self._move(e, b, "claimed", "submitted", count)
        work.claimed -= count
        if len(work.lots) < 2:
            work.lots.append(Lot(count, e.args["reviewEnd"]))
        else:
            work.lots[1] = Lot(work.lots[1].count + count, e.args["reviewEnd"])
        work.sequence = min(SEQUENCE_MAX, work.sequence + 1)
        b.submissions.append(Submission(e.args["worker"], count, e.args["workDigest"], e.block_number))

    def _on_SequenceUsed(self, e: DecodedEvent, _: int) -> None:  # noqa: N802
        work = self._batch(e).work[e.args["worker"]]
        self._report.equal("sequence", _name(e), work.sequence, e.args["sequence"])
        work.sequence = min(SEQUENCE_MAX, work.sequence + 1)

    # ----------------------------------------------------------------- review

    def _on_Settled(self, e: DecodedEvent, _: int) -> None:  # noqa: N802
        b = self._batch(e)
        self._report.equal("settlement_nonce", _name(e), len(b.settlements) + 1, e.args["nonce"])
        b.settlements.append(Settlement(e.args["nonce"], e.args["resultsDigest"], e.block_number))

    def _on_Paid(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        b = self._batch(e)
        worker, count = e.args["worker"], e.args["assignments"]
        reason = PAID_REASONS[e.args["reason"]]
        work, books = b.work[worker], self.accounts[worker]
        self._report.equal("payment_amount", _name(e), b.terms.reward * count, e.args["amount"])
        books.owed += e.args["amount"]
        if reason == "reviewed":
            self._move(e, b, "submitted", "accepted", count)
            latest = work.take(count)
            self._holds("reviewed_in_window", e, timestamp <= latest, f"the window ended at {latest}")
            books.accepted = min(COUNTER_MAX, books.accepted + count)
            if self._holds("reviewed_in_settlement", e, bool(b.settlements), "no settlement came before"):
                b.settlements[-1].accepted[worker] += count
        elif reason == "silence":
            self._move(e, b, "submitted", "accepted", count)
            latest = work.take(count)
            self._holds("silence_after_window", e, timestamp > latest, f"the window ran until {latest}")
            b.returns_due += b.terms.operatorFee * count
        elif reason == "overturned":
            self._move(e, b, "contestable", "accepted", count)
            work.contestable -= count
            books.accepted = min(COUNTER_MAX, books.accepted + count)
            books.rejected = max(0, books.rejected - count)
        elif reason == "direct":
            self._holds("direct_allowed", e, b.terms.is_direct, "the terms do not allow direct payments")
            self._move(e, b, "free", "accepted", count)
        else:
            self._holds("payment_reason", e, False, f"payments by {reason} are not possible in this version")
        if reason != "silence":
            b.fees_due += b.terms.operatorFee * count

    def _on_Rejected(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        b = self._batch(e)
        worker, count = e.args["worker"], e.args["count"]
        work, books = b.work[worker], self.accounts[worker]
        self._move(e, b, "submitted", "contestable", count)
        latest = work.take(count)
        self._holds("rejected_in_window", e, timestamp <= latest, f"the window ended at {latest}")
        self._report.equal("dispute_window", _name(e), timestamp + b.terms.disputeWindow, e.args["contestEnd"])
        self._holds("rejection_has_reason", e, int(e.args["resultsDigest"], 16) != 0, "there is no results file")
        work.contestable += count
        work.contest_end = e.args["contestEnd"]
        books.rejected = min(COUNTER_MAX, books.rejected + count)
        if self._holds("rejected_in_settlement", e, bool(b.settlements), "no settlement came before"):
            digest = b.settlements[-1].results_digest
            self._report.equal("rejection_digest", _name(e), digest, e.args["resultsDigest"])
            b.settlements[-1].rejected[worker] += count

    def _on_RejectionReleased(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        b = self._batch(e)
        work = b.work[e.args["worker"]]
        self._holds("released_after_window", e, timestamp > work.contest_end, "it could still be contested")
        self._move(e, b, "contestable", "free", e.args["count"])
        work.contestable -= e.args["count"]

    def _on_FeePaid(self, e: DecodedEvent, _: int) -> None:  # noqa: N802
        b = self._batch(e)
        self._report.equal("fee_receiver", _name(e), b.terms.operator, e.args["receiver"])
        b.fees_paid += e.args["amount"]
        self.accounts[e.args["receiver"]].owed += e.args["amount"]

    def _on_FeeReturned(self, e: DecodedEvent, _: int) -> None:  # noqa: N802
        b = self._batch(e)
        b.returned += e.args["amount"]
        self.accounts[b.key.requester].owed += e.args["amount"]

    # ----------------------------------------------------------------- shared

    def _batch(self, e: DecodedEvent) -> BatchBooks:
        return self.batches[e.args["batchId"]]

    def _give_back(self, e: DecodedEvent) -> Work:
        b = self._batch(e)
        work = b.work[e.args["worker"]]
        self._move(e, b, "claimed", "free", e.args["count"])
        work.claimed -= e.args["count"]
        return work

    def _move(self, e: DecodedEvent, b: BatchBooks, source: str, target: str, count: int) -> None:
        left = getattr(b, source) - count
        self._holds("counts_not_negative", e, left >= 0, f"{source} would be {left}")
        setattr(b, source, left)
        setattr(b, target, getattr(b, target) + count)

    def _debit(self, e: DecodedEvent, account: str, amount: int) -> None:
        books = self.accounts[account]
        books.owed -= amount
        self._holds("balance_not_negative", e, books.owed >= 0, f"{account} would be owed {books.owed}")

    def _holds(self, check: str, e: DecodedEvent, ok: bool, otherwise: str) -> bool:
        return self._report.holds(check, _name(e), ok, otherwise)


_NOTICES = {
    "SweepFailed",
    "OperatorApproved",
    "OperatorSpent",
    "PacketSkipped",
    "VerdictSkipped",
    "PaidOverdue",
    "Overturned",
    "EIP712DomainChanged",
}


def _name(e: DecodedEvent) -> str:
    subject: Any = e.args.get("batchId", e.account)
    return f"{e.name} in block {e.block_number}, log {e.log_index}, of {subject}"
