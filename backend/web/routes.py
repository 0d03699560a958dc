"""The web app at every address that no route of the API answers."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from backend.services import Services
from backend.web.site import BUILT, Page, Site

RESERVED = frozenset(("v1", "mturk", "mcp", "docs", "redoc", "openapi.json", "healthz", "readyz", "metrics"))
"""First parts of addresses that are the API's, also where nothing answers."""


def install(app: FastAPI, services: Services) -> None:
    """Lets the app answer where no route does: with a file of it, or at its own addresses with the app itself."""
    settings = services.settings
    folder = Path(settings.web_app_dir) if settings.web_app_dir else BUILT
    site = Site(folder, (settings.rpc_url,) if settings.expose_rpc_url else ())
    no_such_address = app.router.default

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        page = None
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            path = scope["path"].lstrip("/")
            gzipped = "gzip" in Request(scope).headers.get("accept-encoding", "")
            if path.partition("/")[0] not in RESERVED:
                page = await run_in_threadpool(site.find, path, gzipped=gzipped)
        if page is None:
            await no_such_address(scope, receive, send)
        else:
            await _response(page)(scope, receive, send)

    app.router.default = answer


def _response(page: Page) -> Response:
    headers = {
        "cache-control": page.cache,
        "content-security-policy": page.policy,
        "cross-origin-opener-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "vary": "accept-encoding",
    }
    if page.packed:
        headers["content-encoding"] = "gzip"
    return Response(page.body, status_code=page.status, media_type=page.media_type, headers=headers)
