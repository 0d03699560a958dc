"""Limits that hold before anything is parsed."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.errors import Malformed, TooLarge, problem


class BodyLimit:
    """Refuses bodies above `max_bytes`, by their announced length or as they arrive, and addresses that hold NUL."""

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self._app = app
        self._max = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            answer = problem(422, "malformed_request", Malformed.title, "at /url: NUL has no place in an address")
            await answer(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > self._max:
            await self._refuse(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._max:
                # Of the framework's kind: it passes through the reading of a body as it is.
                raise HTTPException(413, f"a request body has at most {self._max} bytes")
            return message

        await self._app(scope, counted, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"a request body has at most {self._max} bytes"
        await problem(413, "body_too_large", TooLarge.title, detail)(scope, receive, send)
