"""The relay's threads: the sender, and the keeper that feeds it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from backend.relay.budget import tidy
from backend.relay.cases import PanelCases
from backend.relay.keeper import Keeper
from backend.relay.outbox import Outbox
from backend.relay.ownership import NonceOwnership
from backend.relay.sender import Sender
from backend.services import Services

log = structlog.get_logger("relay")

_WATCH_SECONDS = 0.05
_IDLE_SECONDS = 0.5
_OWNER_SECONDS = 2.0
_TIDY_SECONDS = 60.0
_AGAIN_SECONDS, _AGAIN_MOST_SECONDS, _MOST_DOUBLINGS = 0.05, 2.0, 6


class Relay:
    """Runs until stopped. A second gateway on the same key waits for the first to end."""

    def __init__(self, services: Services, sender: Sender, outbox: Outbox) -> None:
        self._services = services
        self._sender = sender
        self._outbox = outbox
        minimum = services.settings.sweep_minimum_units
        panel = services.arbitration_panel
        cases = PanelCases(panel, services.escrow.address) if panel else None
        self._keeper = Keeper(outbox, sweep_minimum_units=minimum, cases=cases, losses=services.losses)
        self._ownership = NonceOwnership(services.engine, sender.address)
        self._tidied_at = -_TIDY_SECONDS
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._send, name="relay-sender", daemon=True),
            threading.Thread(target=self._keep, name="relay-keeper", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._outbox.wake.set()
        for thread in self._threads:
            thread.join(timeout=10)
        self._ownership.release()

    def _send(self) -> None:
        gather, trial = self._services.settings.relay_gather_seconds, Trial(self._stop)
        while not self._stop.is_set():
            own = self._ownership
            if not own.is_held() and not trial.run("ownership_failed", own.acquire, failed=False):
                log.info("another_process_owns_the_relayer", address=self._sender.address)
                self._stop.wait(_OWNER_SECONDS)
                continue
            if trial.run("sender_failed", self._sender.run_once, failed=True):
                self._stop.wait(_WATCH_SECONDS)
            elif self._outbox.wake.wait(_IDLE_SECONDS):
                self._outbox.wake.clear()
                time.sleep(gather)  # let others join the same transaction

    def _keep(self) -> None:
        trial = Trial(self._stop)
        while not self._stop.wait(self._services.settings.keeper_poll_seconds):
            trial.run("keeper_failed", self._keep_once, failed=False)

    def _keep_once(self) -> bool:
        now = self._services.clock.now()
        self._services.losses.look()
        with self._services.reading() as session:
            due, ended = self._keeper.due(session, now), self._services.losses.has_ended(session)
        if due or ended:
            with self._services.writing() as session:
                self._keeper.queue(session, due)
                self._services.losses.close(session)
        if self._tidied_at + _TIDY_SECONDS < time.monotonic():
            self._tidied_at = time.monotonic()
            with self._services.writing() as session:
                tidy(session, time.time(), self._services.settings.relay_budget_seconds)
        return bool(due)


class Trial:
    """Runs one thread's work; a failure is logged, and the stored state says where to go on.

    After one failure it goes on almost at once, as a lost answer says nothing of the next; after many, slowly.
    """

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._failures = 0

    def run(self, name: str, work: Callable[[], bool], *, failed: bool) -> bool:
        """What `work` returns, or `failed` after a pause."""
        try:
            found = work()
        except Exception as error:
            log.error(name, error=type(error).__name__, detail=str(error)[:300])
            self._stop.wait(min(_AGAIN_MOST_SECONDS, _AGAIN_SECONDS * 2**self._failures))
            self._failures = min(self._failures + 1, _MOST_DOUBLINGS)
            return failed
        self._failures = 0
        return found
