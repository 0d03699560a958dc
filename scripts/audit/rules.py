"""What every rule of the ledger works with: the books, and ways to change and question them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from piecework.chain.logs import DecodedEvent
from piecework.domain.messages import Domain
from scripts.audit.books import BatchBooks, BonusBooks, Books, DisputeBooks, Ruling, Work
from scripts.audit.report import Report

COUNTER_MAX = 2**32 - 1
SEQUENCE_MAX = 2**24 - 1


class Rules:
    """The books of one escrow. A class that adds methods `_on_<Event>` adds rules."""

    def __init__(self, domain: Domain, report: Report) -> None:
        self._domain = domain
        self._report = report
        self.accounts: dict[str, Books] = defaultdict(Books)
        self.batches: dict[str, BatchBooks] = {}
        self.disputes: dict[int, DisputeBooks] = {}
        self.bonuses: list[BonusBooks] = []
        self.rulings: list[Ruling] = []
        self.deposited = 0
        self.withdrawn = 0
        self._early_refund: DecodedEvent | None = None
        self._ruling: tuple[DecodedEvent, int] | None = None

    @property
    def held(self) -> int:
        """Token units that the escrow must hold."""
        return sum(books.owed for books in self.accounts.values()) + self.held_for_batches

    @property
    def held_for_batches(self) -> int:
        """Of `held`, what is in no account: unspent money, fee locks and bonds."""
        bonds = sum(dispute.bond for dispute in self.disputes.values())
        return bonds + sum(b.unspent + b.locked for b in self.batches.values())

    def _batch(self, e: DecodedEvent) -> BatchBooks:
        return self.batches[e.args["batchId"]]

    def _give_back(self, e: DecodedEvent) -> Work:
        b = self._batch(e)
        work = b.work[e.args["worker"]]
        self._move(e, b, "claimed", "free", e.args["count"])
        self._holds("work_not_negative", e, e.args["count"] <= work.claimed, f"only {work.claimed} are claimed")
        work.claimed -= e.args["count"]
        return work

    def _take(self, e: DecodedEvent, work: Work, count: int) -> int:
        self._holds("work_not_negative", e, count <= work.submitted, f"only {work.submitted} are submitted")
        return work.take(count)

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
        return self._report.holds(check, name_of(e), ok, otherwise)

    def _assignments_for(self, b: BatchBooks, amount: int, owed: int) -> int:
        """Free assignments that must go back so that an account of `owed` units can have `amount` locked."""
        return max(0, -((owed - amount) // b.terms.unit_cost_units))

    def _advance(self, work: Work) -> None:
        work.sequence = min(SEQUENCE_MAX, work.sequence + 1)

    def _uncontest(self, e: DecodedEvent, work: Work, count: int) -> None:
        self._holds("work_not_negative", e, count <= work.contestable, f"only {work.contestable} are contestable")
        work.contestable -= count


def name_of(e: DecodedEvent) -> str:
    """An event, for people."""
    subject: Any = e.args.get("batchId", e.account)
    return f"{e.name} in block {e.block_number}, log {e.log_index}, of {subject}"
