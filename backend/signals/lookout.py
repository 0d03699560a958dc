"""A thread that looks at batches that give out work, so that a signal is known when its worker asks for more."""

from __future__ import annotations

import time

import structlog

from backend.rounds import Rounds
from backend.services import Services
from backend.signals import repository, service

log = structlog.get_logger("signals")

_REST = 20
"""A batch is left alone for so many times what the last look at it cost."""


class Lookout(Rounds):
    """Rounds of `run_once`."""

    def __init__(self, services: Services) -> None:
        super().__init__("signals", lambda: services.settings.signals_poll_seconds, log, "lookout_failed")
        self._services = services
        self._rests_until: dict[str, float] = {}

    def run_once(self) -> int:
        """Returns how many batches were looked at, or were still fresh."""
        now = self._services.clock.now()
        with self._services.reading() as session:
            open_ones = repository.giving_out(session, now, self._services.assigner.addresses)
        count = 0
        for batch_id in open_ones:
            if self._stop.is_set() or time.monotonic() < self._rests_until.get(batch_id, 0.0):
                continue
            start = time.monotonic()
            with self._services.reading() as session:
                service.looked(self._services, session, batch_id)
            end = time.monotonic()
            self._rests_until[batch_id] = end + _REST * (end - start)
            count += 1
        self._rests_until = {key: self._rests_until[key] for key in open_ones if key in self._rests_until}
        return count
