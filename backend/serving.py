"""The server's side of a connection: uvicorn's, with a place in the book of connections and ends to its waiting."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from backend.clients import household
from backend.connections import CLOSED, Connections, Waits
from backend.errors import TooLarge, TooMany, Unavailable, problem

_RETRY_SECONDS = 5
_TOLD = {
    "network": (
        429,
        "too_many_connections",
        TooMany.title,
        "your network address holds as many connections as one may",
    ),
    "total": (503, "connections_taken", Unavailable.title, "all connections of this gateway are busy"),
}


@dataclass(frozen=True)
class Patience:
    """How long, and for how much, a connection waits for its client.

    A request's head must be there after `head_seconds`; bytes that neither complete a head nor belong to a body are at
    most `head_bytes`; and an answer that the client stops reading is given up after `unread_seconds`.
    """

    head_seconds: float
    unread_seconds: float = 60.0
    head_bytes: int = 65_536


def held_to(book: Connections, patience: Patience) -> type[HttpToolsProtocol]:
    """The class of connections that uvicorn is to make (`http=`)."""
    return type("Bounded", (BoundedProtocol,), {"book": book, "patience": patience})


class BoundedProtocol(HttpToolsProtocol):
    """Made by `held_to`. Runs in the event loop alone."""

    book: Connections
    patience: Patience

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._head_timer: asyncio.TimerHandle | None = None
        self._unread_timer: asyncio.TimerHandle | None = None
        self._since = self.loop.time()
        self._steps = 0
        self._bytes_without_a_step = 0

    @cached_property
    def household(self) -> str:
        return household(self.client[0]) if self.client else "unknown"

    def waits(self) -> tuple[Waits, float] | None:
        if self.cycle is None:
            return Waits.FOR_ITS_FIRST_REQUEST, self._since
        if self.cycle.response_complete or self.transport.is_closing():
            return Waits.FOR_ANOTHER_REQUEST, self._since
        if self.cycle.more_body or self.flow.write_paused:
            return Waits.IN_A_REQUEST, self._since
        return None

    def drop(self, why: str) -> None:
        CLOSED.labels(why).inc()
        self.transport.abort()

    # ------------------------------------------------------------ what asyncio calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        refused = self.book.enter(self)
        if refused is not None:
            status, code, title, detail = _TOLD[refused]
            CLOSED.labels(refused).inc()
            self._refuse(status, code, title, f"{detail}: try again in {_RETRY_SECONDS} s", _RETRY_SECONDS)
        else:
            self._expect_a_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self.book.leave(self)
        self._stop_expecting_a_head()
        self._stop_expecting_reading()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        before = self._steps
        super().data_received(data)
        if self.transport.is_closing():
            return
        self._bytes_without_a_step = self._bytes_without_a_step + len(data) if self._steps == before else 0
        if self._bytes_without_a_step > self.patience.head_bytes:
            CLOSED.labels("head").inc()
            detail = f"the head of a request has at most {self.patience.head_bytes} bytes here"
            self._refuse(431, "head_too_large", TooLarge.title, detail)
        elif self.cycle is None or self.cycle.response_complete:
            self._expect_a_head()

    def eof_received(self) -> None:
        super().eof_received()
        self._expect_reading()  # the transport closes itself once what was written is read

    def pause_writing(self) -> None:
        super().pause_writing()
        self._expect_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_expecting_reading()

    # ---------------------------------------------------- what the parser and uvicorn call

    def on_headers_complete(self) -> None:
        self._steps += 1
        self._since = self.loop.time()
        self._stop_expecting_a_head()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._steps += 1
        super().on_body(body)

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        super().on_response_complete()
        if self.transport.is_closing():
            self._expect_reading()

    def send_400_response(self, msg: str) -> None:
        super().send_400_response(msg)
        self._expect_reading()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._expect_reading()

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing: whoever asks for another protocol is answered in this one, and may ask as often as the rates say."""

    # ------------------------------------------------------------------------- ends

    def _expect_a_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.patience.head_seconds, self.drop, "head")

    def _stop_expecting_a_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _expect_reading(self) -> None:
        if self._unread_timer is None:
            self._unread_timer = self.loop.call_later(self.patience.unread_seconds, self.drop, "unread")

    def _stop_expecting_reading(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _refuse(self, status: int, code: str, title: str, detail: str, retry_after: int | None = None) -> None:
        extra = {} if retry_after is None else {"retry_after_seconds": retry_after}
        answer = problem(status, code, title, detail, **extra)
        headers = b"".join(b"%s: %s\r\n" % header for header in [*answer.raw_headers, (b"connection", b"close")])
        self.transport.write(STATUS_LINE[status] + headers + b"\r\n" + bytes(answer.body))
        self.transport.close()
        self._expect_reading()
