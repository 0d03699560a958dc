"""What routes ask for: the services, and who is signed in."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request

from backend.accounts.service import session_address
from backend.errors import NotSignedIn
from backend.rates import request_cost
from backend.services import Services


async def services(request: Request) -> Services:
    """The gateway's parts, built at start. Async, so that no thread is taken for a look."""
    found: Services = request.app.state.services
    return found


TheServices = Annotated[Services, Depends(services)]


def signed_in(request: Request, services: TheServices, authorization: Annotated[str | None, Header()] = None) -> str:
    """The address of the bearer token. Raises NotSignedIn, and TooMany beyond the address's rate."""
    kind, _, token = (authorization or "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise NotSignedIn("not_signed_in", "send `Authorization: Bearer …` with a token of POST /v1/auth/login")
    address = session_address(services, token)
    services.rates.charge_address(address, request_cost(request.scope))
    return address


def maybe_signed_in(
    request: Request, services: TheServices, authorization: Annotated[str | None, Header()] = None
) -> str | None:
    """The address of the bearer token, or None if none was sent."""
    return signed_in(request, services, authorization) if authorization else None


SignedIn = Annotated[str, Depends(signed_in)]
MaybeSignedIn = Annotated[str | None, Depends(maybe_signed_in)]
