"""Stores what was funded or named, and forgets what was not."""

from __future__ import annotations

import time

import structlog

from backend.rounds import Rounds
from backend.services import Services
from backend.waiting import repository
from backend.waiting.naming import Namings, not_before
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
        self._looked_to = 0
        """The block up to which funded drafts were looked for."""

    def run_once(self) -> int:
        """How many drafts and named documents were stored, and how many drafts and files forgotten."""
        return self._store_funded() + self._namings.store_named() + self._forget_expired()

    def _store_funded(self) -> int:
        services = self._services
        with services.reading() as session:
            head = repository.last_block(session)
            funded = repository.funded(session, not_before(self._looked_to))
        for batch_id in funded:
            self._store(batch_id)
        self._looked_to = head  # not before all is stored
        return len(funded)

    def _store(self, batch_id: str) -> None:
        """Stored before they leave: whatever dies between, the files are there, twice at most."""
        services = self._services
        with services.reading() as session:
            after = b""  # a document's last part comes first, and a name may stand across two
            for _, data in repository.blocks(session, batch_id):
                keep_named(services.store, data + after)
                services.store.put(data)
                after = data[:NAME_BYTES]
        with services.writing() as session:
            repository.leave(session, batch_id)

    def _forget_expired(self) -> int:
        services, now = self._services, time.time()
        with services.reading() as session:
            old = repository.expired(session, now, _AT_A_TIME)
        forgotten, claimed = 0, self._namings.store_claimed(old)
        for holder in old:
            if holder in claimed:
                continue
            # The mirror may be behind the chain, and a funded draft is never forgotten.
            is_funded = ":" not in holder and services.escrow.batch(holder).exists
            with services.writing() as session:
                is_mirrored = is_funded and repository.is_mirrored(session, holder)
                if is_funded:
                    repository.keep_until(session, holder, now + _AGAIN_SECONDS)
                else:
                    repository.forget(session, holder)
                    forgotten += 1
            if is_mirrored:
                self._store(holder)
        return forgotten
