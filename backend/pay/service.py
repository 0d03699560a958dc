"""What a batch pays an hour."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.pay.pace import ENOUGH_MEASURED, units_per_hour
from backend.pay.schemas import BatchPay
from backend.services import Services
from piecework.db.mirror import MirrorBatch
from piecework.db.people import BatchNeeds


def pay_of(services: Services, session: Session, batch: MirrorBatch) -> BatchPay:
    """Measured where it can be, else as stated."""
    reward, pace = batch.reward_units, services.paces.of(session, batch)
    needs = session.get(BatchNeeds, batch.batch_id)
    measured = pace.assignments >= ENOUGH_MEASURED
    each_ms = pace.median_ms if measured else needs.expected_seconds * 1_000 if needs else None
    return BatchPay(
        basis="measured" if measured else "stated" if needs else "unknown",
        seconds_per_task=each_ms / 1_000 if each_ms is not None else None,
        pay_per_hour_units=units_per_hour(reward, each_ms) if each_ms is not None else None,
        stated_seconds_per_task=needs.stated_seconds if needs else None,
        measured_assignments=pace.assignments,
        measured_workers=pace.workers,
        fast_quarter_pay_units=units_per_hour(reward, pace.fast_ms) if measured else None,
        slow_quarter_pay_units=units_per_hour(reward, pace.slow_ms) if measured else None,
    )
