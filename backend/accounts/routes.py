"""Sign-in: ask for a nonce, sign an EIP-4361 message with it, get a token."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from backend.accounts import service
from backend.bodies import StrictRoute
from backend.dependencies import SignedIn, TheServices
from backend.schemas import RequestModel, SignatureText

router = APIRouter(prefix="/v1/auth", tags=["accounts"], route_class=StrictRoute)


class Nonce(BaseModel):
    nonce: str
    expires_at: float


class Login(RequestModel):
    message: str = Field(max_length=4_000)
    signature: SignatureText


class LoggedIn(BaseModel):
    token: str
    address: str
    expires_at: float


@router.post("/nonce")
def nonce(services: TheServices) -> Nonce:
    """A number that one sign-in message may carry."""
    value, expires_at = service.new_nonce(services)
    return Nonce(nonce=value, expires_at=expires_at)


@router.post("/login")
def login(body: Login, services: TheServices) -> LoggedIn:
    """Opens a session for the address that signed the message."""
    opened = service.sign_in(services, body.message, body.signature)
    return LoggedIn(token=opened.token, address=opened.address, expires_at=opened.expires_at)


@router.post("/logout", status_code=204)
def logout(address: SignedIn, services: TheServices) -> None:
    """Ends every session of the signed-in address."""
    service.sign_out(services, address)
