"""One owner at a time of something that two processes must not do at once, whoever else runs on the database."""

from __future__ import annotations

import fcntl
import zlib
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

_KEEPALIVE = ("tcp_keepalives_idle = 10", "tcp_keepalives_interval = 5", "tcp_keepalives_count = 3")
"""A machine that vanishes without a word loses its lock after half a minute, not after the two hours of the default."""


class Ownership:
    """A lock held for the life of the process: PostgreSQL's advisory lock, or a locked file beside SQLite's.

    `name` says what is owned.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._name = name.lower()
        self._file: IO[str] | None = None
        self._connection: Connection | None = None

    def acquire(self) -> bool:
        """Takes the lock; False if somebody else holds it. Raises SQLAlchemyError or OSError."""
        if self._engine.dialect.name == "postgresql":
            return self._acquire_advisory()
        database = Path(self._engine.url.database or "memory").resolve()
        file = database.with_name(f"{database.name}.{self._name}.lock").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def is_held(self) -> bool:
        """Whether the lock is still ours: PostgreSQL gives it up with the connection that took it."""
        if self._connection is None:
            return self._file is not None
        try:
            self._connection.execute(text("SELECT 1"))
            self._connection.commit()
        except SQLAlchemyError:
            self.release()
            return False
        return True

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._connection is not None:
            # Back in the pool it would keep the lock: it is closed for good.
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _acquire_advisory(self) -> bool:
        connection = self._engine.connect()
        try:
            key = zlib.crc32(self._name.encode())
            taken = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar_one()
            for setting in _KEEPALIVE if taken else ():
                connection.execute(text(f"SET {setting}"))
            connection.commit()
        except BaseException:
            connection.invalidate()
            connection.close()
            raise
        if not taken:
            connection.close()
            return False
        self._connection = connection
        return True
