"""Upload and fetch payloads. The store is public; sealed answers are not put there before their results."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Response
from pydantic import BaseModel

from backend.dependencies import SignedIn, TheServices
from backend.errors import Invalid, TooLarge
from piecework.domain.cid import CidError, parse_cid

router = APIRouter(prefix="/v1/payloads", tags=["payloads"])


class Stored(BaseModel):
    cid: str
    size: int


@router.post("", status_code=201)
def upload(
    data: Annotated[bytes, Body(media_type="application/octet-stream")], _: SignedIn, services: TheServices
) -> Stored:
    """Pins a file, for instance an image that tasks name, and returns its CID."""
    limit = services.settings.max_payload_bytes
    if len(data) > limit:
        raise TooLarge("payload_too_large", f"the payload has {len(data)} bytes, {limit} are taken")
    if not data:
        raise Invalid("payload_empty", "the payload has no bytes")
    return Stored(cid=services.store.put(data), size=len(data))


@router.get("/{cid}", response_class=Response)
def fetch(cid: Annotated[str, Path(max_length=100)], services: TheServices) -> Response:
    """The bytes that the CID names, hashed again on the way."""
    try:
        parse_cid(cid)
    except CidError as error:
        raise Invalid("cid_invalid", str(error)) from error
    data = services.store.get(cid, services.settings.max_body_bytes)
    headers = {
        "x-content-type-options": "nosniff",
        "cache-control": "public, max-age=31536000, immutable",
        "content-security-policy": "default-src 'none'; sandbox",
        "content-disposition": "attachment",
    }
    return Response(data, media_type="application/octet-stream", headers=headers)
