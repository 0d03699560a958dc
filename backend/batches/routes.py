"""Batches: draft, fund, read. Their list is backend/search's."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from backend.batches import arriving, commitment, reading, service, turns
from backend.batches.schemas import (
    BatchView,
    DisclosureKey,
    DraftBody,
    DraftView,
    EventPage,
    PermitBody,
    ResultsView,
    TransactionView,
)
from backend.clients import network_of
from backend.dependencies import MaybeSignedIn, SignedIn, TheServices
from backend.idempotency import CreatingRoute
from backend.paging import MAX_LIMIT
from backend.schemas import DigestText

router = APIRouter(prefix="/v1/batches", tags=["batches"], route_class=CreatingRoute)

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


@router.post("", status_code=201, dependencies=[Depends(turns.if_large, scope="function")])
def draft(request: Request, body: DraftBody, requester: SignedIn, services: TheServices) -> DraftView:
    """Drafts a batch: keeps its manifest for a while and returns what the wallet must sign to fund it."""
    return arriving.draft(services, requester, network_of(request.scope), body)


@router.post("/{batch_id}/transaction")
def funding(batch_id: DigestText, body: PermitBody, requester: SignedIn, services: TheServices) -> TransactionView:
    """The exact transaction that funds a draft, for a signed permit."""
    return TransactionView(transaction=service.funding_transaction(services, requester, batch_id, body.permit))


@router.get("/{batch_id}")
def batch(batch_id: DigestText, services: TheServices) -> BatchView:
    """One batch with its terms and counts."""
    return reading.view(services, batch_id)


@router.get("/{batch_id}/manifest", response_model=dict[str, Any])
def manifest(request: Request, batch_id: DigestText, services: TheServices) -> Response:
    """What the batch asks, byte for byte as pinned."""
    return Response(reading.manifest(services, batch_id, network_of(request.scope)), media_type="application/json")


@router.get("/{batch_id}/events")
def events(batch_id: DigestText, services: TheServices, cursor: str | None = None, limit: Limit = 20) -> EventPage:
    """Everything the chain says of the batch, oldest first."""
    return reading.events(services, batch_id, cursor, limit)


@router.get("/{batch_id}/disclosure-key")
def disclosure_key(
    batch_id: DigestText, reader: MaybeSignedIn, services: TheServices, response: Response
) -> DisclosureKey:
    """What opens the sealed known answers: for the batch's requester, and for everybody once they are public."""
    response.headers["cache-control"] = "no-store"
    return commitment.disclosure_key(services, reader, batch_id)


@router.get("/{batch_id}/results", response_model=ResultsView)
def results(request: Request, batch_id: DigestText, services: TheServices) -> Response:
    """Labels, and the results files that carry them."""
    return Response(reading.results(services, batch_id, network_of(request.scope)), media_type="application/json")


@router.post("/{batch_id}/close/draft")
def close(batch_id: DigestText, services: TheServices) -> TransactionView:
    """Unsigned `closeBatch`, for the requester's wallet."""
    return TransactionView(transaction=service.requester_call(services, batch_id, "close"))


@router.post("/{batch_id}/refund/draft")
def refund(batch_id: DigestText, services: TheServices) -> TransactionView:
    """Unsigned `refund`, for anyone's wallet."""
    return TransactionView(transaction=service.requester_call(services, batch_id, "refund"))
