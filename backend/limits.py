"""Limits that hold before anything is parsed: bytes and seconds of a body, and what an address may hold."""

from __future__ import annotations

import re
import time

import anyio
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.errors import Malformed, TooLarge, problem

_LARGE = re.compile(
    r"/v1/(batches|payloads|task-uploads/[^/]+/parts/[^/]+|work/assignments/[^/]+/answers|reviews/batches/[^/]+/proposals|lists/[^/]+/members(/removal)?)"
)
"""Where bodies of the whole size are taken; elsewhere a few signed fields are all that is expected."""


class BodyLimit:
    """Refuses bodies above `max_bytes`, by their announced length or as they arrive, bodies that are not there after
    `max_seconds`, and addresses that hold NUL. Where no large body belongs the limit is `max_small_bytes`.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, max_small_bytes: int, max_seconds: float) -> None:
        self._app = app
        self._max = max_bytes
        self._max_small = min(max_bytes, max_small_bytes)
        self._seconds = max_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            answer = problem(422, "malformed_request", Malformed.title, "at /url: NUL has no place in an address")
            await answer(scope, receive, send)
            return
        most = self._max if _LARGE.fullmatch(scope["path"]) else self._max_small
        detail = f"a request body has at most {most} bytes here"
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced[:20]) > most:
            await problem(413, "body_too_large", TooLarge.title, detail)(scope, receive, send)
            return
        taken, is_whole, end = 0, False, time.monotonic() + self._seconds

        async def counted() -> Message:
            nonlocal taken, is_whole
            if is_whole:  # what may follow is that the client goes, whenever it likes
                return await receive()
            try:
                with anyio.fail_after(end - time.monotonic()):
                    message = await receive()
            except TimeoutError as error:
                # Of the framework's kind, as below: it passes through the reading of a body as it is.
                told = f"the body was not there after {self._seconds:g} s: send it faster, or in parts"
                raise HTTPException(408, told) from error
            taken += len(message.get("body", b""))
            is_whole = not message.get("more_body", False)
            if taken > most:
                raise HTTPException(413, detail)
            return message

        await self._app(scope, counted, send)
