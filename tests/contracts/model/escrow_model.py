"""The protocol in plain Python: what a batch's counts, lots, locks and money do, one rule a method.

Written from the interface's words, not from the contract's code, so that the two can be held against each other. Times
are integers, amounts token units. A call that the contract would refuse raises `Refused` with the contract's own code
and changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeVar

Recorded = TypeVar("Recorded")
ACCEPTED, REJECTED = "accepted", "rejected"


class Refused(Exception):
    """The contract would revert, or skip the entry, for this reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _copied(value: Recorded) -> Recorded:
    """What `copy.copy` gives of a dataclass, four times sooner."""
    other = object.__new__(type(value))
    other.__dict__.update(value.__dict__)
    return other


@dataclass(frozen=True)
class Rules:
    """Terms as far as money and time depend on them."""

    reward: int
    operator_fee: int
    dispute_fee: int
    claim_by: int
    lease: int
    review: int
    dispute: int
    ruling: int
    max_claim: int
    direct: bool = False

    @property
    def unit(self) -> int:
        return self.reward + self.operator_fee


@dataclass
class Record:
    """One address: what it is owed and its counters."""

    owed: int = 0
    accepted: int = 0
    rejected: int = 0
    contested: int = 0
    won: int = 0
    lost: int = 0


@dataclass
class Dispute:
    """The one open dispute of a worker in a batch."""

    count: int
    ruling_end: int
    poster: str


@dataclass
class Tally:
    """One worker in one batch."""

    claimed: int = 0
    old: int = 0
    young: int = 0
    decided: int = 0
    contestable: int = 0
    lease_end: int = 0
    old_end: int = 0
    young_end: int = 0
    contest_end: int = 0
    sequence: int = 0
    fee_locked: bool = False
    dispute: Dispute | None = None

    @property
    def disputed(self) -> int:
        return self.dispute.count if self.dispute else 0

    def clone(self) -> Tally:
        other = _copied(self)
        other.dispute = _copied(self.dispute) if self.dispute else None
        return other


@dataclass
class Batch:
    """One batch and everybody in it."""

    rules: Rules
    requester: str
    operator: str
    arbitrator: str
    free: int
    claimed: int = 0
    submitted: int = 0
    contestable: int = 0
    disputed: int = 0
    accepted: int = 0
    refunded: int = 0
    settlements: int = 0
    closed_at: int | None = None
    locked: int = 0
    bonds: int = 0
    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))

    def clone(self) -> Batch:
        other = _copied(self)
        other.tallies = defaultdict(Tally, {worker: tally.clone() for worker, tally in self.tallies.items()})
        return other

    @property
    def funded(self) -> int:
        return self.unspent + self.accepted + self.refunded

    @property
    def unspent(self) -> int:
        """Assignments whose money is still in the batch."""
        return self.free + self.claimed + self.submitted + self.contestable + self.disputed

    @property
    def held_units(self) -> int:
        """Everything of this batch that is in nobody's account."""
        return self.unspent * self.rules.unit + self.locked + self.bonds


@dataclass
class Model:
    """Accounts and batches at one moment."""

    now: int = 0
    accounts: dict[str, Record] = field(default_factory=lambda: defaultdict(Record))
    batches: dict[str, Batch] = field(default_factory=dict)
    held: int = 0
    """Token units in the escrow: deposited less withdrawn."""

    def clone(self) -> Model:
        """A copy that shares nothing that can change: what `copy.deepcopy` gives, many times sooner."""
        other = _copied(self)
        other.accounts = defaultdict(Record, {name: _copied(record) for name, record in self.accounts.items()})
        other.batches = {name: batch.clone() for name, batch in self.batches.items()}
        return other

    # ------------------------------------------------------------------- money

    def deposit(self, account: str, amount: int) -> None:
        self.accounts[account].owed += amount
        self.held += amount

    def withdraw(self, account: str, amount: int) -> None:
        self._debit(account, amount)
        self.held -= amount

    def _debit(self, account: str, amount: int) -> None:
        if self.accounts[account].owed < amount:
            raise Refused("insufficient_balance")
        self.accounts[account].owed -= amount

    def _credit(self, account: str, amount: int) -> None:
        self.accounts[account].owed += amount

    # ----------------------------------------------------------------- batches

    def open(self, name: str, batch: Batch) -> None:
        self._debit(batch.requester, batch.rules.unit * batch.free)
        self.batches[name] = batch

    def extend(self, b: Batch, assignments: int) -> None:
        if b.closed_at is not None:
            raise Refused("batch_is_closed")
        if self.now > b.rules.claim_by:
            raise Refused("claim_period_over")
        self._debit(b.requester, b.rules.unit * assignments)
        b.free += assignments

    def close(self, b: Batch) -> None:
        if b.closed_at is not None:
            raise Refused("batch_is_closed")
        b.closed_at = self.now
        if self._refundable(b):
            self._refund(b, b.free)

    def refund(self, b: Batch) -> None:
        if not self._refundable(b):
            raise Refused("nothing_to_refund")
        self._refund(b, b.free)

    def _refundable(self, b: Batch) -> bool:
        grace = b.rules.review if b.rules.direct else 0
        if b.free == 0:
            return False
        if self.now > b.rules.claim_by + grace:
            return True
        return b.closed_at is not None and (grace == 0 or self.now > b.closed_at + grace)

    def _refund(self, b: Batch, count: int) -> None:
        b.free -= count
        b.refunded += count
        self._credit(b.requester, count * b.rules.unit)

    # -------------------------------------------------------------------- work

    def claim(self, b: Batch, worker: str, count: int) -> None:
        t = b.tallies[worker]
        if b.closed_at is not None:
            raise Refused("batch_closed")
        if self.now > b.rules.claim_by:
            raise Refused("claim_period_over")
        if count == 0:
            raise Refused("nothing_asked")
        expired = t.claimed if self.now > t.lease_end else 0
        if count > b.free + expired:
            raise Refused("not_enough_free")
        if t.claimed - expired + count > b.rules.max_claim:
            raise Refused("too_many_claimed")
        self._expire(b, worker)
        if t.claimed == 0:
            t.lease_end = self.now + b.rules.lease
        t.claimed += count
        b.free -= count
        b.claimed += count
        t.sequence += 1

    def give_back(self, b: Batch, worker: str, count: int) -> None:
        t = b.tallies[worker]
        if count == 0:
            raise Refused("nothing_asked")
        if count > t.claimed:
            raise Refused("not_enough_claimed")
        t.claimed -= count
        b.claimed -= count
        b.free += count
        t.sequence += 1

    def submit(self, b: Batch, worker: str, count: int) -> None:
        t = b.tallies[worker]
        if count == 0:
            raise Refused("nothing_asked")
        if count > t.claimed:
            raise Refused("not_enough_claimed")
        if self.now > t.lease_end:
            raise Refused("lease_over")
        t.claimed -= count
        b.claimed -= count
        b.submitted += count
        if t.old == 0:
            t.old, t.old_end = count, self.now + b.rules.review
        else:
            t.young, t.young_end = t.young + count, self.now + b.rules.review
        t.sequence += 1

    def expire(self, b: Batch, worker: str) -> None:
        self._expire(b, worker)

    def _expire(self, b: Batch, worker: str) -> None:
        t = b.tallies[worker]
        if self.now > t.lease_end:
            b.free += t.claimed
            b.claimed -= t.claimed
            t.claimed = 0

    # ------------------------------------------------------------------ review

    def verdict(self, b: Batch, worker: str, decided_before: int, accepted: int, rejected: int) -> None:
        """One verdict of a settlement, fee and all; the settlement itself is counted by `settled`."""
        t = b.tallies[worker]
        count = accepted + rejected
        if decided_before != t.decided:
            raise Refused("verdict_stale")
        if count == 0:
            raise Refused("nothing_asked")
        if count > t.old + t.young:
            raise Refused("verdict_too_large")
        if self.now > t.old_end:
            raise Refused("review_window_over")
        if rejected and b.rules.dispute_fee and not t.fee_locked:
            if not self._lock(b, b.rules.dispute_fee):
                raise Refused("fee_not_lockable")
            t.fee_locked = True
        self._decide(t, count)
        b.submitted -= count
        b.accepted += accepted
        b.contestable += rejected
        t.contestable += rejected
        if rejected:
            t.contest_end = self.now + b.rules.dispute
        self._credit(worker, accepted * b.rules.reward)
        self._credit(b.operator, accepted * b.rules.operator_fee)
        self.accounts[worker].accepted += accepted
        self.accounts[worker].rejected += rejected

    def settled(self, b: Batch) -> None:
        b.settlements += 1

    def pay_direct(self, b: Batch, worker: str, count: int) -> None:
        if not b.rules.direct:
            raise Refused("direct_not_allowed")
        if count == 0:
            raise Refused("nothing_asked")
        if count > b.free:
            raise Refused("not_enough_free")
        b.free -= count
        b.accepted += count
        self._credit(worker, count * b.rules.reward)
        self._credit(b.operator, count * b.rules.operator_fee)

    def pay_overdue(self, b: Batch, worker: str) -> None:
        t = b.tallies[worker]
        count = 0
        if t.old and self.now > t.old_end:
            count = t.old + (t.young if self.now > t.young_end else 0)
        if not count:
            raise Refused("not_overdue")
        self._decide(t, count)
        b.submitted -= count
        b.accepted += count
        self._credit(worker, count * b.rules.reward)
        self._credit(b.requester, count * b.rules.operator_fee)

    def overturn(self, b: Batch, worker: str, count: int) -> None:
        t = b.tallies[worker]
        if count == 0:
            raise Refused("zero_amount")
        if count > t.contestable:
            raise Refused("not_enough_contestable")
        t.contestable -= count
        b.contestable -= count
        b.accepted += count
        self._credit(worker, count * b.rules.reward)
        self._credit(b.operator, count * b.rules.operator_fee)
        self.accounts[worker].accepted += count
        self.accounts[worker].rejected -= count
        self._release_if_done(b, t)

    def release(self, b: Batch, worker: str) -> None:
        """Passes over a worker with nothing to release."""
        t = b.tallies[worker]
        if not t.contestable or t.dispute or self.now <= t.contest_end:
            return
        b.contestable -= t.contestable
        b.free += t.contestable
        t.contestable = 0
        self._release_if_done(b, t)

    @staticmethod
    def _decide(t: Tally, count: int) -> None:
        t.decided += count
        from_old = min(count, t.old)
        t.old -= from_old
        t.young -= count - from_old
        if t.old == 0:
            t.old, t.old_end = t.young, t.young_end
            t.young = t.young_end = 0

    # ---------------------------------------------------------------- disputes

    def contest(self, b: Batch, worker: str, count: int, poster: str) -> None:
        t = b.tallies[worker]
        if count == 0:
            raise Refused("nothing_asked")
        if t.dispute:
            raise Refused("dispute_open")
        if not t.contestable:
            raise Refused("nothing_contestable")
        if self.now > t.contest_end:
            raise Refused("dispute_window_over")
        if self.accounts[poster].owed < b.rules.dispute_fee:
            raise Refused("bond_short")
        count = min(count, t.contestable)
        self._debit(poster, b.rules.dispute_fee)
        b.bonds += b.rules.dispute_fee
        t.contestable -= count
        b.contestable -= count
        b.disputed += count
        t.dispute = Dispute(count, self.now + b.rules.ruling, poster)
        t.sequence += 1
        self.accounts[worker].rejected -= count
        self.accounts[worker].contested += count

    def rule(self, b: Batch, worker: str, ruling: int) -> None:
        """`ruling` r accepts r - 1; 0, or one that comes late, counts as silence."""
        t = b.tallies[worker]
        if t.dispute is None:
            return
        if ruling == 0 or self.now > t.dispute.ruling_end:
            self._silence(b, worker)
        else:
            self._ruled(b, worker, min(ruling - 1, t.dispute.count))

    def rule_overdue(self, b: Batch, worker: str) -> None:
        t = b.tallies[worker]
        if t.dispute is None or self.now <= t.dispute.ruling_end:
            raise Refused("ruling_not_overdue")
        self._silence(b, worker)

    def _ruled(self, b: Batch, worker: str, accepted: int) -> None:
        fee, count = b.rules.dispute_fee, b.tallies[worker].disputed
        from_bond = fee * (count - accepted) // count
        for address, won, lost in ((worker, accepted, count - accepted), (b.requester, count - accepted, accepted)):
            self.accounts[address].won += won
            self.accounts[address].lost += lost
        self.accounts[worker].accepted += accepted
        self.accounts[worker].rejected += count - accepted
        self._credit(b.arbitrator, fee)
        self._end(b, worker, accepted, from_bond=from_bond, from_lock=fee - from_bond)

    def _silence(self, b: Batch, worker: str) -> None:
        self._end(b, worker, b.tallies[worker].disputed, from_bond=0, from_lock=0)

    def _end(self, b: Batch, worker: str, accepted: int, *, from_bond: int, from_lock: int) -> None:
        t = b.tallies[worker]
        assert t.dispute is not None
        count, poster = t.dispute.count, t.dispute.poster
        t.dispute = None
        self.accounts[worker].contested -= count
        b.disputed -= count
        b.accepted += accepted
        b.free += count - accepted
        self._credit(worker, accepted * b.rules.reward)
        self._credit(b.requester, accepted * b.rules.operator_fee)
        fee = b.rules.dispute_fee
        b.bonds -= fee
        self._credit(poster, fee - from_bond)
        b.locked -= from_lock
        if t.contestable:
            t.contest_end = self.now + b.rules.dispute
        if not fee:
            return
        if t.contestable:
            if from_lock == 0 or self._lock(b, from_lock):
                return
            self._void(b, worker)
        b.locked -= fee - from_lock
        self._credit(b.requester, fee - from_lock)
        t.fee_locked = False

    def _void(self, b: Batch, worker: str) -> None:
        """Pays rejections that no lock stands behind."""
        t = b.tallies[worker]
        count, t.contestable = t.contestable, 0
        b.contestable -= count
        b.accepted += count
        self._credit(worker, count * b.rules.reward)
        self._credit(b.requester, count * b.rules.operator_fee)
        self.accounts[worker].rejected -= count

    def _lock(self, b: Batch, amount: int) -> bool:
        short = amount - self.accounts[b.requester].owed
        needed = -(-short // b.rules.unit) if short > 0 else 0
        if needed > b.free:
            return False
        self._refund(b, needed)
        self._debit(b.requester, amount)
        b.locked += amount
        return True

    def _release_if_done(self, b: Batch, t: Tally) -> None:
        if t.fee_locked and not t.contestable and not t.dispute:
            t.fee_locked = False
            b.locked -= b.rules.dispute_fee
            self._credit(b.requester, b.rules.dispute_fee)

    # -------------------------------------------------------------------- laws

    def broken_laws(self) -> list[str]:
        """Names of the laws that this state breaks; empty if the rules hold together."""
        broken = []
        owed = sum(record.owed for record in self.accounts.values())
        if self.held != owed + sum(b.held_units for b in self.batches.values()):
            broken.append("solvency")
        if any(value < 0 for record in self.accounts.values() for value in vars(record).values()):
            broken.append("no negative account")
        for b in self.batches.values():
            sums = {name: sum(getattr(t, name) for t in b.tallies.values()) for name in ("claimed", "contestable")}
            undecided = sum(t.old + t.young for t in b.tallies.values())
            disputed = sum(t.disputed for t in b.tallies.values())
            if (b.claimed, b.submitted, b.contestable, b.disputed) != (
                sums["claimed"],
                undecided,
                sums["contestable"],
                disputed,
            ):
                broken.append("tallies add up to their batch")
            backed = [t for t in b.tallies.values() if t.fee_locked]
            if b.locked != len(backed) * b.rules.dispute_fee:
                broken.append("one fee a locked tally")
            if b.rules.dispute_fee and any(
                (t.contestable > 0 or t.dispute is not None) != t.fee_locked for t in b.tallies.values()
            ):
                broken.append("every contestable rejection is backed")
            if b.bonds != sum(b.rules.dispute_fee for t in b.tallies.values() if t.dispute):
                broken.append("one bond an open dispute")
            if any(t.young and not t.old for t in b.tallies.values()):
                broken.append("the old lot comes first")
            if any(t.young and t.young_end < t.old_end for t in b.tallies.values()):
                broken.append("the young lot ends last")
        return broken
