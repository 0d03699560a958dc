"""Uploads of tasks in parts, each small enough to be sent again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from backend.bodies import StrictRoute
from backend.clients import network_of
from backend.dependencies import SignedIn, TheServices
from backend.uploads import service
from backend.uploads.schemas import MAX_PARTS, UPLOAD_ID, PartIn, UploadView

router = APIRouter(prefix="/v1/task-uploads", tags=["uploads"], route_class=StrictRoute)

UploadId = Annotated[str, Path(pattern=UPLOAD_ID, description="Of the requester's choice, such as a digest.")]
Number = Annotated[int, Path(ge=0, lt=MAX_PARTS)]


@router.put("/{upload_id}/parts/{number}")
def put_part(
    request: Request, upload_id: UploadId, number: Number, body: PartIn, requester: SignedIn, services: TheServices
) -> UploadView:
    """Keeps a part until the upload expires; `POST /v1/batches` takes the whole by `tasks_upload`."""
    return service.put(services, requester, network_of(request.scope), upload_id, number, body)


@router.get("/{upload_id}")
def upload(upload_id: UploadId, requester: SignedIn, services: TheServices) -> UploadView:
    """Which parts are there."""
    return service.view(services, requester, upload_id)


@router.delete("/{upload_id}", status_code=204)
def remove(upload_id: UploadId, requester: SignedIn, services: TheServices) -> None:
    """Forgets an upload; batches that were drafted from it stay."""
    service.remove(services, requester, upload_id)
