"""Filters of a search."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Filters:
    """What batches must be; None asks nothing. Amounts are token units, `now` unix seconds as contracts see them."""

    now: int
    status: str = "open"
    requester: str | None = None
    task_type: str | None = None
    language: str | None = None
    country: str | None = None
    skill: str | None = None
    held_by: str | None = None
    min_reward_units: int = 0
    min_pay_units_per_hour: int = 0
    min_requester_paid: int = 0
    min_requester_approval_percent: int = 0
