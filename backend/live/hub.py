"""Wakes streams when something of theirs happened. What it was they read themselves: a spare waking harms nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import anyio.to_thread
import structlog

from backend import events
from backend.live import repository
from backend.notices import repository as notices
from backend.services import Services

log = structlog.get_logger("live")

Topic = tuple[str, str]
"""`batch`, `account`, `reviewer` or `notices`, and its id or address."""
_EVENTS = 1_000
"""Looked at in one round; after more, everybody is woken."""


class Hub:
    """One a gateway; everything but `close` runs in the event loop."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._waiting: dict[Topic, set[asyncio.Event]] = {}
        self._place: events.Place | None = None
        self._proposals: set[repository.ProposalState] = set()
        self._warnings: set[repository.WarningState] = set()
        self._notice = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self.is_closing = False

    async def run(self) -> None:
        """Looks at the mirror, as long as somebody listens, until it is cancelled or closed."""
        self._loop = asyncio.get_running_loop()
        self.is_closing = False
        while not self.is_closing:
            await asyncio.sleep(self._services.settings.live_poll_seconds)
            if not self._waiting:
                self._place = None
                continue
            try:
                touched = await anyio.to_thread.run_sync(self.look)
            except Exception as error:
                log.error("live_look_failed", error=type(error).__name__, detail=str(error)[:300])
                continue
            self._wake(self._waiting if touched is None else touched)

    def close(self) -> None:
        """Ends every stream; from any thread or signal handler."""
        self.is_closing = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: self._wake(self._waiting))

    @contextmanager
    def listening(self, topics: Iterable[Topic]) -> Iterator[asyncio.Event]:
        """An event that is set whenever one of the topics is touched."""
        signal, wanted = asyncio.Event(), set(topics)
        for topic in wanted:
            self._waiting.setdefault(topic, set()).add(signal)
        try:
            yield signal
        finally:
            for topic in wanted:
                self._waiting[topic].discard(signal)
                if not self._waiting[topic]:
                    del self._waiting[topic]

    def look(self) -> set[Topic] | None:
        """What was touched since the last look; None if it could be anything."""
        with self._services.reading() as session:
            place, before = self._place, self._proposals
            self._proposals = repository.waiting_proposals(session)
            warned, self._warnings = self._warnings, repository.warnings(session)
            notice, self._notice = self._notice, notices.last(session)
            told = notices.recipients_after(session, notice) if self._notice > notice else set()
            found = events.after(session, place, _EVENTS) if place is not None else []
            if place is None or len(found) == _EVENTS or not events.stands(session, place):
                self._place = events.last(session)
                return None
            if found:
                self._place = events.Place.of(found[-1])
            batch_ids = {event.batch_id for event in found if event.batch_id}
            reviewed = batch_ids | {state[0] for state in self._proposals ^ before}
            reviewed |= {state[0] for state in self._warnings - warned}
            reviewers = repository.reviewers_of(session, reviewed) if reviewed else set()
        accounts = {event.account for event in found if event.account}
        return {
            *(("batch", batch_id) for batch_id in batch_ids),
            *(("account", account) for account in accounts),
            *(("notices", address) for address in told),
            *(("reviewer", reviewer) for reviewer in reviewers),
        }

    def _wake(self, topics: Iterable[Topic]) -> None:
        for topic in list(topics):
            for signal in self._waiting.get(topic, ()):
                signal.set()
