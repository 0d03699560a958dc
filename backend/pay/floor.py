"""The operator's floor: a batch that pays less an hour is refused at drafting, with the number that would pass.

What counts is the requester's estimate, lengthened by how much longer its earlier batches took than it had stated, so
that a short estimate helps only once.
"""

from __future__ import annotations

from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.errors import Invalid
from backend.pay.pace import ENOUGH_MEASURED, units_per_hour
from backend.services import Services
from piecework.db.mirror import MirrorBatch
from piecework.db.people import BatchNeeds

_HOUR_SECONDS = 3_600
_EARLIER = 10
"""Measured batches that count, the newest first."""
_LOOKED_AT = 30
_LONGEST_SECONDS = 864_000


def expected_seconds(services: Services, session: Session, requester: str, stated: int) -> int:
    """For one task: what was stated, times the median of measured over stated in earlier batches if that is above 1."""
    query = (
        select(MirrorBatch, BatchNeeds.stated_seconds)
        .join(BatchNeeds, BatchNeeds.batch_id == MirrorBatch.batch_id)
        .where(MirrorBatch.requester == requester)
        .order_by(MirrorBatch.opened_at.desc(), MirrorBatch.batch_id)
        .limit(_LOOKED_AT)
    )
    percents: list[int] = []
    for batch, said in session.execute(query):
        pace = services.paces.of(session, batch)
        if pace.assignments >= ENOUGH_MEASURED:
            percents.append(pace.median_ms // (said * 10))
        if len(percents) == _EARLIER:
            break
    if not percents:
        return stated
    return min(max(stated, _LONGEST_SECONDS), stated * max(100, int(median(percents))) // 100)


def check_floor(services: Services, reward_units: int, seconds: int, stated: int) -> None:
    """Raises Invalid with the smallest reward that would pass."""
    floor = services.settings.pay_floor_units_per_hour
    pay = units_per_hour(reward_units, seconds * 1_000)
    if pay >= floor:
        return
    needed = -(-floor * seconds // _HOUR_SECONDS)
    why = (
        f"{seconds} s a task"
        if seconds == stated
        else f"{seconds} s a task, as your earlier batches took longer than stated"
    )
    detail = f"the batch pays {pay} units an hour ({why}), the floor here is {floor}: give a reward of {needed} units"
    raise Invalid(
        "pay_below_floor",
        detail,
        pay_per_hour_units=str(pay),
        floor_units_per_hour=str(floor),
        reward_units_that_pass=str(needed),
    )
