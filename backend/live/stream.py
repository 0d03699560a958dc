"""One stream of server-sent events: what happened after a place, and then what happens."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from sqlalchemy import ColumnElement
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from backend import events
from backend.live import repository
from backend.live.hub import Hub, Topic
from backend.live.seats import Seats
from backend.reviews.panels import panel_of
from backend.reviews.repository import reviewers
from backend.services import Services

AT_ONCE = 100
RETRY_MILLISECONDS = 2_000
_GRACE_SECONDS = 10.0
"""After its time, for a client to read the end."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a stream is about: `batch`, `account`, `reviewer` or `notices`, and its id or address."""

    kind: str
    name: str

    def own(self, services: Services) -> tuple[str, ...]:
        """The names under which it stands in the mirror; a reviewer's are the panels that it sits in too."""
        if self.kind != "reviewer":
            return (self.name,)
        with services.reading() as session:
            known = [name for name in reviewers(session) if self.name in panel_of(services, name).members]
        return (self.name, *(name for name in known if name != self.name))

    def condition(self, own: tuple[str, ...]) -> ColumnElement[bool]:
        if self.kind == "batch":
            return repository.of_batch(self.name)
        return repository.of_account(self.name) if self.kind == "account" else repository.of_reviewers(own)


class Stream(StreamingResponse):
    """Sends until the client goes, the time of a stream is over, or the gateway stops; holds a seat meanwhile.

    None of the framework's own kind: that sends for ever to a client that does not read.
    """

    media_type = "text/event-stream"

    def __init__(
        self, services: Services, hub: Hub, seats: Seats, client: str, subject: Subject, place: events.Place | None
    ) -> None:
        super().__init__(self._sent(), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._services = services
        self._hub = hub
        self._seats = seats
        self._client = client
        self._subject = subject
        self._place = place
        self._told: set[repository.ProposalState] = set()
        self._warned: set[repository.WarningState] = set()
        self._is_over = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The time limit holds for a client that does not read, too."""
        limit = self._services.settings.live_stream_seconds + _GRACE_SECONDS
        with self._seats.taking(self._client), anyio.move_on_after(limit):
            await super().__call__(scope, receive, send)

    async def _sent(self) -> AsyncIterator[bytes]:
        is_first, beat = True, self._services.settings.live_heartbeat_seconds
        end = time.monotonic() + self._services.settings.live_stream_seconds
        while not self._hub.is_closing and not self._is_over and time.monotonic() < end:
            own = await anyio.to_thread.run_sync(self._subject.own, self._services)
            # Listening before reading: what happens between the two wakes.
            with self._hub.listening(self._topics(own)) as touched:
                while True:
                    messages, is_all = await anyio.to_thread.run_sync(self._read, own, is_first)
                    for message in messages:
                        yield message
                    is_first = False
                    if self._hub.is_closing or self._is_over:
                        break
                    if is_all and not await _set_within(touched, min(beat, end - time.monotonic())):
                        break
                    touched.clear()
            yield KEEPALIVE_COMMENT

    def _topics(self, own: tuple[str, ...]) -> set[Topic]:
        return {(self._subject.kind, name) for name in own}

    def _read(self, own: tuple[str, ...], is_first: bool) -> tuple[list[bytes], bool]:
        """What came after the place, which moves on, and whether it is all."""
        messages: list[bytes] = []
        with self._services.reading() as session:
            if self._place is None:
                self._place = events.last(session)
            if is_first:
                messages.append(self._message("hello", {"at": str(self._place)}, retry=RETRY_MILLISECONDS))
            found = events.after(session, self._place, AT_ONCE, self._subject.condition(own))
            # Asked after reading: a place that stands now stood when they were read.
            if not events.stands(session, self._place):
                self._place = events.last(session)
                return [*messages, self._message("reorg", {"at": str(self._place)})], True
            for event in found:
                self._place = events.Place.of(event)
                messages.append(self._message("chain", _data(event)))
            if self._subject.kind == "reviewer":
                messages += self._proposals(repository.waiting_proposals(session, own))
                messages += self._warnings(repository.warnings(session, own))
        return messages, len(found) < AT_ONCE

    def _proposals(self, waiting: set[repository.ProposalState]) -> list[bytes]:
        fresh, self._told = sorted(waiting - self._told), waiting
        names = "batch_id", "proposal_id", "status", "signatures"
        return [encoded("proposal", dict(zip(names, state, strict=True))) for state in fresh]

    def _warnings(self, ending: set[repository.WarningState]) -> list[bytes]:
        fresh, self._warned = sorted(ending - self._warned), ending
        names = "batch_id", "review_ends_at", "answers", "workers"
        return [encoded("window_ending", dict(zip(names, state, strict=True))) for state in fresh]

    def _message(self, name: str, data: dict[str, Any], retry: int | None = None) -> bytes:
        return encoded(name, data, str(self._place), retry)


def encoded(name: str, data: dict[str, Any], place: str | None = None, retry: int | None = None) -> bytes:
    return format_sse_event(event=name, data_str=json.dumps(data), id=place, retry=retry)


def _data(event: events.Event) -> dict[str, Any]:
    names = "name", "batch_id", "account", "args", "block_number", "log_index", "block_timestamp", "transaction_hash"
    return {name: getattr(event, name) for name in names}


async def _set_within(signal: asyncio.Event, seconds: float) -> bool:
    """Whether it was set before so many seconds were over."""
    try:
        await asyncio.wait_for(signal.wait(), seconds)
    except TimeoutError:
        return False
    return True
