"""Stores what was funded or named, and forgets what was not."""

from __future__ import annotations

import time

import structlog

from backend.rounds import Rounds
from backend.services import Services
from backend.waiting import repository
from backend.waiting.naming import Namings
from backend.waiting.store import NAME_BYTES, keep_named

log = structlog.get_logger("waiting")

_POLL_SECONDS = 0.5
_AT_A_TIME = 50
_AGAIN_SECONDS = 600


class Storekeeper(Rounds):
    """A thread; several gateways on one database may each run one."""

    def __init__(self, services: Services) -> None:
        super().__init__("storekeeper", lambda: _POLL_SECONDS, log, "storekeeper_round_failed")
        self._services = services
        self._namings = Namings(services)

    def run_once(self) -> int:
        """How many drafts and named documents were stored, and how many drafts and files forgotten."""
        return self._store_funded() + self._namings.store_named() + self._forget_expired()

    def _store_funded(self) -> int:
        """Stored before they leave: whatever dies between, the files are there, twice at most."""
        services = self._services
        with services.reading() as session:
            funded = repository.funded(session)
        for batch_id in funded:
            with services.reading() as session:
                after = b""  # a document's last part comes first, and a name may stand across two
                for _, data in repository.blocks(session, batch_id):
                    keep_named(services.store, data + after)
                    services.store.put(data)
                    after = data[:NAME_BYTES]
            with services.writing() as session:
                repository.leave(session, batch_id)
        return len(funded)

    def _forget_expired(self) -> int:
        services, now = self._services, time.time()
        with services.reading() as session:
            old = repository.expired(session, now, _AT_A_TIME)
        forgotten = 0
        for holder in old:
            # The mirror may be behind the chain, and a funded draft is never forgotten.
            is_funded = ":" not in holder and services.escrow.batch(holder).exists
            with services.writing() as session:
                if is_funded:
                    repository.keep_until(session, holder, now + _AGAIN_SECONDS)
                else:
                    repository.forget(session, holder)
                    forgotten += 1
        return forgotten
