"""What was made of large documents and is asked for again: kept as bytes, up to a bound."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock

MOST_BYTES = 64 * 2**20


class Kept:
    """The bytes that were asked for last, at most `most_bytes` of them together; what is larger is not kept."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._lock = Lock()
        self._found: OrderedDict[Hashable, bytes] = OrderedDict()

    def get(self, key: Hashable) -> bytes | None:
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def put(self, key: Hashable, value: bytes) -> None:
        with self._lock:
            self._bytes -= len(self._found.pop(key, b""))
            if len(value) > self._most:
                return
            self._bytes += len(value)
            self._found[key] = value
            while self._bytes > self._most:
                _, gone = self._found.popitem(last=False)
                self._bytes -= len(gone)
