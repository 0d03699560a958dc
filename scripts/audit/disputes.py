"""Rules of disputes: who pays for them, and what a ruling does."""

from __future__ import annotations

from eth_abi import encode
from eth_utils import keccak

from piecework.chain.errors import REFUSALS
from piecework.chain.logs import DecodedEvent
from scripts.audit.books import BatchBooks, DisputeBooks, Ruling
from scripts.audit.rules import COUNTER_MAX, Rules, name_of

CONTESTED_MAX = 2**24 - 1
DISPUTES_MAX = 2**16 - 1


class DisputeRules(Rules):
    """One dispute fee a worker is locked from the requester; a dispute adds a bond of the same size."""

    def _on_FeeLocked(self, e: DecodedEvent, _: int) -> None:  # noqa: N802 - named after the events
        b = self._batch(e)
        work = b.work[e.args["worker"]]
        self._report.equal("fee_lock_requester", name_of(e), b.key.requester, e.args["requester"])
        self._report.equal("fee_lock_amount", name_of(e), b.terms.disputeFee, work.locked + e.args["amount"])
        self._debit(e, e.args["requester"], e.args["amount"])
        work.locked += e.args["amount"]

    def _on_FeeReleased(self, e: DecodedEvent, _: int) -> None:  # noqa: N802
        b = self._batch(e)
        work = b.work[e.args["worker"]]
        waiting = work.contestable + work.disputed
        self._holds("fee_released_when_done", e, waiting == 0, f"{waiting} rejections still need it")
        self._report.equal("fee_release_amount", name_of(e), work.locked, e.args["amount"])
        work.locked -= e.args["amount"]
        self.accounts[b.key.requester].owed += e.args["amount"]

    def _on_Disputed(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        b = self._batch(e)
        worker, count = e.args["worker"], e.args["count"]
        work, books = b.work[worker], self.accounts[worker]
        values = (bytes.fromhex(e.args["batchId"][2:]), worker, work.sequence)
        number = int.from_bytes(keccak(encode(("bytes32", "address", "uint24"), values)), "big")
        self._report.equal("dispute_id", name_of(e), number, e.args["disputeId"])
        self._report.equal("arbitrator", name_of(e), b.terms.arbitrator, e.args["arbitrator"])
        self._report.equal("ruling_window", name_of(e), timestamp + b.terms.rulingWindow, e.args["rulingEnd"])
        self._holds("disputed_in_window", e, timestamp <= work.contest_end, f"it ended at {work.contest_end}")
        self._holds("one_dispute_at_a_time", e, work.disputed == 0, "another was open")
        self._move(e, b, "contestable", "disputed", count)
        self._uncontest(e, work, count)
        work.disputed += count
        self._advance(work)
        books.rejected = max(0, books.rejected - count)
        books.contested = min(CONTESTED_MAX, books.contested + count)
        self.disputes[e.args["disputeId"]] = DisputeBooks(
            e.args["batchId"], worker, count, timestamp, e.args["rulingEnd"], e.args["evidenceDigest"]
        )

    def _on_BondPosted(self, e: DecodedEvent, _: int) -> None:  # noqa: N802
        self._debit(e, e.args["poster"], e.args["amount"])
        dispute = self._dispute(e)
        if dispute is not None:
            fee = self.batches[dispute.batch_id].terms.disputeFee
            self._report.equal("bond_amount", name_of(e), fee, dispute.bond + e.args["amount"])
            dispute.bond += e.args["amount"]
            dispute.poster = e.args["poster"]

    def _on_BondReturned(self, e: DecodedEvent, _: int) -> None:  # noqa: N802
        self.accounts[e.args["poster"]].owed += e.args["amount"]
        dispute = self._dispute(e)
        if dispute is not None:
            self._holds("bond_returned_after_ruling", e, not dispute.is_open, "the dispute is open")
            expected = (dispute.poster, dispute.bond)
            self._report.equal("bond_returned", name_of(e), expected, (e.args["poster"], e.args["amount"]))
            dispute.bond -= e.args["amount"]

    def _on_Ruled(self, e: DecodedEvent, timestamp: int) -> None:  # noqa: N802
        b, dispute = self._batch(e), self._dispute(e)
        if dispute is None:
            return
        count, accepted = dispute.count, e.args["accepted"]
        work, fee = b.work[dispute.worker], b.terms.disputeFee
        self._holds("ruled_once", e, dispute.is_open, "it was ruled before")
        self._report.equal("ruling_count", name_of(e), (dispute.worker, count), (e.args["worker"], e.args["count"]))
        if e.args["ruled"]:
            in_time = timestamp <= dispute.ruling_end
            self._holds("ruled_in_window", e, in_time, f"the window ended at {dispute.ruling_end}")
            shares = (fee * (count - accepted) // count, fee - fee * (count - accepted) // count)
            self._count_ruling(b, dispute, accepted)
        else:
            self._report.equal("silence_accepts_all", name_of(e), count, accepted)
            shares = (0, 0)
        self._report.equal("ruling_fees", name_of(e), shares, (e.args["fromBond"], e.args["fromLock"]))
        self._move(e, b, "disputed", "accepted", accepted)
        self._move(e, b, "disputed", "free", count - accepted)
        work.disputed -= count
        window_end = timestamp + b.terms.disputeWindow if work.contestable else work.contest_end
        self._report.equal("contest_end", name_of(e), window_end, e.args["contestEnd"])
        work.contest_end = e.args["contestEnd"]
        work.locked -= e.args["fromLock"]
        dispute.bond -= e.args["fromBond"]
        dispute.is_open = False
        books = self.accounts[dispute.worker]
        books.contested = max(0, books.contested - count)
        b.ruled_due += accepted
        if e.args["ruled"] or timestamp <= dispute.ruling_end:
            by = Ruling(name_of(e), e.args["disputeId"], b.terms.arbitrator, e.transaction_hash)
            self.rulings.append(by)
        self._ruling = (e, sum(shares)) if sum(shares) else None

    def _count_ruling(self, b: BatchBooks, dispute: DisputeBooks, accepted: int) -> None:
        upheld = dispute.count - accepted
        worker, requester = self.accounts[dispute.worker], self.accounts[b.key.requester]
        worker.accepted = min(COUNTER_MAX, worker.accepted + accepted)
        worker.rejected = min(COUNTER_MAX, worker.rejected + upheld)
        for books, won, lost in ((worker, accepted, upheld), (requester, upheld, accepted)):
            books.disputes_won = min(DISPUTES_MAX, books.disputes_won + won)
            books.disputes_lost = min(DISPUTES_MAX, books.disputes_lost + lost)

    # ------------------------------------------------- parts of shared events

    def _paid_after_dispute(self, e: DecodedEvent, b: BatchBooks, reason: str) -> None:
        """`Paid` by ruling or its absence, whose assignments `Ruled` moved; or because the lock could not be filled."""
        count = e.args["assignments"]
        b.returns_due += b.terms.operatorFee * count
        if reason in ("ruled", "ruling_overdue"):
            b.ruled_paid += count
        elif reason == "fee_short":
            work = b.work[e.args["worker"]]
            self._report.equal("voided_all", name_of(e), work.contestable, count)
            self._check_short(e, b, b.terms.disputeFee - work.locked)
            self._move(e, b, "contestable", "accepted", count)
            self._uncontest(e, b.work[e.args["worker"]], count)
            books = self.accounts[e.args["worker"]]
            books.rejected = max(0, books.rejected - count)
        else:
            self._holds("payment_reason", e, False, f"payments by {reason} have no rule")

    def _check_short(self, e: DecodedEvent, b: BatchBooks, amount: int) -> None:
        """A fee cannot be locked only if neither the requester's account nor free assignments cover it."""
        owed = self.accounts[b.key.requester].owed
        short = self._assignments_for(b, amount, owed) > b.free
        self._holds("fee_truly_short", e, short, f"{owed} units and {b.free} free assignments cover {amount}")

    def _on_VerdictSkipped(self, e: DecodedEvent, _: int) -> None:  # noqa: N802
        b, worker = self._batch(e), e.args["worker"]
        if self._holds("reviewed_in_settlement", e, bool(b.settlements), "no settlement came before"):
            b.settlements[-1].skipped.add(worker)
        if REFUSALS[e.args["reason"]] == "fee_not_lockable":
            self._holds("fee_not_locked_yet", e, b.work[worker].locked == 0, "the fee was locked")
            self._check_short(e, b, b.terms.disputeFee)

    def _paid_to_arbitrator(self, e: DecodedEvent, b: BatchBooks) -> bool:
        """Whether this `FeePaid` is the one that the ruling right before calls for."""
        ruling, self._ruling = self._ruling, None
        if ruling is None or ruling[0].transaction_hash != e.transaction_hash or ruling[0].batch_id != e.batch_id:
            return False
        given = (e.args["receiver"], e.args["amount"])
        self._report.equal("arbitrator_fee", name_of(e), (b.terms.arbitrator, ruling[1]), given)
        return True

    def _dispute(self, e: DecodedEvent) -> DisputeBooks | None:
        found = self.disputes.get(e.args["disputeId"])
        self._holds("dispute_known", e, found is not None, "no such dispute was opened in the logs given")
        return found

    def _finish_disputes(self) -> None:
        for batch_id, b in self.batches.items():
            self._report.equal("rulings_paid", batch_id, b.ruled_due, b.ruled_paid)
            for worker, work in b.work.items():
                due = b.terms.disputeFee if work.contestable + work.disputed else 0
                self._report.equal("fee_lock", f"{worker} in {batch_id}", due, work.locked)
        for number, dispute in self.disputes.items():
            if not dispute.is_open:
                self._report.equal("bond_settled", f"dispute {number:#x}", 0, dispute.bond)
