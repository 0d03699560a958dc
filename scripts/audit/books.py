"""The pages of the auditor's books: accounts, batches, each worker's part, disputes. Money is in token units."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from piecework.domain.messages import BatchKey, Terms


@dataclass
class Books:
    """One address."""

    owed: int = 0
    accepted: int = 0
    rejected: int = 0
    contested: int = 0
    disputes_won: int = 0
    disputes_lost: int = 0
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
    disputed: int = 0
    locked: int = 0
    """Token units of the requester's dispute fee behind this worker's rejections."""
    lease_end: int = 0
    contest_end: int = 0
    sequence: int = 0

    @property
    def submitted(self) -> int:
        return sum(lot.count for lot in self.lots)

    @property
    def oldest_end(self) -> int:
        """When the reviewer's time for what waits longest is over; zero if nothing waits."""
        return self.lots[0].review_end if self.lots else 0

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
    lease_end: int


@dataclass(frozen=True)
class Submission:
    """A `Submitted` event."""

    worker: str
    count: int
    work_digest: str
    block_number: int
    block_hash: str
    claims_before: int = 0
    """How many of the batch's claims came before it."""
    nothing_claimable: bool = False
    """Whether right after it the batch was over and nobody held a claim: no answer could come any more."""


@dataclass
class Settlement:
    """A `Settled` event with what it paid and rejected, by worker."""

    nonce: int
    results_digest: str
    block_number: int
    was_over: bool
    """Whether the batch was closed, or its claim period over, when this was settled."""
    nothing_claimable: bool = False
    """Whether it was over and nobody held a claim."""
    accepted: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    rejected: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    skipped: set[str] = field(default_factory=set)
    """Workers whose verdict did not apply: what the results file says of them is void."""


@dataclass
class BatchBooks:
    """One batch. Counts are assignments."""

    key: BatchKey
    free: int
    claimed: int = 0
    submitted: int = 0
    contestable: int = 0
    disputed: int = 0
    accepted: int = 0
    refunded: int = 0
    funded: int = 0
    opened_block: int = 0
    closed_at: int = 0
    manifests: list[str] = field(default_factory=list)
    fees_due: int = 0
    fees_paid: int = 0
    returns_due: int = 0
    returned: int = 0
    ruled_due: int = 0
    ruled_paid: int = 0
    work: dict[str, Work] = field(default_factory=lambda: defaultdict(Work))
    claims: list[Claim] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)

    @property
    def terms(self) -> Terms:
        return self.key.terms

    @property
    def unspent(self) -> int:
        waiting = self.free + self.claimed + self.submitted + self.contestable + self.disputed
        return waiting * self.terms.unit_cost_units

    @property
    def locked(self) -> int:
        """Token units in dispute fee locks."""
        return sum(work.locked for work in self.work.values())


@dataclass(frozen=True)
class BonusBooks:
    """A `BonusPaid` event. `name` says where it stands."""

    name: str
    batch_id: str
    worker: str
    reason_digest: str


@dataclass
class DisputeBooks:
    """A `Disputed` event. `bond` is what is left of it; `is_open` until it is ruled."""

    batch_id: str
    worker: str
    count: int
    opened_at: int
    ruling_end: int
    evidence_digest: str
    bond: int = 0
    poster: str = ""
    is_open: bool = True


@dataclass(frozen=True)
class Ruling:
    """A `Ruled` event that only the arbitrator can have caused: by time alone it was not due yet."""

    name: str
    dispute_id: int
    arbitrator: str
    transaction_hash: str
