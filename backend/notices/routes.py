"""Notices of who is signed in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from backend.dependencies import SignedIn, TheServices
from backend.notices import service
from backend.notices.schemas import NoticePage
from backend.paging import MAX_LIMIT

router = APIRouter(prefix="/v1/notices", tags=["notices"])


@router.get("")
def notices(
    address: SignedIn,
    services: TheServices,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
) -> NoticePage:
    """What one was told beside the chain's events, newest first. `GET /v1/live/me` tells new ones as they come."""
    return service.own(services, address, cursor, limit)
