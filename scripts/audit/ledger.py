"""The escrow's books, rebuilt from its logs by rules written down here anew.

Nothing is shared with the indexer but the decoding of logs: two readings of the protocol must agree with each other
and with the contract.
"""

from __future__ import annotations

from collections.abc import Callable

from piecework.chain.errors import PAID_REASONS
from piecework.chain.logs import DecodedEvent
from piecework.domain.messages import BatchKey, Terms
from scripts.audit.books import BatchBooks, BonusBooks, Claim, Lot, Settlement, Submission
from scripts.audit.disputes import DisputeRules
from scripts.audit.rules import COUNTER_MAX, SEQUENCE_MAX, name_of

MAX_LEASE_SECONDS = 30 * 86_400
NO_ONE = "0x" + "00" * 20


class Ledger(DisputeRules):
    """Applies events in order and notes every rule that one breaks."""

    def apply(self, e: DecodedEvent, timestamp: int) -> None:
        """One event at its block's time. An event that no rule knows is a finding."""
        self._check_early_refund(e)
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
        self._check_early_refund(None)
        for batch_id, b in self.batches.items():
            counts = b.free + b.claimed + b.submitted + b.contestable + b.disputed
            counts += b.accepted + b.refunded
            self._report.equal("batch_conservation", batch_id, b.funded, counts)
            self._report.equal("operator_fees", batch_id, b.fees_due, b.fees_paid)
            self._report.equal("returned_fees", batch_id, b.returns_due, b.returned)
        self._finish_disputes()
        self._report.equal("money_conservation", "escrow", self.deposited - self.withdrawn, self.held)

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
        self.bonuses.append(BonusBooks(name_of(e), e.args["batchId"], e.args["worker"], e.args["reasonDigest"]))

    # ---------------------------------------------------------------- batches

    def _on_BatchOpened(self, e: DecodedEvent, _: int) -> None:  # noqa: N802
        terms = Terms(**e.args["terms"])
        key = BatchKey(e.args["requester"], e.args["salt"], terms)
        count = e.args["assignments"]
        self._report.equal("batch_id", name_of(e), key.batch_id(self._domain), e.args["batchId"])
        self._report.equal("funding_amount", name_of(e), terms.unit_cost_units * count, e.args["amount"])
        self._holds("operator_fee_bound", e, terms.operatorFee <= terms.reward // 20, "above a twentieth of the reward")
        self._debit(e, e.args["requester"], e.args["amount"])
        self.batches[e.args["batchId"]] = BatchBooks(
            key, count, funded=count, opened_block=e.block_number, manifests=[terms.manifest]
        )

    def _on_BatchExtended(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        b = self._batch(e)
        count = e.args["assignments"]
        self._report.equal("manifest_version", name_of(e), len(b.manifests) + 1, e.args["manifestVersion"])
        self._report.equal("funding_amount", name_of(e), b.terms.unit_cost_units * count, e.args["amount"])
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
        self._report.equal("refund_amount", name_of(e), b.terms.unit_cost_units * count, e.args["amount"])
        if not _is_over(b, timestamp):
            self._early_refund = e
        self._move(e, b, "free", "refunded", count)
        self.accounts[b.key.requester].owed += e.args["amount"]

    def _check_early_refund(self, following: DecodedEvent | None) -> None:
        """Free money goes back early only to pay for the fee lock that comes right after."""
        e, self._early_refund = self._early_refund, None
        if e is not None:
            locks = (
                following is not None
                and following.name == "FeeLocked"
                and (following.batch_id, following.transaction_hash) == (e.batch_id, e.transaction_hash)
            )
            self._holds("refund_when_unclaimable", e, locks, "the money could still be claimed")
            if locks and following is not None:
                b = self._batch(e)
                before = self.accounts[b.key.requester].owed - e.args["amount"]
                needed = self._assignments_for(b, following.args["amount"], before)
                self._report.equal("early_refund_size", name_of(e), needed, e.args["assignments"])

    # ------------------------------------------------------------------- work

    def _on_Claimed(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        b = self._batch(e)
        work = b.work[e.args["worker"]]
        self._report.equal("sequence", name_of(e), work.sequence, e.args["sequence"])
        in_time = not b.closed_at and timestamp <= b.terms.claimBy
        self._holds("claimed_in_time", e, in_time, "the batch was closed or its claim period over")
        known = 1 <= e.args["manifestVersion"] <= len(b.manifests)
        self._holds("claimed_version", e, known, f"there is no manifest version {e.args['manifestVersion']}")
        longest = timestamp + max(MAX_LEASE_SECONDS, b.terms.lease)
        self._holds("lease_bound", e, timestamp <= e.args["leaseEnd"] <= longest, f"ends at {e.args['leaseEnd']}")
        if b.terms.assigner == NO_ONE:
            expected = work.lease_end if work.claimed else timestamp + b.terms.lease
            self._report.equal("lease_end", name_of(e), expected, e.args["leaseEnd"])
            held = work.claimed + e.args["count"]
            self._holds("claim_limit", e, held <= b.terms.maxClaim, f"{held} claimed, {b.terms.maxClaim} allowed")
        self._move(e, b, "free", "claimed", e.args["count"])
        work.claimed += e.args["count"]
        work.lease_end = e.args["leaseEnd"]
        work.sequence = min(SEQUENCE_MAX, e.args["sequence"] + 1)
        given = (e.args["worker"], e.args["count"], e.args["manifestVersion"], e.args["tasksDigest"])
        b.claims.append(Claim(*given, lease_end=e.args["leaseEnd"]))

    def _on_ClaimReturned(self, e: DecodedEvent, _: int) -> None:  # noqa: N802
        self._advance(self._give_back(e))

    def _on_ClaimExpired(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        work = self._give_back(e)
        self._holds("expired_after_lease", e, timestamp > work.lease_end, "the lease was running")

    def _on_Submitted(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        b = self._batch(e)
        work = b.work[e.args["worker"]]
        count = e.args["count"]
        self._holds("submitted_in_lease", e, timestamp <= work.lease_end, "the lease was over")
        self._report.equal("review_window", name_of(e), timestamp + b.terms.reviewWindow, e.args["reviewEnd"])
        self._move(e, b, "claimed", "submitted", count)
        self._holds("work_not_negative", e, count <= work.claimed, f"only {work.claimed} are claimed")
        work.claimed -= count
        if len(work.lots) < 2:
            work.lots.append(Lot(count, e.args["reviewEnd"]))
        else:
            work.lots[1] = Lot(work.lots[1].count + count, e.args["reviewEnd"])
        self._advance(work)
        done = _takes_no_claims(b, timestamp) and b.claimed == 0
        given = (e.args["worker"], count, e.args["workDigest"], e.block_number, e.block_hash, len(b.claims))
        b.submissions.append(Submission(*given, nothing_claimable=done))

    def _on_SequenceUsed(self, e: DecodedEvent, _: int) -> None:  # noqa: N802
        work = self._batch(e).work[e.args["worker"]]
        self._report.equal("sequence", name_of(e), work.sequence, e.args["sequence"])
        self._advance(work)

    # ----------------------------------------------------------------- review

    def _on_Settled(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        b = self._batch(e)
        self._report.equal("settlement_nonce", name_of(e), len(b.settlements) + 1, e.args["nonce"])
        was_over = _takes_no_claims(b, timestamp)
        done = was_over and b.claimed == 0
        b.settlements.append(Settlement(e.args["nonce"], e.args["resultsDigest"], e.block_number, was_over, done))

    def _on_Paid(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        b = self._batch(e)
        worker, count = e.args["worker"], e.args["assignments"]
        reason = PAID_REASONS[e.args["reason"]]
        work, books = b.work[worker], self.accounts[worker]
        self._report.equal("payment_amount", name_of(e), b.terms.reward * count, e.args["amount"])
        books.owed += e.args["amount"]
        if reason == "reviewed":
            self._move(e, b, "submitted", "accepted", count)
            self._holds("reviewed_in_window", e, timestamp <= work.oldest_end, f"it ended at {work.oldest_end}")
            self._take(e, work, count)
            books.accepted = min(COUNTER_MAX, books.accepted + count)
            if self._holds("reviewed_in_settlement", e, bool(b.settlements), "no settlement came before"):
                b.settlements[-1].accepted[worker] += count
        elif reason == "silence":
            self._move(e, b, "submitted", "accepted", count)
            latest = self._take(e, work, count)
            self._holds("silence_after_window", e, timestamp > latest, f"the window ran until {latest}")
            b.returns_due += b.terms.operatorFee * count
        elif reason == "overturned":
            self._move(e, b, "contestable", "accepted", count)
            self._uncontest(e, work, count)
            books.accepted = min(COUNTER_MAX, books.accepted + count)
            books.rejected = max(0, books.rejected - count)
        elif reason == "direct":
            self._holds("direct_allowed", e, b.terms.is_direct, "the terms do not allow direct payments")
            self._move(e, b, "free", "accepted", count)
        else:
            self._paid_after_dispute(e, b, reason)
        if reason in ("reviewed", "overturned", "direct"):
            b.fees_due += b.terms.operatorFee * count

    def _on_Rejected(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        b = self._batch(e)
        worker, count = e.args["worker"], e.args["count"]
        work, books = b.work[worker], self.accounts[worker]
        self._move(e, b, "submitted", "contestable", count)
        self._holds("rejected_in_window", e, timestamp <= work.oldest_end, f"it ended at {work.oldest_end}")
        self._take(e, work, count)
        self._report.equal("dispute_window", name_of(e), timestamp + b.terms.disputeWindow, e.args["contestEnd"])
        self._report.equal("rejection_backed", name_of(e), b.terms.disputeFee, work.locked)
        self._holds("rejection_has_reason", e, int(e.args["resultsDigest"], 16) != 0, "there is no results file")
        work.contestable += count
        work.contest_end = e.args["contestEnd"]
        books.rejected = min(COUNTER_MAX, books.rejected + count)
        if self._holds("rejected_in_settlement", e, bool(b.settlements), "no settlement came before"):
            digest = b.settlements[-1].results_digest
            self._report.equal("rejection_digest", name_of(e), digest, e.args["resultsDigest"])
            b.settlements[-1].rejected[worker] += count

    def _on_RejectionReleased(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        b = self._batch(e)
        work = b.work[e.args["worker"]]
        self._holds("released_after_window", e, timestamp > work.contest_end, "it could still be contested")
        self._holds("released_undisputed", e, work.disputed == 0, "a dispute was open")
        self._move(e, b, "contestable", "free", e.args["count"])
        self._uncontest(e, work, e.args["count"])

    def _on_FeePaid(self, e: DecodedEvent, _: int) -> None:  # noqa: N802
        b = self._batch(e)
        self.accounts[e.args["receiver"]].owed += e.args["amount"]
        if self._paid_to_arbitrator(e, b):
            return
        self._report.equal("fee_receiver", name_of(e), b.terms.operator, e.args["receiver"])
        b.fees_paid += e.args["amount"]

    def _on_FeeReturned(self, e: DecodedEvent, _: int) -> None:  # noqa: N802
        b = self._batch(e)
        b.returned += e.args["amount"]
        self.accounts[b.key.requester].owed += e.args["amount"]


def _takes_no_claims(b: BatchBooks, timestamp: int) -> bool:
    return bool(b.closed_at) or timestamp > b.terms.claimBy


def _is_over(b: BatchBooks, timestamp: int) -> bool:
    """Whether free money can no longer be claimed nor, in a direct batch, be paid out."""
    grace = b.terms.reviewWindow if b.terms.is_direct else 0
    closed = bool(b.closed_at) and (timestamp > b.closed_at + grace or not b.terms.is_direct)
    return closed or timestamp > b.terms.claimBy + grace


_NOTICES = {
    "SweepFailed",
    "OperatorApproved",
    "OperatorSpent",
    "PacketSkipped",
    "PaidOverdue",
    "Overturned",
    "EIP712DomainChanged",
}
