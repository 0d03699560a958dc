"""Upload and fetch payloads. The store is public; sealed answers are not put there before their results."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from backend.dependencies import SignedIn, TheServices
from backend.errors import Invalid, TooLarge
from backend.idempotency import CreatingRoute
from backend.ipfs.unixfs import build
from backend.services import Services
from piecework.domain.cid import CidError, parse_cid

router = APIRouter(prefix="/v1/payloads", tags=["payloads"], route_class=CreatingRoute)

_ANY_BYTES = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class Stored(BaseModel):
    cid: str
    size: int


@router.post("", status_code=201, openapi_extra=_ANY_BYTES)
async def upload(
    request: Request, _: SignedIn, services: TheServices, cid: Annotated[str | None, Query(max_length=100)] = None
) -> Stored:
    """Pins a file, for instance an image that tasks name, and returns its CID.

    With `cid`, bytes that it does not name are refused: what arrived is then what was sent.
    """
    data = await request.body()
    return await run_in_threadpool(_store, services, data, cid)


def _store(services: Services, data: bytes, cid: str | None) -> Stored:
    limit = services.settings.max_payload_bytes
    if len(data) > limit:
        raise TooLarge("payload_too_large", f"the payload has {len(data)} bytes, {limit} are taken")
    if not data:
        raise Invalid("payload_empty", "the payload has no bytes")
    if cid is not None:
        _parse(cid)
        *_, root = build(data)
        if root.cid != cid:
            raise Invalid("cid_mismatch", f"the bytes that arrived are {root.cid}, not {cid}: send them again")
    return Stored(cid=services.store.put(data), size=len(data))


def _parse(cid: str) -> None:
    try:
        parse_cid(cid)
    except CidError as error:
        raise Invalid("cid_invalid", str(error)) from error


@router.get("/{cid}", response_class=Response)
def fetch(cid: Annotated[str, Path(max_length=100)], services: TheServices) -> Response:
    """The bytes that the CID names, hashed again on the way."""
    _parse(cid)
    data = services.store.get(cid, services.settings.max_body_bytes)
    headers = {
        "x-content-type-options": "nosniff",
        "cache-control": "public, max-age=31536000, immutable",
        "content-security-policy": "default-src 'none'; sandbox",
        "content-disposition": "attachment",
    }
    return Response(data, media_type="application/octet-stream", headers=headers)
