"""Bonuses: drafted for the requester's wallet, and read by whom they concern."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from backend.bonuses import service
from backend.bonuses.schemas import BatchWorkerPage, BonusDraft, BonusIn, BonusPage
from backend.dependencies import SignedIn, TheServices
from backend.idempotency import CreatingRoute
from backend.paging import MAX_LIMIT
from backend.schemas import AddressText, DigestText

router = APIRouter(prefix="/v1", tags=["bonuses"], route_class=CreatingRoute)

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


@router.post("/batches/{batch_id}/bonuses/draft")
def draft(batch_id: DigestText, body: BonusIn, requester: SignedIn, services: TheServices) -> BonusDraft:
    """Unsigned `bonus` to a worker of one's own batch, from one's account in the escrow.

    The reason is stored once the chain names it; until then it is kept as long as unfunded drafts are.
    """
    return service.draft(services, requester, batch_id, body)


@router.get("/batches/{batch_id}/bonuses")
def of_batch(batch_id: DigestText, services: TheServices, cursor: str | None = None, limit: Limit = 20) -> BonusPage:
    """Bonuses in a batch, newest first."""
    return service.page(services, cursor, limit, batch_id=batch_id)


@router.get("/batches/{batch_id}/workers")
def workers(
    batch_id: DigestText, services: TheServices, cursor: str | None = None, limit: Limit = 20
) -> BatchWorkerPage:
    """Who took work of a batch, by address, with pay and bonuses as the chain has them."""
    return service.workers(services, batch_id, cursor, limit)


@router.get("/accounts/{address}/bonuses")
def of_worker(address: AddressText, services: TheServices, cursor: str | None = None, limit: Limit = 20) -> BonusPage:
    """Bonuses that an address was given, newest first."""
    return service.page(services, cursor, limit, worker=address)
