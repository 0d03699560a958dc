"""Streams of server-sent events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request

from backend.dependencies import TheServices
from backend.errors import Invalid
from backend.events import Place
from backend.live.stream import Stream, Subject
from backend.schemas import AddressText, DigestText
from backend.services import Services

router = APIRouter(prefix="/v1/live", tags=["live"])

LastEventId = Annotated[str | None, Header(max_length=100)]
After = Annotated[str | None, Query(max_length=100)]


@router.get("/batches/{batch_id}", response_class=Stream, status_code=200)
async def batch(
    batch_id: DigestText,
    request: Request,
    services: TheServices,
    last_event_id: LastEventId = None,
    after: After = None,
) -> Stream:
    """Every event of a batch, also of one that is not on chain yet."""
    return _opened(request, services, Subject("batch", batch_id), last_event_id or after)


@router.get("/workers/{address}", response_class=Stream, status_code=200)
async def worker(
    address: AddressText,
    request: Request,
    services: TheServices,
    last_event_id: LastEventId = None,
    after: After = None,
) -> Stream:
    """Every event about an account: claims, submissions, payments, rejections, rulings."""
    return _opened(request, services, Subject("account", address), last_event_id or after)


@router.get("/reviewers/{address}", response_class=Stream, status_code=200)
async def reviewer(
    address: AddressText,
    request: Request,
    services: TheServices,
    last_event_id: LastEventId = None,
    after: After = None,
) -> Stream:
    """Every event of the batches that an address reviews, alone or in a panel, and proposals that wait."""
    return _opened(request, services, Subject("reviewer", address), last_event_id or after)


def _opened(request: Request, services: Services, subject: Subject, place: str | None) -> Stream:
    hub, seats = request.app.state.hub, request.app.state.seats
    client = request.client.host if request.client else "unknown"
    seats.check(client)
    try:
        parsed = Place.parse(place) if place else None
    except ValueError as error:
        raise Invalid("cursor_invalid", f"Last-Event-ID and `after` take the id of an event: {error}") from error
    return Stream(services, hub, seats, client, subject, parsed)
