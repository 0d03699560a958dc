"""Delivers: finds what happened for whom, stores the messages, sends them in order, tries again, gives up after days.

Any number of gateways may run this on one database. An endpoint is worked on under a lease; messages are stored before
they are sent and marked after, so one that dies in between leaves a message that is sent again, under the same id.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session

from backend import events
from backend.errors import GatewayError
from backend.outbound.client import NoAnswer
from backend.outbound.urls import UrlRefused
from backend.rounds import Rounds
from backend.services import Services
from backend.webhooks import messages, repository
from backend.webhooks.service import open_secret
from piecework.db.webhooks import WebhookDelivery, WebhookEndpoint

log = structlog.get_logger("webhooks")

DELAYS_SECONDS = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800)
"""Between attempts, the last one again and again; each up to a fifth longer, so that not all come at once."""
MAX_ATTEMPTS = 12
"""Of one message, over more than a day. Then it is left, and the next one is tried."""
DISABLED_AFTER_SECONDS = 5 * 86_400.0
"""Of failing without a break."""
KEPT_SECONDS = 7 * 86_400.0
"""That an ended delivery can be looked at."""
LEASE_SECONDS = 60.0
_GONE = 410
_SENDERS = 8
_EVENTS = 1_000
_AT_ONCE = 100
"""Messages made, and sent, in one turn."""
_TIDY_SECONDS = 600.0
_STUCK_SECONDS = 300.0


@dataclass(slots=True)
class _Turn:
    """One endpoint in our hands until `held`."""

    endpoint_id: str
    held: float


@dataclass(frozen=True, slots=True)
class _Outcome:
    status: int | None
    error: str | None


class Dispatcher(Rounds):
    """Rounds of `run_once`."""

    def __init__(self, services: Services, *, now: Callable[[], float] = time.time) -> None:
        super().__init__("webhooks", lambda: services.settings.webhook_poll_seconds, log, "webhooks_failed")
        self._services = services
        self._now = now
        self._place: events.Place | None = None
        self._busy: dict[str, Future[None]] = {}
        self._tidied_at = 0.0
        self._senders = ThreadPoolExecutor(max_workers=_SENDERS, thread_name_prefix="webhook")

    def stop(self) -> None:
        super().stop()
        self._senders.shutdown(wait=True, cancel_futures=True)

    def run_once(self) -> None:
        """Gives every endpoint that something is to be done for to a sender, unless one is at it."""
        self._look()
        self._busy = {endpoint_id: turn for endpoint_id, turn in self._busy.items() if not turn.done()}
        with self._services.reading() as session:
            wanted = repository.due(session, self._now(), _AT_ONCE)
        for endpoint_id in wanted - set(self._busy):
            self._busy[endpoint_id] = self._senders.submit(self._safely, endpoint_id)
        if self._tidied_at + _TIDY_SECONDS < self._now():
            self._tidied_at = self._now()
            with self._services.writing() as session:
                repository.forget_ended(session, self._now() - KEPT_SECONDS)

    def turn(self, endpoint_id: str) -> None:
        """Makes and sends what is due for one endpoint, unless another gateway is at it."""
        now = self._now()
        taken = _Turn(endpoint_id, now + LEASE_SECONDS)
        with self._services.writing() as session:
            if not repository.lease(session, endpoint_id, now, taken.held):
                return
        try:
            self._make(taken)
            self._send(taken)
        finally:
            with self._services.writing() as session:
                repository.keep_lease(session, endpoint_id, taken.held, 0.0)

    # ----------------------------------------------------------------- making

    def _look(self) -> None:
        """Marks whose endpoints something happened for since the last look."""
        with self._services.reading() as session:
            place = self._place
            if place is None or not events.stands(session, place):
                found, owners, last = [], None, events.last(session)
            else:
                found = list(events.after(session, place, _EVENTS))
                owners = repository.owners_of(session, {event.batch_id for event in found if event.batch_id})
                last = events.Place.of(found[-1]) if found else place
        if owners is None or owners:
            with self._services.writing() as session:
                repository.mark_behind(session, owners)
        self._place = last

    def _make(self, taken: _Turn) -> None:
        """Stores a message for each new event."""
        with self._services.writing() as session:
            row = repository.locked(session, taken.endpoint_id)
            if row is None or row.leased_until != taken.held:
                return
            place = events.Place.parse(row.place)
            if not events.stands(session, place):
                place = self._back(session, row)
                text = messages.body("chain.reorg", {"at": str(place)}, self._now())
                self._store(session, row, str(place), "chain.reorg", text)
            found = events.after(session, place, _AT_ONCE, repository.of_owner(row.owner))
            for event in found:
                place = events.Place.of(event)
                if row.names is None or event.name in row.names:
                    self._store(session, row, str(place), messages.kind_of(event.name), messages.event_body(event))
            row.place, row.is_behind = str(place), len(found) == _AT_ONCE

    def _back(self, session: Session, row: WebhookEndpoint) -> events.Place:
        """The newest event that was told and still stands; what came after it is told as it is now."""
        for text in repository.newest_places(session, row.endpoint_id, _EVENTS):
            place = events.Place.parse(text)
            if events.stands(session, place):
                return place
        return events.last(session)

    def _store(self, session: Session, row: WebhookEndpoint, place: str, kind: str, body: str) -> None:
        """Once for each event; a reorg's own message once for each place it goes back to and each old one."""
        mark = f"{row.place}>{place}" if kind == "chain.reorg" else place
        found = messages.message_id(row.endpoint_id, mark, kind)
        if session.query(WebhookDelivery.position).filter(WebhookDelivery.message_id == found).first() is None:
            session.add(
                WebhookDelivery(
                    message_id=found,
                    endpoint_id=row.endpoint_id,
                    place=place,
                    type=kind,
                    body=body,
                    state="queued",
                    attempts=0,
                    created_at=self._now(),
                )
            )

    # ---------------------------------------------------------------- sending

    def _send(self, taken: _Turn) -> None:
        """Sends what waits, in order, until one fails."""
        for _ in range(_AT_ONCE):
            with self._services.writing() as session:
                until = self._now() + LEASE_SECONDS
                if self._stop.is_set() or not repository.keep_lease(session, taken.endpoint_id, taken.held, until):
                    return
                taken.held = until
                row = repository.endpoint(session, taken.endpoint_id)
                waiting = repository.queued(session, taken.endpoint_id)
                if row is None or waiting is None:
                    return
                url, sealed = row.url, open_secret(self._services, row)
                position, sent_id, text = waiting.position, waiting.message_id, waiting.body
            outcome = self._ask(url, sealed, sent_id, text)
            if not self._record(taken, position, outcome):
                return

    def _ask(self, url: str, secret: bytes, sent_id: str, text: str) -> _Outcome:
        try:
            sent = messages.headers(secret, sent_id, text, self._now())
            answer = self._services.outbound.post(url, text.encode(), sent)
        except (UrlRefused, NoAnswer) as error:
            return _Outcome(None, str(error))
        if 200 <= answer.status < 300:
            return _Outcome(answer.status, None)
        return _Outcome(answer.status, f"the endpoint answered {answer.status}")

    def _record(self, taken: _Turn, position: int, outcome: _Outcome) -> bool:
        """Writes down how it went; True if the next message may be sent now."""
        now = self._now()
        with self._services.writing() as session:
            row = repository.locked(session, taken.endpoint_id)
            delivery = session.get(WebhookDelivery, position)
            if row is None or delivery is None or row.leased_until != taken.held:
                return False  # deleted or replayed meanwhile
            delivery.attempts += 1
            delivery.status, delivery.error = outcome.status, outcome.error
            if outcome.error is None:
                delivery.state, delivery.ended_at = "delivered", now
                row.failures, row.failing_since, row.last_error, row.next_at = 0, None, None, 0.0
                return True
            if delivery.attempts >= MAX_ATTEMPTS:
                delivery.state, delivery.ended_at = "failed", now
            row.failures += 1
            row.failing_since = row.failing_since or now
            row.last_error = outcome.error
            delay = DELAYS_SECONDS[min(row.failures, len(DELAYS_SECONDS)) - 1]
            row.next_at = now + delay * random.uniform(1, 1.2)  # noqa: S311 - no secret
            if outcome.status == _GONE or now - row.failing_since > DISABLED_AFTER_SECONDS:
                row.state = "disabled"
                log.warning("webhook_disabled", endpoint_id=row.endpoint_id, owner=row.owner, error=outcome.error)
            return False

    # ----------------------------------------------------------------- thread

    def _safely(self, endpoint_id: str) -> None:
        try:
            self.turn(endpoint_id)
        except GatewayError as error:
            log.error("webhook_stuck", endpoint_id=endpoint_id, code=error.code, detail=error.detail)
            with self._services.writing() as session:
                repository.postpone(session, endpoint_id, self._now() + _STUCK_SECONDS, error.detail)
        except Exception as error:
            log.error("webhook_failed", endpoint_id=endpoint_id, error=type(error).__name__, detail=str(error)[:300])
