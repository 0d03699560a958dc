"""Frees tasks when their assignment ends: at once, so that others are offered them before anybody asks again."""

from __future__ import annotations

import threading

import structlog

from backend.services import Services
from backend.work import repository
from backend.work.status import FINAL, refresh

log = structlog.get_logger("work")


class Releaser:
    """A thread of rounds; any number of gateways may run it on one database."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="releaser", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def run_once(self) -> int:
        """Returns how many assignments ended. Each batch is locked, so that no task is freed twice."""
        now, count = self._services.clock.now(), 0
        with self._services.reading() as session:
            due = repository.with_ended(session, now)
        for batch_id in due:
            with self._services.writing() as session:
                repository.locked_draft(session, batch_id)
                for row in repository.due_assignments(session, batch_id, now):
                    count += refresh(session, row, now).status in FINAL
        return count

    def _run(self) -> None:
        while not self._stop.wait(self._services.settings.keeper_poll_seconds):
            try:
                self.run_once()
            except Exception as error:
                log.error("releaser_failed", error=type(error).__name__, detail=str(error)[:300])
