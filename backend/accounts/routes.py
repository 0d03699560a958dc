"""Sign-in: ask for a nonce, sign an EIP-4361 message with it, get a token or a cookie."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from backend.accounts import presented, service
from backend.dependencies import SignedIn, TheServices, TheSession
from backend.idempotency import CreatingRoute
from backend.schemas import RequestModel, SignatureText

router = APIRouter(prefix="/v1/auth", tags=["accounts"], route_class=CreatingRoute)


class Nonce(BaseModel):
    nonce: str
    expires_at: float


class Login(RequestModel):
    message: str = Field(max_length=4_000)
    signature: SignatureText
    session: Literal["bearer", "cookie"] = "bearer"


class LoggedIn(BaseModel):
    token: str | None
    """For machines; None if the session is a cookie."""
    address: str
    expires_at: float


class CurrentSession(BaseModel):
    address: str
    expires_at: float
    kind: Literal["bearer", "cookie"]


@router.post("/nonce")
def nonce(services: TheServices) -> Nonce:
    """A number that one sign-in message may carry."""
    value, expires_at = service.new_nonce(services)
    return Nonce(nonce=value, expires_at=expires_at)


@router.post("/login")
def login(body: Login, request: Request, response: Response, services: TheServices) -> LoggedIn:
    """Opens a session for the address that signed the message: a token, or for a browser a cookie."""
    url, is_cookie = services.settings.public_url, body.session == "cookie"
    if is_cookie:
        presented.check_cookies_work(url)
        presented.check_origin(request, url)
    opened = service.sign_in(services, body.message, body.signature, is_cookie=is_cookie)
    if is_cookie:
        presented.give(response, opened.token, services.settings.session_lifetime_seconds)
    token = None if is_cookie else opened.token
    return LoggedIn(token=token, address=opened.address, expires_at=opened.expires_at)


@router.get("/session")
def session(found: TheSession) -> CurrentSession:
    """Who is signed in by what this request carries, and until when."""
    kind: Literal["bearer", "cookie"] = "cookie" if found.is_cookie else "bearer"
    return CurrentSession(address=found.address, expires_at=found.expires_at, kind=kind)


@router.post("/logout", status_code=204)
def logout(address: SignedIn, response: Response, services: TheServices) -> None:
    """Ends every session of the signed-in address."""
    service.sign_out(services, address)
    presented.take_back(response)
