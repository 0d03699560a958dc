"""Messages and ratings."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from backend.dependencies import SignedIn, TheServices
from backend.idempotency import CreatingRoute
from backend.paging import MAX_LIMIT
from backend.schemas import AddressText, DigestText
from backend.talk import messages, ratings
from backend.talk.schemas import (
    MessageIn,
    MessagePage,
    MessageView,
    RatingIn,
    RatingPage,
    RatingView,
    ReadIn,
    ThreadPage,
    Unread,
)

router = APIRouter(prefix="/v1", tags=["talk"], route_class=CreatingRoute)

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


@router.post("/batches/{batch_id}/messages", status_code=201)
def send(batch_id: DigestText, body: MessageIn, sender: SignedIn, services: TheServices) -> MessageView:
    """Writes to the batch's requester, or as that one to a worker who took tasks of it."""
    return messages.send(services, sender, batch_id, body)


@router.get("/batches/{batch_id}/messages")
def thread(
    batch_id: DigestText,
    reader: SignedIn,
    services: TheServices,
    worker: AddressText | None = None,
    cursor: str | None = None,
    limit: Limit = 20,
) -> MessagePage:
    """One's thread about a batch, newest first; its requester names the worker."""
    return messages.thread(services, reader, batch_id, worker, cursor, limit)


@router.post("/batches/{batch_id}/messages/read")
def read(batch_id: DigestText, body: ReadIn, reader: SignedIn, services: TheServices) -> Unread:
    """Marks a thread as read up to a message."""
    return messages.read(services, reader, batch_id, body)


@router.get("/messages")
def threads(reader: SignedIn, services: TheServices, cursor: str | None = None, limit: Limit = 20) -> ThreadPage:
    """One's threads with their last message and how many are unread."""
    return messages.threads(services, reader, cursor, limit)


@router.get("/messages/unread")
def unread(reader: SignedIn, services: TheServices) -> Unread:
    """How many messages to the signed-in address are unread."""
    return messages.unread(services, reader)


@router.put("/batches/{batch_id}/ratings/{address}")
def rate(
    batch_id: DigestText, address: AddressText, body: RatingIn, rater: SignedIn, services: TheServices
) -> RatingView:
    """Rates the other side after paid work in a batch; again to change it."""
    return ratings.rate(services, rater, batch_id, address, body)


@router.get("/batches/{batch_id}/ratings/{address}")
def own_rating(batch_id: DigestText, address: AddressText, rater: SignedIn, services: TheServices) -> RatingView:
    """What the signed-in address said of another about a batch."""
    return ratings.own(services, rater, batch_id, address)


@router.delete("/batches/{batch_id}/ratings/{address}", status_code=204)
def take_back(batch_id: DigestText, address: AddressText, rater: SignedIn, services: TheServices) -> None:
    """Takes one's rating back."""
    ratings.take_back(services, rater, batch_id, address)


@router.get("/accounts/{address}/ratings")
def of_address(
    address: AddressText,
    services: TheServices,
    batch_id: DigestText | None = None,
    rater: AddressText | None = None,
    cursor: str | None = None,
    limit: Limit = 20,
) -> RatingPage:
    """What others said of an address after paid work, beside its record on chain; public. Of one batch or one rater, if
    they are named: count and mean are of all."""
    return ratings.of_address(services, address, batch_id, rater, cursor, limit)
