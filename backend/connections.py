"""How many connections are held, whose, and for how long one may wait for its client.

Rates and limits of bodies hold for requests; these bounds hold before there is one, and after it was answered.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from enum import IntEnum
from typing import Protocol

import structlog
from prometheus_client import Counter, Gauge

from backend.clients import Network, parsed, within

log = structlog.get_logger("gateway")

OPEN = Gauge("piecework_connections", "Connections of clients that are open")
CLOSED = Counter("piecework_connections_closed", "Connections that the gateway closed or refused", ["why"])
_QUIET_SECONDS = 60.0
"""Between two lines of the log that say the same."""


class Waits(IntEnum):
    """What a connection waits for from its client. In a lack of room the first kind is closed first."""

    FOR_ITS_FIRST_REQUEST = 0
    FOR_ANOTHER_REQUEST = 1
    IN_A_REQUEST = 2
    """For the rest of a body, or for the client to read its answer."""


class Held(Protocol):
    """A connection, as the book sees it."""

    @property
    def household(self) -> str: ...

    def waits(self) -> tuple[Waits, float] | None:
        """For what and since when (a clock's seconds); None while the gateway is at work for it."""

    def drop(self, why: str) -> None:
        """Closes it at once, whatever is still unsent."""


class Connections:
    """At most `total` at a time, and `each` of one household; 0 means no bound.

    A household (IPv4 address, IPv6 /64) with `each` of them gets another for the one of its own that has waited the
    longest for a request. When all are taken, another is had from the household that holds the most, if that is more
    than the newcomer's: one that waits for a request, and only where none of them has such a one, one that waits for
    the rest of a body or to be read. What the gateway is at work for, live streams among it, is never closed. `proxies`
    are held to the total alone: they speak for many.
    """

    def __init__(self, total: int, each: int, *, proxies: Iterable[Network] = ()) -> None:
        self._total = total
        self._each = each
        self._proxies = tuple(proxies)
        self._held: dict[str, dict[Held, None]] = {}
        self._count = 0
        self._told: dict[str, float] = {}

    def __len__(self) -> int:
        return self._count

    def held_by(self, household: str) -> int:
        return len(self._held.get(household, ()))

    def enter(self, newcomer: Held) -> str | None:
        """None if it has a place; else `network` or `total`, which is full of connections that are busy."""
        name = newcomer.household
        own = self._held.get(name, {})
        if self._each and len(own) >= self._each and not self._is_proxy(name):
            self._tell("network", network=name, connections=len(own))
            if not self._close_one(own, Waits.FOR_ANOTHER_REQUEST):
                return "network"
        elif self._total and self._count >= self._total:
            self._tell("total", connections=self._count)
            if not self._make_room(own):
                return "total"
        self._held.setdefault(name, {})[newcomer] = None
        self._count += 1
        OPEN.inc()
        return None

    def leave(self, connection: Held) -> None:
        """Of one that is closed, by whomever; a second time changes nothing."""
        own = self._held.get(connection.household)
        if own is None or connection not in own:
            return
        del own[connection]
        if not own:
            del self._held[connection.household]
        self._count -= 1
        OPEN.dec()

    def _make_room(self, own: dict[Held, None]) -> bool:
        fuller = [held for held in self._held.values() if len(held) > len(own)]
        fuller.sort(key=len, reverse=True)
        for most in (Waits.FOR_ANOTHER_REQUEST, Waits.IN_A_REQUEST):
            if any(self._close_one(held, most) for held in fuller):
                return True
        return self._close_one(own, Waits.FOR_ANOTHER_REQUEST)

    def _close_one(self, among: dict[Held, None], most: Waits) -> bool:
        """Closes the one that waits for the least and the longest, of those that wait for `most` at most."""
        waiting = [(found, each) for each in among if (found := each.waits()) is not None and found[0] <= most]
        if not waiting:
            return False
        _, chosen = min(waiting, key=lambda item: item[0])
        self.leave(chosen)
        chosen.drop("room")
        return True

    def _is_proxy(self, household: str) -> bool:
        address = parsed(household)
        return address is not None and within(address, self._proxies)

    def _tell(self, which: str, **facts: object) -> None:
        now = time.monotonic()
        if now - self._told.get(which, -_QUIET_SECONDS) >= _QUIET_SECONDS:
            self._told[which] = now
            log.warning("connections_full", which=which, **facts)
