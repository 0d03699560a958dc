"""What a unit of gas costs now, asked at most every few seconds."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING

from piecework.chain.fees import fees_now

if TYPE_CHECKING:
    from web3 import Web3


class GasPrice:
    """Kept for `keep_seconds`."""

    def __init__(self, *, keep_seconds: float = 5.0) -> None:
        self._keep = keep_seconds
        self._lock = Lock()
        self._wei = 0
        self._read_at = -keep_seconds

    def wei(self, web3: Web3, *, keep_seconds: float | None = None) -> int:
        """Base fee and tip of the latest block. `keep_seconds`: for who takes an older one, rather than wait for it."""
        with self._lock:
            if time.monotonic() - self._read_at >= max(self._keep, keep_seconds or 0.0):
                fees = fees_now(web3)
                self._wei = (fees.most_wei - fees.tip_wei) // 2 + fees.tip_wei
                self._read_at = time.monotonic()
            return self._wei
