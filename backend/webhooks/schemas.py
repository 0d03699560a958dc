"""Bodies of webhooks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backend.schemas import RequestModel

EventName = Annotated[str, Field(pattern="^[A-Z][A-Za-z]{1,39}$")]


class EndpointIn(RequestModel):
    url: str = Field(min_length=1, max_length=2_000)
    """http(s) on the public internet."""
    events: list[EventName] | None = Field(default=None, min_length=1, max_length=50)
    """The chain's names of events that are wanted, such as `Submitted`, and those of notices, such as `RevisionAsked`;
    all by default."""


class EndpointView(BaseModel):
    endpoint_id: str
    url: str
    events: list[str] | None
    state: Literal["pending", "active", "disabled"]
    after: str
    """Place of the last event that was put on its way."""
    queued: int
    failures: int
    last_error: str | None
    next_attempt_at: float | None
    created_at: float


class EndpointList(BaseModel):
    items: list[EndpointView]


class Secret(BaseModel):
    secret: str
    """`whsec_...`, for the receiver's Standard Webhooks library."""


class ReplayIn(RequestModel):
    after: str = Field(max_length=60)
    """Place of an event (`0-0-`: before all): what came after it is sent again, with the same ids."""


class DeliveryView(BaseModel):
    message_id: str
    type: str
    place: str
    state: Literal["queued", "delivered", "failed"]
    attempts: int
    status: int | None
    error: str | None
    created_at: float
    ended_at: float | None


class DeliveryPage(BaseModel):
    items: list[DeliveryView]
    next_cursor: str | None
