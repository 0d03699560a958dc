"""What routes ask for: the services, and who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security

from backend.accounts.presented import BEARER, SESSION, presented
from backend.accounts.service import session_of
from backend.errors import NotSignedIn
from backend.rates import request_cost
from backend.services import Services


async def services(request: Request) -> Services:
    """The gateway's parts, built at start. Async, so that no thread is taken for a look."""
    found: Services = request.app.state.services
    return found


TheServices = Annotated[Services, Depends(services)]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is signed in, until when (unix seconds), and whether by cookie."""

    address: str
    expires_at: float
    is_cookie: bool


def visitor(services: Services, request: Request) -> Visitor | None:
    """Whose token or cookie a request carries; None if it carries none.

    Raises NotSignedIn for one that is none of ours, NotAllowed for a cookie that another page sent.
    """
    shown = presented(request, services.settings.public_url)
    if shown is None:
        return None
    address, expires_at = session_of(services, shown.token, is_cookie=shown.is_cookie)
    return Visitor(address, expires_at, shown.is_cookie)


def _maybe_visitor(
    request: Request,
    services: TheServices,
    _bearer: Annotated[object, Security(BEARER)],
    _session: Annotated[object, Security(SESSION)],
) -> Visitor | None:
    found = visitor(services, request)
    if found is not None:
        services.rates.charge_address(found.address, request_cost(request.scope))
    return found


async def _visitor(found: Annotated[Visitor | None, Depends(_maybe_visitor)]) -> Visitor:
    if found is None:
        raise NotSignedIn("not_signed_in", "send `Authorization: Bearer …` with a token of POST /v1/auth/login")
    return found


async def signed_in(found: Annotated[Visitor, Depends(_visitor)]) -> str:
    """The signed-in address. Raises NotSignedIn, NotAllowed, and TooMany beyond the address's rate."""
    return found.address


async def maybe_signed_in(found: Annotated[Visitor | None, Depends(_maybe_visitor)]) -> str | None:
    """The same, or None if nobody is signed in."""
    return found.address if found else None


TheSession = Annotated[Visitor, Depends(_visitor)]
SignedIn = Annotated[str, Depends(signed_in)]
MaybeSignedIn = Annotated[str | None, Depends(maybe_signed_in)]
