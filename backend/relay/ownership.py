"""One owner of the relayer's nonces at a time, whoever else runs on the same database."""

from __future__ import annotations

import fcntl
import zlib
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, Engine, text


class NonceOwnership:
    """A lock held for the life of the process: PostgreSQL's advisory lock, or a locked file beside SQLite's."""

    def __init__(self, engine: Engine, address: str) -> None:
        self._engine = engine
        self._address = address
        self._file: IO[str] | None = None
        self._connection: Connection | None = None

    def acquire(self) -> bool:
        """Takes the lock; False if somebody else holds it."""
        if self._engine.dialect.name == "postgresql":
            connection = self._engine.connect()
            key = zlib.crc32(self._address.lower().encode())
            if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar_one():
                connection.close()
                return False
            connection.commit()
            self._connection = connection
            return True
        path = Path(f"{self._engine.url.database}.relayer-{self._address.lower()}.lock")
        file = path.open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
