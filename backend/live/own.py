"""The stream of one address's notices. They are private, so it ends when the address signs out."""

from __future__ import annotations

import time
from typing import Any

from backend import events
from backend.accounts.service import is_signed_in
from backend.live.hub import Hub
from backend.live.seats import Seats
from backend.live.stream import AT_ONCE, RETRY_MILLISECONDS, Stream, Subject, encoded
from backend.notices import repository
from backend.services import Services
from piecework.db.notices import Notice


class OwnStream(Stream):
    """`after`: position of the last notice that the client has; None for only those to come."""

    def __init__(
        self, services: Services, hub: Hub, seats: Seats, client: str, address: str, after: int | None
    ) -> None:
        super().__init__(services, hub, seats, client, Subject("notices", address), events.START)
        self._address = address
        self._position = after

    def _read(self, own: tuple[str, ...], is_first: bool) -> tuple[list[bytes], bool]:
        found: list[bytes] = []
        with self._services.reading() as session:
            if not is_signed_in(session, self._address, time.time()):
                self._is_over = True
                return found, True
            if self._position is None:
                self._position = repository.last(session)
            if is_first:
                hello = {"at": str(self._position)}
                found.append(encoded("hello", hello, str(self._position), RETRY_MILLISECONDS))
            rows = repository.after(session, self._address, self._position, AT_ONCE)
            for row in rows:
                self._position = row.position
                found.append(encoded("notice", _data(row), str(row.position)))
        return found, len(rows) < AT_ONCE


def _data(row: Notice) -> dict[str, Any]:
    names = "position", "name", "batch_id", "data", "created_at"
    return {name: getattr(row, name) for name in names}
