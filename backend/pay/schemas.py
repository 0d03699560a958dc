"""What a batch pays an hour, as everybody may read it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from backend.schemas import HourlyUnits


class BatchPay(BaseModel):
    """Basis `measured` once ten assignments were: then the median of the chain's times, from claim to submission.

    Before that it is the requester's estimate (`stated`), or nothing (`unknown`) for a batch drafted elsewhere.
    """

    basis: Literal["measured", "stated", "unknown"]
    seconds_per_task: float | None
    pay_per_hour_units: HourlyUnits | None
    stated_seconds_per_task: int | None
    measured_assignments: int
    measured_workers: int
    fast_quarter_pay_units: HourlyUnits | None
    """A quarter of the measured assignments were done at this pay an hour or a higher one."""
    slow_quarter_pay_units: HourlyUnits | None
    """A quarter at this or a lower one."""
