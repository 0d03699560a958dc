"""The keeper: brings what time alone allows, so that silence pays without anybody asking.

It reads the mirror and the chain's clock, and queues `payOverdue`, `expireClaims`, `releaseRejected`, `ruleOverdue`,
`refund` and `sweep`; and `conclude` for cases of its panel in which too few jurors revealed to end them by themselves.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from backend.relay.outbox import Outbox
from piecework.db.mirror import ChainEvent, MirrorAccount, MirrorBatch, MirrorDispute, MirrorTally
from piecework.domain.messages import Terms

if TYPE_CHECKING:
    from backend.relay.cases import PanelCases

_WORKERS_A_CALL = 100


class Keeper:
    """Queues what is due."""

    def __init__(self, outbox: Outbox, *, sweep_minimum_units: int, cases: PanelCases | None = None) -> None:
        self._outbox = outbox
        self._cases = cases
        self._sweep_minimum = sweep_minimum_units

    def run_once(self, session: Session, now: int) -> int:
        """Queues everything due at `now` (chain time); returns how many intents were asked for."""
        count = self._pay_overdue(session, now)
        count += self._lists(session, "expire_claims", and_(MirrorTally.claimed > 0, MirrorTally.lease_end < now))
        over = and_(MirrorTally.contestable > 0, MirrorTally.disputed == 0, MirrorTally.contest_end < now)
        count += self._lists(session, "release_rejected", over)
        count += self._rule_overdue(session, now)
        count += self._conclude(session, now)
        count += self._refund(session, now)
        return count + self._sweep(session)

    def _pay_overdue(self, session: Session, now: int) -> int:
        due = and_(MirrorTally.old_lot > 0, MirrorTally.old_review_end < now)
        rows = session.execute(_with_batch().where(due).limit(_WORKERS_A_CALL)).all()
        for tally, batch in rows:
            key = f"pay_overdue:{tally.batch_id}:{tally.worker}:{tally.decided}"
            payload = {"key": key_of(batch), "worker": tally.worker}
            self._outbox.enqueue(session, kind="pay_overdue", dedupe_key=key, payload=payload)
        return len(rows)

    def _rule_overdue(self, session: Session, now: int) -> int:
        due = select(MirrorDispute).where(MirrorDispute.state == "open", MirrorDispute.ruling_end < now)
        rows = session.execute(due.limit(_WORKERS_A_CALL)).scalars().all()
        for row in rows:
            payload = {"dispute_id": row.dispute_id}
            dedupe = f"rule_overdue:{row.dispute_id}:{row.opened_block}"
            self._outbox.enqueue(session, kind="rule_overdue", dedupe_key=dedupe, payload=payload)
        return len(rows)

    def _conclude(self, session: Session, now: int) -> int:
        if self._cases is None:
            return 0
        due = self._cases.to_conclude(session, now)
        for row in due:
            payload = {"dispute_id": row.dispute_id, "panel": self._cases.panel}
            dedupe = f"conclude:{row.dispute_id}:{row.opened_block}"
            self._outbox.enqueue(session, kind="conclude", dedupe_key=dedupe, payload=payload)
        return len(due)

    def _lists(self, session: Session, kind: str, due: Any) -> int:
        rows = session.execute(_with_batch().where(due).limit(_WORKERS_A_CALL)).all()
        by_batch: dict[str, list[Any]] = {}
        for tally, batch in rows:
            by_batch.setdefault(batch.batch_id, [batch]).append(tally)
        for batch_id, (batch, *tallies) in by_batch.items():
            state = [f"{t.worker}:{t.sequence}:{t.decided}:{t.lease_end}:{t.contest_end}" for t in tallies]
            dedupe = f"{kind}:{batch_id}:{_short(state)}"
            payload = {"key": key_of(batch), "workers": [tally.worker for tally in tallies]}
            self._outbox.enqueue(session, kind=kind, dedupe_key=dedupe, payload=payload)
        return len(by_batch)

    def _refund(self, session: Session, now: int) -> int:
        ended = or_(MirrorBatch.closed_at.is_not(None), MirrorBatch.claim_by < now)
        rows = session.execute(select(MirrorBatch).where(MirrorBatch.free > 0, ended)).scalars().all()
        count = 0
        for batch in rows:
            terms = Terms.from_json(batch.terms)
            grace = terms.reviewWindow if terms.is_direct else 0
            over = batch.claim_by + grace < now
            closed = batch.closed_at is not None and (grace == 0 or batch.closed_at + grace < now)
            if over or closed:
                dedupe = f"refund:{batch.batch_id}:{batch.refunded}:{batch.free}:{batch.accepted}"
                self._outbox.enqueue(session, kind="refund", dedupe_key=dedupe, payload={"key": key_of(batch)})
                count += 1
        return count

    def _sweep(self, session: Session) -> int:
        due = select(MirrorAccount).where(MirrorAccount.sweep, MirrorAccount.owed_units >= self._sweep_minimum)
        accounts = session.execute(due.limit(_WORKERS_A_CALL)).scalars().all()
        if not accounts:
            return 0
        # Silence may pay the same amount again: how often money left tells the second time from the first.
        # A transfer that failed leaves the key as it was, and is not tried again and again.
        left = _times_paid_out(session, [account.address for account in accounts])
        state = [f"{a.address}:{a.owed_units}:{a.accepted}:{left.get(a.address, 0)}" for a in accounts]
        payload = {"accounts": [account.address for account in accounts]}
        self._outbox.enqueue(session, kind="sweep", dedupe_key=f"sweep:{_short(state)}", payload=payload)
        return 1


def key_of(batch: MirrorBatch) -> dict[str, Any]:
    """The batch's key as intents carry it."""
    return {"requester": batch.requester, "salt": batch.salt, "terms": batch.terms}


def _with_batch() -> Any:
    return select(MirrorTally, MirrorBatch).join(MirrorBatch, MirrorBatch.batch_id == MirrorTally.batch_id)


def _times_paid_out(session: Session, addresses: list[str]) -> dict[str | None, int]:
    out = and_(ChainEvent.name == "Withdrawn", ChainEvent.account.in_(addresses))
    rows = session.execute(select(ChainEvent.account, func.count()).where(out).group_by(ChainEvent.account))
    return {address: int(count) for address, count in rows}


def _short(state: list[str]) -> str:
    return hashlib.sha256("|".join(sorted(state)).encode()).hexdigest()[:32]
