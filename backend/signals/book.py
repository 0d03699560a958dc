"""What was found lately, so that asking again costs nothing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from backend.signals.looking import Looked

_BATCHES = 100


class SignalBook:
    """Findings by batch. A batch is looked at again once its submissions grew by a tenth, or went back in a reorg."""

    def __init__(self) -> None:
        self._looking = Lock()
        self._lock = Lock()
        self._kept: OrderedDict[str, tuple[int, Looked]] = OrderedDict()

    def get(self, batch_id: str, submissions: int, look: Callable[[], Looked]) -> Looked:
        """One look at a time: it takes up to seconds on a large batch."""
        with self._looking:
            looked = self._fresh(batch_id, submissions)
            if looked is None:
                looked = look()
                with self._lock:
                    self._kept[batch_id] = (submissions, looked)
                    self._kept.move_to_end(batch_id)
                    while len(self._kept) > _BATCHES:
                        self._kept.popitem(last=False)
            return looked

    def peek(self, batch_id: str) -> Looked | None:
        """What the last look found, however old, at once; None if nobody has looked."""
        with self._lock:
            return self._kept[batch_id][1] if batch_id in self._kept else None

    def _fresh(self, batch_id: str, submissions: int) -> Looked | None:
        with self._lock:
            then, looked = self._kept.get(batch_id, (-1, None))
            if looked is None or not is_fresh(submissions, then):
                return None
            self._kept.move_to_end(batch_id)
            return looked


def is_fresh(submissions: int, then: int) -> bool:
    """Whether what was found at `then` submissions still tells enough."""
    return submissions == then or then < submissions < then + then / 10
