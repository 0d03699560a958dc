"""Headers that every answer carries, whoever made it."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE: dict[str, str] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "SAMEORIGIN",
    "cross-origin-resource-policy": "same-origin",
}
"""Where a route says nothing else."""
_CLOSED = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""Content security policy of what is no page: a browser that opens it as one runs nothing."""
_A_YEAR = "max-age=31536000"


class SafeHeaders:
    """Adds `SAFE`, a closed policy, `no-store` for the API, and over TLS that there is no other way (HSTS)."""

    def __init__(self, app: ASGIApp, *, is_tls: bool) -> None:
        self._app = app
        self._is_tls = is_tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_api = scope["path"].startswith("/v1/")

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                complete(headers, is_api=is_api)
                if self._is_tls:
                    headers.setdefault("strict-transport-security", _A_YEAR)
            await send(message)

        await self._app(scope, receive, send_safely)


def complete(headers: MutableHeaders, *, is_api: bool = True) -> None:
    """Adds what is not there."""
    for name, value in SAFE.items():
        headers.setdefault(name, value)
    headers.setdefault("content-security-policy", _CLOSED)
    if is_api:
        headers.setdefault("cache-control", "no-store")
