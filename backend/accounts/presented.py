"""What a request shows to say who asks: a bearer token (machines), or the session's cookie (browsers).

A browser sends a cookie along whoever made it ask. So a request by cookie that changes something must come from a page
of this gateway: its `Origin`, which no page can choose, must be `PIECEWORK_PUBLIC_URL`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.requests import Request
from starlette.responses import Response

from backend.errors import Invalid, NotAllowed, NotSignedIn

COOKIE = "__Host-piecework"
"""A browser takes such a name only over TLS (or from this machine), for the whole host, and for no other host."""
BEARER = HTTPBearer(auto_error=False, scheme_name="bearer", description="Token of POST /v1/auth/login.")
SESSION = APIKeyCookie(
    name=COOKIE,
    auto_error=False,
    scheme_name="session",
    description='Cookie of POST /v1/auth/login with `"session": "cookie"`; what changes something needs `Origin` too.',
)
_READING = frozenset(("GET", "HEAD", "OPTIONS"))
_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_TOKEN = 200


@dataclass(frozen=True, slots=True)
class Presented:
    """A token, and how it came."""

    token: str
    is_cookie: bool


def presented(request: Request, public_url: str) -> Presented | None:
    """The bearer token, else the cookie, else None.

    Raises NotSignedIn for another kind of authorization, and NotAllowed for a cookie that another page sent.
    """
    header = request.headers.get("authorization")
    if header is not None:
        kind, _, token = header.partition(" ")
        if kind.lower() != "bearer" or not token or len(token) > _MAX_TOKEN:
            raise NotSignedIn("not_signed_in", "send `Authorization: Bearer …` with a token of POST /v1/auth/login")
        return Presented(token, is_cookie=False)
    token = request.cookies.get(COOKIE, "")
    if not token or len(token) > _MAX_TOKEN:
        return None
    if request.method not in _READING:
        check_origin(request, public_url)
    return Presented(token, is_cookie=True)


def check_origin(request: Request, public_url: str) -> None:
    """Raises NotAllowed unless a page of this gateway made the request."""
    own, found = origin_of(public_url), request.headers.get("origin")
    if found != own:
        detail = f"a request by cookie must come from a page of {own}, this one came from {str(found)[:100]}"
        raise NotAllowed("origin_refused", f"{detail}: machines send a bearer token instead")


def origin_of(url: str) -> str:
    """As browsers write it: scheme, host, and the port if it is not the usual one."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{host}" + ("" if usual else f":{parts.port}")


def check_cookies_work(public_url: str) -> None:
    """Raises Invalid where a browser would not keep the cookie."""
    parts = urlsplit(public_url)
    if parts.scheme != "https" and not _is_this_machine(parts.hostname or ""):
        detail = f"browsers keep no session from {origin_of(public_url)}: serve it over https, or send a bearer token"
        raise Invalid("cookie_needs_tls", detail)


def give(response: Response, token: str, lifetime_seconds: int) -> None:
    """Sets the cookie; scripts cannot read it, other sites' pages cannot make a browser send it."""
    response.set_cookie(
        COOKIE, token, max_age=lifetime_seconds, path="/", secure=True, httponly=True, samesite="strict"
    )


def take_back(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
