"""Threads that look again and again for something to do."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any


class Rounds(ABC):
    """A thread of rounds: `run_once` after each pause, until it is stopped. A round that fails is logged."""

    def __init__(self, name: str, pause_seconds: Callable[[], float], log: Any, failed: str) -> None:
        """`name`: the thread's. `pause_seconds`: asked before each round. `failed`: the name of the line in the log."""
        self._pause_seconds = pause_seconds
        self._log = log
        self._failed = failed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def run_once(self) -> object:
        """One round."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Waits for the round that is under way, ten seconds at most; also of one that never started."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def told_of(self, error: Exception) -> dict[str, str]:
        """What the log says of a failure."""
        return {"error": type(error).__name__, "detail": str(error)[:300]}

    def _run(self) -> None:
        while not self._stop.wait(self._pause_seconds()):
            try:
                self.run_once()
            except Exception as error:
                self._log.error(self._failed, **self.told_of(error))
