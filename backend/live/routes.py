"""Streams of server-sent events."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request

from backend.dependencies import SignedIn, TheServices
from backend.errors import Invalid
from backend.events import Place
from backend.live.own import OwnStream
from backend.live.stream import Stream, Subject
from backend.schemas import AddressText, DigestText

router = APIRouter(prefix="/v1/live", tags=["live"])


async def _opener(
    request: Request,
    services: TheServices,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
    after: Annotated[str | None, Query(max_length=100)] = None,
) -> Callable[[Subject], Stream]:
    """Opens a stream for who asks, from where they ask; a browser that comes back says so in Last-Event-ID."""
    hub, seats = request.app.state.hub, request.app.state.seats
    client = request.client.host if request.client else "unknown"
    seats.check(client)
    place = last_event_id or after
    try:
        parsed = Place.parse(place) if place else None
    except ValueError as error:
        raise Invalid("cursor_invalid", f"Last-Event-ID and `after` take the id of an event: {error}") from error
    return lambda subject: Stream(services, hub, seats, client, subject, parsed)


Opener = Annotated[Callable[[Subject], Stream], Depends(_opener)]


@router.get("/batches/{batch_id}", response_class=Stream, status_code=200)
async def batch(batch_id: DigestText, opened: Opener) -> Stream:
    """Every event of a batch, also of one that is not on chain yet."""
    return opened(Subject("batch", batch_id))


@router.get("/workers/{address}", response_class=Stream, status_code=200)
async def worker(address: AddressText, opened: Opener) -> Stream:
    """Every event about an account: claims, submissions, payments, rejections, rulings."""
    return opened(Subject("account", address))


@router.get("/reviewers/{address}", response_class=Stream, status_code=200)
async def reviewer(address: AddressText, opened: Opener) -> Stream:
    """Every event of the batches that an address reviews, alone or in a panel, and proposals that wait."""
    return opened(Subject("reviewer", address))


@router.get("/me", response_class=OwnStream, status_code=200)
async def me(
    request: Request,
    services: TheServices,
    address: SignedIn,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
    after: Annotated[str | None, Query(max_length=100)] = None,
) -> OwnStream:
    """The signed-in address's notices: revisions, windows that run out, messages. Nobody else hears them."""
    seats = request.app.state.seats
    client = request.client.host if request.client else "unknown"
    seats.check(client)
    place = last_event_id or after
    if place is not None and re.fullmatch(r"[0-9]{1,18}", place) is None:
        raise Invalid("cursor_invalid", f"Last-Event-ID and `after` take the id of a notice: {place[:40]!r} is none")
    position = int(place) if place is not None else None
    return OwnStream(services, request.app.state.hub, seats, client, address, position)
