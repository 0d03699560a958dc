"""What is asked for, and the filters of a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from backend.paging import MAX_LIMIT
from backend.schemas import AddressText

_Units = Annotated[int, Field(ge=0, lt=2**96)]
_Name = Annotated[str, Field(min_length=1, max_length=100)] | None


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


class Asked(BaseModel):
    """The parameters of a search, in the order in which the API describes them."""

    q: Annotated[str, Field(max_length=200)] | None = None
    status: Literal["open", "ended", "all"] = "open"
    requester: AddressText | None = None
    task_type: _Name = None
    language: _Name = None
    country: _Name = None
    skill: _Name = None
    held_by: AddressText | None = None
    min_reward_units: _Units = 0
    min_pay_units_per_hour: _Units = 0
    min_requester_paid: int = Field(default=0, ge=0, lt=2**53)
    min_requester_approval_percent: int = Field(default=0, ge=0, le=100)
    cursor: str | None = None
    limit: int = Field(default=20, ge=1, le=MAX_LIMIT)

    def filters(self, now: int) -> Filters:
        """At that time."""
        return Filters(
            now=now,
            status=self.status,
            requester=self.requester,
            task_type=self.task_type,
            language=self.language,
            country=self.country,
            skill=self.skill,
            held_by=self.held_by,
            min_reward_units=self.min_reward_units,
            min_pay_units_per_hour=self.min_pay_units_per_hour,
            min_requester_paid=self.min_requester_paid,
            min_requester_approval_percent=self.min_requester_approval_percent,
        )


def parameters() -> list[dict[str, Any]]:
    """`Asked` as the API's description lists it."""
    described = Asked.model_json_schema()["properties"]
    for schema in described.values():
        if schema.get("default", "") is None:
            del schema["default"]
    return [{"in": "query", "name": name, "required": False, "schema": schema} for name, schema in described.items()]
