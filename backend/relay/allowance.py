"""Whose packets the gateway brings on chain at its own cost, and how many: nobody can make it burn its gas in loops.

Counted is what brings no answers on chain: claims that end without any, returns, packets that are skipped, settings,
withdrawals. Answers and appeals of work that is claimed already, and earned money, get twice the room: they are the
last that shall wait.

Addresses and records cost nearly nothing: anybody makes up keys, and pays itself for work of its own. So what anybody
can fill keeps room that a record alone does not open: of a batch, for those whom its requester paid.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from backend.errors import TooMany
from backend.relay.budget import Bucket, Full, names_of, room, take
from backend.services import Services
from piecework.db.mirror import MirrorAccount, MirrorBatch, MirrorPayment

_LENIENCE = 2
_SETTINGS = "settings"
"""The bucket of everybody's settings together."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The buckets that a packet of `account` falls into, as large as the mirror makes them for it."""

    account: str
    batch_id: str | None
    buckets: tuple[Bucket, ...]


def budget_of(
    services: Services, session: Session, account: str, batch: MirrorBatch | None = None, *, is_promised: bool = False
) -> Budget:
    """It only reads, so it belongs before a transaction that others wait for.

    `is_promised`: for answers, appeals or earned money.
    """
    settings = services.settings
    most = [settings.relay_packets_per_address]
    names = names_of(account, batch.batch_id if batch is not None else None)
    if batch is not None:
        most += [settings.relay_packets_per_worker_and_batch, _of_batch(services, session, account, batch)]
    elif not is_promised:
        most.append(_of_settings(services, session, account))
        names.append(_SETTINGS)
    lenience = _LENIENCE if is_promised else 1
    buckets = [Bucket(name, packets, lenience) for name, packets in zip(names, most, strict=True) if packets > 0]
    return Budget(account, batch.batch_id if batch is not None else None, tuple(buckets))


def bring(
    services: Services, session: Session, budget: Budget, *, kind: str, dedupe_key: str, payload: dict[str, Any]
) -> str:
    """Queues what somebody signed, on its budget; returns the intent's id. What is queued already costs nothing.

    Raises TooMany with the seconds to wait.
    """
    known = services.outbox.find(session, dedupe_key)
    if known is not None:
        return known
    services.losses.lock(session)  # before the buckets, as who concludes does
    full = take(session, budget.buckets, time.time(), services.settings.relay_budget_seconds)
    if full is not None:
        raise _spent(services, full, budget)
    return services.losses.bring(services.outbox, session, kind=kind, dedupe_key=dedupe_key, payload=payload)


def check(services: Services, session: Session, account: str, batch: MirrorBatch) -> None:
    """Raises TooMany if a claim of `account` in `batch` would not be brought now."""
    budget = budget_of(services, session, account, batch)
    full = room(session, budget.buckets, time.time(), services.settings.relay_budget_seconds)
    if full is not None:
        raise _spent(services, full, budget)
    services.losses.check_claim(session, batch.requester)


def _of_batch(services: Services, session: Session, account: str, batch: MirrorBatch) -> int:
    """Room for a claim under way of each assignment, and for waste on top.

    Half of that is for all, a quarter more for those with a record, and the last for those alone whom this requester
    paid before: neither made-up addresses nor made-up records can take that from them.
    """
    waste = services.settings.relay_packets_per_batch
    if waste == 0:
        return 0
    if _was_paid_by(session, account, batch.requester):
        return batch.funded + waste
    return batch.funded + (waste * 3 // 4 if _has_record(session, account) else waste // 2)


def _of_settings(services: Services, session: Session, account: str) -> int:
    """Room for the settings of everybody together; half of it is for those alone who have a record."""
    most = services.settings.relay_packets_of_settings
    return most if most == 0 or _has_record(session, account) else max(1, most // 2)


def _has_record(session: Session, account: str) -> bool:
    record = session.get(MirrorAccount, account)
    return record is not None and record.accepted > 0


def _was_paid_by(session: Session, account: str, requester: str) -> bool:
    paid = select(MirrorPayment.batch_id).join(MirrorBatch, MirrorBatch.batch_id == MirrorPayment.batch_id)
    own = paid.where(MirrorPayment.worker == account, MirrorBatch.requester == requester)
    return bool(session.execute(select(exists(own))).scalar_one())


def _spent(services: Services, full: Full, budget: Budget) -> TooMany:
    bucket, account, batch_id = full.bucket, budget.account, budget.batch_id
    whose = "everybody's settings" if bucket.name == _SETTINGS else f"{account} in all"
    if batch_id is not None and bucket.name != account:
        whose = f"batch {batch_id}" if bucket.name == batch_id else f"{account} in batch {batch_id}"
    detail = (
        f"the gateway pays for {bucket.most} packets of {whose} that bring no answers on chain, and these are used up: "
        f"it brings the next one in {full.wait_seconds} s, and answers at once; or send it from a wallet with gas"
    )
    return TooMany(
        "relay_budget_spent",
        detail,
        packets=bucket.most,
        refill_seconds=services.settings.relay_budget_seconds,
        retry_after_seconds=full.wait_seconds,
    )
