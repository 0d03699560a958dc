"""Upload and fetch payloads. The store is public; sealed answers are not put there before their results."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from backend.clients import network_of
from backend.dependencies import SignedIn, TheServices
from backend.idempotency import CreatingRoute
from backend.payloads import service
from backend.payloads.schemas import Stored

router = APIRouter(prefix="/v1/payloads", tags=["payloads"], route_class=CreatingRoute)

_ANY_BYTES = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def _whole_body(request: Request) -> bytes:
    return await request.body()


@router.post("", status_code=201, openapi_extra=_ANY_BYTES)
def upload(
    request: Request,
    owner: SignedIn,
    services: TheServices,
    data: Annotated[bytes, Depends(_whole_body)],
    cid: Annotated[str | None, Query(max_length=100)] = None,
) -> Stored:
    """Keeps a file, for instance an image that tasks name, and returns its CID.

    It stays once a funded batch or a worker's answer names it; else it is forgotten after a while.
    With `cid`, bytes that it does not name are refused: what arrived is then what was sent.
    """
    return service.store(services, owner, network_of(request.scope), data, cid)


@router.get("/{cid}", response_class=Response)
def fetch(cid: Annotated[str, Path(max_length=100)], services: TheServices) -> Response:
    """The bytes that the CID names, hashed again on the way."""
    service.check_cid(cid)
    data = services.store.get(cid, services.settings.max_body_bytes)
    headers = {
        "x-content-type-options": "nosniff",
        "cache-control": "public, max-age=31536000, immutable",
        "content-security-policy": "default-src 'none'; sandbox",
        "content-disposition": "attachment",
    }
    return Response(data, media_type="application/octet-stream", headers=headers)
