"""The keeper: brings what time alone allows, so that silence pays without anybody asking.

It reads the mirror and the chain's clock, and queues `payOverdue`, `expireClaims`, `releaseRejected`, `ruleOverdue`,
`refund` and `sweep`; and `conclude` for cases of its panel in which too few jurors revealed to end them by themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from backend.relay.losses import Losses
from backend.relay.outbox import Outbox
from piecework.db.gateway import RelayHold
from piecework.db.mirror import ChainEvent, MirrorAccount, MirrorBatch, MirrorDispute, MirrorTally
from piecework.domain.messages import Terms

if TYPE_CHECKING:
    from backend.relay.cases import PanelCases

_WORKERS_A_CALL = 100


@dataclass(frozen=True, slots=True)
class Wish:
    """An intent that is due; of those with one `dedupe_key` one is queued."""

    kind: str
    dedupe_key: str
    payload: dict[str, Any]


class Keeper:
    """Queues what is due."""

    def __init__(
        self,
        outbox: Outbox,
        *,
        sweep_minimum_units: int,
        cases: PanelCases | None = None,
        losses: Losses | None = None,
    ) -> None:
        self._outbox = outbox
        self._losses = losses or Losses()
        self._cases = cases
        self._sweep_minimum = sweep_minimum_units

    def run_once(self, session: Session, now: int) -> int:
        """Queues everything due at `now` (chain time); returns how many intents were asked for."""
        wishes = list(self._wishes(session, now))
        self.queue(session, wishes)
        return len(wishes)

    def due(self, session: Session, now: int) -> list[Wish]:
        """What is due, not queued yet, and can be paid for. It only reads: a round with nothing to do takes no lock."""
        wishes = [wish for wish in self._wishes(session, now) if self._outbox.find(session, wish.dedupe_key) is None]
        return [wish for wish in wishes if self._losses.has_room(session, wish.kind, wish.payload)]

    def queue(self, session: Session, wishes: Iterable[Wish]) -> None:
        """What there is no gas money for waits: anybody can bring it, and the next look asks again."""
        for wish in wishes:
            name, payload = wish.dedupe_key, wish.payload
            self._losses.queue(self._outbox, session, kind=wish.kind, dedupe_key=name, payload=payload)

    def _wishes(self, session: Session, now: int) -> Iterator[Wish]:
        yield from self._pay_overdue(session, now)
        yield from self._lists(session, "expire_claims", and_(MirrorTally.claimed > 0, MirrorTally.lease_end < now))
        over = and_(MirrorTally.contestable > 0, MirrorTally.disputed == 0, MirrorTally.contest_end < now)
        yield from self._lists(session, "release_rejected", over)
        yield from self._rule_overdue(session, now)
        yield from self._conclude(session, now)
        yield from self._refund(session, now)
        yield from self._sweep(session)

    def _pay_overdue(self, session: Session, now: int) -> Iterator[Wish]:
        due = and_(MirrorTally.old_lot > 0, MirrorTally.old_review_end < now)
        rows = _due(session, due)
        for tally, batch, _ in rows:
            key = f"pay_overdue:{tally.batch_id}:{tally.worker}:{tally.decided}"
            payload = {"key": key_of(batch), "worker": tally.worker}
            yield Wish("pay_overdue", key, payload)

    def _rule_overdue(self, session: Session, now: int) -> Iterator[Wish]:
        due = select(MirrorDispute).where(MirrorDispute.state == "open", MirrorDispute.ruling_end < now)
        rows = session.execute(due.limit(_WORKERS_A_CALL)).scalars().all()
        for row in rows:
            payload = {"dispute_id": row.dispute_id}
            dedupe = f"rule_overdue:{row.dispute_id}:{row.opened_block}"
            yield Wish("rule_overdue", dedupe, payload)

    def _conclude(self, session: Session, now: int) -> Iterator[Wish]:
        if self._cases is None:
            return
        due = self._cases.to_conclude(session, now)
        for row in due:
            payload = {"dispute_id": row.dispute_id, "panel": self._cases.panel}
            dedupe = f"conclude:{row.dispute_id}:{row.opened_block}"
            yield Wish("conclude", dedupe, payload)

    def _lists(self, session: Session, kind: str, due: Any) -> Iterator[Wish]:
        by_batch: dict[tuple[str, bool], list[Any]] = {}
        for tally, batch, is_held in _due(session, due):
            by_batch.setdefault((batch.batch_id, is_held), [batch]).append(tally)
        for (batch_id, _), (batch, *tallies) in by_batch.items():
            state = [f"{t.worker}:{t.sequence}:{t.decided}:{t.lease_end}:{t.contest_end}" for t in tallies]
            dedupe = f"{kind}:{batch_id}:{_short(state)}"
            payload = {"key": key_of(batch), "workers": [tally.worker for tally in tallies]}
            yield Wish(kind, dedupe, payload)

    def _refund(self, session: Session, now: int) -> Iterator[Wish]:
        ended = or_(MirrorBatch.closed_at.is_not(None), MirrorBatch.claim_by < now)
        rows = session.execute(select(MirrorBatch).where(MirrorBatch.free > 0, ended)).scalars().all()
        for batch in rows:
            terms = Terms.from_json(batch.terms)
            grace = terms.reviewWindow if terms.is_direct else 0
            over = batch.claim_by + grace < now
            closed = batch.closed_at is not None and (grace == 0 or batch.closed_at + grace < now)
            if over or closed:
                dedupe = f"refund:{batch.batch_id}:{batch.refunded}:{batch.free}:{batch.accepted}"
                yield Wish("refund", dedupe, {"key": key_of(batch)})

    def _sweep(self, session: Session) -> Iterator[Wish]:
        due = select(MirrorAccount).where(MirrorAccount.sweep, MirrorAccount.owed_units >= self._sweep_minimum)
        accounts = session.execute(due.limit(_WORKERS_A_CALL)).scalars().all()
        if not accounts:
            return
        # Silence may pay the same amount again: how often money left tells the second time from the first.
        # A transfer that failed leaves the key as it was, and is not tried again and again.
        left = _times_paid_out(session, [account.address for account in accounts])
        state = [f"{a.address}:{a.owed_units}:{a.accepted}:{left.get(a.address, 0)}" for a in accounts]
        payload = {"accounts": [account.address for account in accounts]}
        yield Wish("sweep", f"sweep:{_short(state)}", payload)


def key_of(batch: MirrorBatch) -> dict[str, Any]:
    """The batch's key as intents carry it."""
    return {"requester": batch.requester, "salt": batch.salt, "terms": batch.terms}


def _due(session: Session, due: Any) -> Sequence[Any]:
    """Tallies with their batch, and whether gas money is put by for them: these first, the others as chance has it.

    Where there is gas money for some only, no crowd of others is always before them.
    """
    held = and_(RelayHold.batch_id == MirrorTally.batch_id, RelayHold.worker == MirrorTally.worker)
    is_held = RelayHold.worker.is_not(None)
    query = select(MirrorTally, MirrorBatch, is_held).join(MirrorBatch, MirrorBatch.batch_id == MirrorTally.batch_id)
    ordered = query.outerjoin(RelayHold, held).where(due).order_by(is_held.desc(), func.random())
    return session.execute(ordered.limit(_WORKERS_A_CALL)).all()


def _times_paid_out(session: Session, addresses: list[str]) -> dict[str | None, int]:
    out = and_(ChainEvent.name == "Withdrawn", ChainEvent.account.in_(addresses))
    rows = session.execute(select(ChainEvent.account, func.count()).where(out).group_by(ChainEvent.account))
    return {address: int(count) for address, count in rows}


def _short(state: list[str]) -> str:
    return hashlib.sha256("|".join(sorted(state)).encode()).hexdigest()[:32]
