"""What `piecework signals` does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.signals.operating import close, still_open
from piecework.db.engine import open_engine, upgrade
from piecework.domain.ids import parse_address
from scripts.terminal import fail


@contextmanager
def _opened(database_url: str) -> Iterator[Engine]:
    """Raises ValueError for a database that is none of ours."""
    engine = open_engine(database_url)
    try:
        upgrade(engine)
        yield engine
    finally:
        engine.dispose()


def run_list(database_url: str, batch_id: str | None) -> int:
    """Prints what is open; 1 if the database is none of ours."""
    try:
        with _opened(database_url) as engine, Session(engine) as session:
            for batch, found in still_open(session, batch_id):
                told = {"batch_id": batch, "worker": found.worker, "signal": found.signal, "p_value": found.p_value}
                print(json.dumps(told | {"seen": found.seen}))  # noqa: T201
    except ValueError as error:
        return fail(str(error))
    return 0


def run_close(database_url: str, batch_id: str, worker: str, signal: str, reason: str) -> int:
    """Closes one; 1 if it is not open, no reason is given, or the address or database is wrong."""
    try:
        with _opened(database_url) as engine:
            row = close(engine, batch_id, parse_address(worker), signal, reason)
    except ValueError as error:
        return fail(str(error))
    print(f"closed {row.signal} about {row.worker}; {len(row.submissions)} submissions were looked at")  # noqa: T201
    return 0
