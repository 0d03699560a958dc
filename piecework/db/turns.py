"""Turns to write to an SQLite file: first come, first served.

SQLite knows one writer at a time, and who has to wait sleeps and looks again, each time for longer: a newcomer is as
likely to find the lock free as who has waited for seconds, nobody takes it while all are asleep, and where many write
somebody waits until its time is over (`database is locked`). So the threads of a program queue up here before they
ask for the lock; it is contended by other programs only.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from sqlalchemy.exc import OperationalError


class Turns:
    """A lock that is handed on in the order of asking, from whichever thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._is_taken = False
        self._waiting: deque[Lock] = deque()

    def take(self, seconds: float) -> bool:
        """Waits at most so long; whether it is our turn."""
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return True
            called = Lock()
            called.acquire()
            self._waiting.append(called)
        if called.acquire(timeout=seconds):
            return True
        with self._lock:
            if called in self._waiting:
                self._waiting.remove(called)
                return False
        return True  # called at the last moment

    def give_back(self) -> None:
        """Calls who has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False


class InTurn(sqlite3.Connection):
    """A connection that gives its turn back with the end of its transaction, however that comes about."""

    turns: Turns
    _has_turn = False

    @contextmanager
    def taking_turn(self, seconds: float) -> Iterator[None]:
        """Around the statement that begins to write. Raises OperationalError after so many seconds."""
        if not self.turns.take(seconds):
            raise OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))
        self._has_turn = True
        try:
            yield
        except BaseException:
            self._leave()
            raise

    def commit(self) -> None:
        try:
            super().commit()
        finally:
            if not self.in_transaction:  # one that another program's lock keeps from its end is not over
                self._leave()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            if not self.in_transaction:
                self._leave()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self.turns.give_back()
