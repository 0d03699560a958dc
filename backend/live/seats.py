"""How many streams may be open: in all, and for each client."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from backend.errors import TooMany, Unavailable

_RETRY_SECONDS = 30


class Seats:
    """`total` of them, `each` for one client."""

    def __init__(self, total: int, each: int) -> None:
        self._total = total
        self._each = each
        self._taken: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        return self._taken.total()

    def check(self, client: str) -> None:
        """Raises Unavailable if all are taken, TooMany if that client has enough."""
        if self._taken[client] >= self._each:
            detail = f"this client has {self._each} streams open, and no more are given: close one"
            raise TooMany("too_many_streams", detail, retry_after_seconds=_RETRY_SECONDS)
        if self.taken >= self._total:
            raise Unavailable("streams_taken", f"all {self._total} streams of this gateway are taken: try again later")

    @contextmanager
    def taking(self, client: str) -> Iterator[None]:
        """A seat for as long as the block runs. Raises as `check`."""
        self.check(client)
        self._taken[client] += 1
        try:
            yield
        finally:
            self._taken[client] -= 1
            if not self._taken[client]:
                del self._taken[client]
