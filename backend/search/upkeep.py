"""A thread that follows the mirror's events and fetches manifests, so that the catalog stays true."""

from __future__ import annotations

import time
from collections.abc import Iterable

import structlog

from backend import events
from backend.batches.service import fetch_document
from backend.errors import Conflict
from backend.ipfs.port import PayloadError
from backend.pay.pace import ENOUGH_MEASURED, units_per_hour
from backend.rounds import Rounds
from backend.schemas import MAX_UNITS
from backend.search import rows
from backend.services import Services
from piecework.db.mirror import MirrorBatch

log = structlog.get_logger("search")

_EVENTS = 2_000
_MANIFESTS = 20
"""Looked at in one round."""


class Upkeep(Rounds):
    """Rounds of `run_once`."""

    def __init__(self, services: Services) -> None:
        super().__init__("search", lambda: services.settings.search_poll_seconds, log, "search_upkeep_failed")
        self._services = services
        self._catalog = services.catalog
        self._place: events.Place | None = None

    def run_once(self) -> None:
        """Takes in what happened since the last round."""
        now = self._services.clock.now()
        self._follow(now)
        with self._services.reading() as session:
            over = rows.overdue(session, now, _EVENTS)
        self._catalog.refresh(over, now)
        self._fetch(now)

    def _follow(self, now: int) -> None:
        with self._services.reading() as session:
            place = self._place
            if place is None or not events.stands(session, place):
                # At start, and after a reorg: rows of what is no more are compared too.
                last = events.last(session)
                session.rollback()
                self._catalog.reconcile(now)
                worked_on = rows.worked_on(session, now)
                session.rollback()
                self._measure(worked_on)
                self._place = last
                return
            found = events.after(session, place, _EVENTS)
        if found:
            touched = {event.batch_id for event in found if event.batch_id}
            self._catalog.refresh(touched, now)
            self._measure(touched)
            self._place = events.Place.of(found[-1])

    def _measure(self, batch_ids: Iterable[str]) -> None:
        """Writes down what batches pay an hour by the chain's times, where enough was measured."""
        for batch_id in batch_ids:
            with self._services.reading() as session:
                batch, known = session.get(MirrorBatch, batch_id), rows.known(session, [batch_id])
                if batch is None or not known:
                    continue
                pace = self._services.paces.of(session, batch)
                pay = min(MAX_UNITS, units_per_hour(batch.reward_units, pace.median_ms))
                told = known[0].pay_units_per_hour if known[0].pay_is_measured else None
            if pace.assignments >= ENOUGH_MEASURED and pay != told:
                self._catalog.set_pay(batch_id, pay)

    def _fetch(self, now: int) -> None:
        with self._services.reading() as session:
            awaited = [(row.batch_id, row.manifest) for row in rows.awaited(session, time.time(), _MANIFESTS)]
        for batch_id, digest in awaited:
            if self._stop.is_set():
                return
            try:
                self._catalog.manifest_found(batch_id, fetch_document(self._services, digest, "manifest"), now)
            except Conflict:
                self._catalog.manifest_found(batch_id, None, now)
            except PayloadError as error:
                log.info("manifest_missing", batch_id=batch_id, error=type(error).__name__)
                self._catalog.manifest_missing(batch_id)
