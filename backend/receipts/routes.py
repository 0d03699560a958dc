"""Receipts: every movement of an address's money, for its books."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from backend.clients import network_of
from backend.dependencies import TheServices
from backend.receipts import service
from backend.schemas import AddressText
from backend.streams import paced

router = APIRouter(prefix="/v1/accounts", tags=["receipts"])

Day = Annotated[date | None, Query(description="A day in UTC, such as 2026-01-31.")]


@router.get("/{address}/receipts.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
def receipts(
    request: Request, address: AddressText, services: TheServices, since: Day = None, until: Day = None
) -> StreamingResponse:
    """What came in and went out of an address's account and its batches, oldest first, with running balances."""
    lines = service.table(services, address, since, until)
    headers = {"content-disposition": f'attachment; filename="piecework-receipts-{address}.csv"'}
    flowing = paced(services, network_of(request.scope), lines)
    return StreamingResponse(flowing, media_type="text/csv; charset=utf-8", headers=headers)
