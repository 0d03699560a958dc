"""What anybody may check, without signing in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from backend.audit import service
from backend.audit.repository import Wanted
from backend.audit.schemas import AuditEventPage, BatchMoney, Totals
from backend.clients import network_of
from backend.dependencies import TheServices
from backend.errors import Invalid
from backend.paging import MAX_LIMIT
from backend.schemas import AddressText, DigestText
from backend.streams import paced

router = APIRouter(prefix="/v1/audit", tags=["audit"])

Names = Annotated[list[Annotated[str, Query(min_length=1, max_length=40)]], Query(max_length=40)]


@router.get("/totals")
def totals(services: TheServices) -> Totals:
    """Money of the whole escrow, in sums that must add up, at the block that the mirror is at."""
    return service.totals(services)


@router.get("/batches/{batch_id}")
def batch(batch_id: DigestText, services: TheServices) -> BatchMoney:
    """A batch's money: what was locked, and where each part of it is."""
    return service.batch_money(services, batch_id)


@router.get("/events")
def events(
    services: TheServices,
    batch_id: DigestText | None = None,
    account: AddressText | None = None,
    name: Names = [],  # noqa: B006 - FastAPI copies it
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
) -> AuditEventPage:
    """Events of a batch or about an account, newest first, of the names that are asked for."""
    if batch_id is None and account is None:
        raise Invalid("batch_or_account", "say whose events: give batch_id, account or both")
    return service.events(services, Wanted(batch_id, account, tuple(name)), cursor, limit)


@router.get("/events.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
def table(
    request: Request,
    services: TheServices,
    batch_id: DigestText | None = None,
    account: AddressText | None = None,
    name: Names = [],  # noqa: B006
) -> StreamingResponse:
    """The same as a table, oldest first, whole; of the whole escrow if neither batch nor account is named."""
    lines = service.table(services, Wanted(batch_id, account, tuple(name)))
    headers = {"content-disposition": 'attachment; filename="piecework-events.csv"'}
    flowing = paced(services, network_of(request.scope), lines)
    return StreamingResponse(flowing, media_type="text/csv; charset=utf-8", headers=headers)
