"""Webhooks: one's own endpoints, their proof, secret, deliveries and replay."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from backend.dependencies import SignedIn, TheServices
from backend.idempotency import CreatingRoute
from backend.paging import MAX_LIMIT
from backend.webhooks import service
from backend.webhooks.schemas import (
    DeliveryPage,
    EndpointIn,
    EndpointList,
    EndpointView,
    ReplayIn,
    Secret,
)

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=CreatingRoute)

EndpointId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


@router.get("")
def endpoints(owner: SignedIn, services: TheServices) -> EndpointList:
    """One's own endpoints."""
    return service.own(services, owner)


@router.post("", status_code=201)
def register(body: EndpointIn, owner: SignedIn, services: TheServices) -> EndpointView:
    """Names a URL that is to be told of every event of one's batches. It is told nothing before it proved itself."""
    return service.register(services, owner, body)


@router.get("/{endpoint_id}")
def endpoint(endpoint_id: EndpointId, owner: SignedIn, services: TheServices) -> EndpointView:
    """One endpoint, with what waits for it and what went wrong last."""
    return service.view(services, owner, endpoint_id)


@router.delete("/{endpoint_id}", status_code=204)
def drop(endpoint_id: EndpointId, owner: SignedIn, services: TheServices) -> None:
    """Deletes an endpoint and what waits for it."""
    service.drop(services, owner, endpoint_id)


@router.get("/{endpoint_id}/secret")
def secret(endpoint_id: EndpointId, owner: SignedIn, services: TheServices) -> Secret:
    """What the receiver checks signatures with."""
    return Secret(secret=service.secret(services, owner, endpoint_id))


@router.post("/{endpoint_id}/proof")
def prove(endpoint_id: EndpointId, owner: SignedIn, services: TheServices) -> EndpointView:
    """Sends a signed `endpoint.proof` with a challenge; the endpoint is active once it answers with that challenge."""
    return service.prove(services, owner, endpoint_id)


@router.post("/{endpoint_id}/replay")
def replay(endpoint_id: EndpointId, body: ReplayIn, owner: SignedIn, services: TheServices) -> EndpointView:
    """Sends again what came after an event."""
    return service.replay(services, owner, endpoint_id, body.after)


@router.get("/{endpoint_id}/deliveries")
def deliveries(
    endpoint_id: EndpointId,
    owner: SignedIn,
    services: TheServices,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
) -> DeliveryPage:
    """What was sent and what waits, newest first."""
    return service.deliveries(services, owner, endpoint_id, cursor, limit)
