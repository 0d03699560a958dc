"""One engine for a URL: SQLite for one machine, PostgreSQL for more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from piecework.db.turns import InTurn, Turns

if TYPE_CHECKING:
    from alembic.config import Config

_T = TypeVar("_T")
_WAIT_SECONDS = 20
"""For SQLite's one write lock, before `database is locked`: once for our own turn, once for other programs."""
_SQLITE_MAPPED_BYTES = 2**31 - 2**16
"""Of the file that are read where they lie: the most that SQLite takes. Searches take a sixth less time so."""
_SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    f"busy_timeout={_WAIT_SECONDS * 1_000}",
    f"mmap_size={_SQLITE_MAPPED_BYTES}",
)
_SQLITE_KEPT, _SQLITE_MORE = 40, 100
"""Connections: those that wait for their turn to write must not keep anybody from reading."""
_UPGRADE_LOCK = 0x7069656365
"""Names the schema's advisory lock on a PostgreSQL server."""


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///FILE` or `postgresql://…` (psycopg 3).

    Errors name no values, which may be sealed answers or keys. The connection that came back last goes out first: it
    still has what it prepared and read.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ValueError("the database URL cannot be read: use sqlite:///FILE or postgresql://…") from error
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        return create_engine(parsed, pool_pre_ping=True, pool_size=20, pool_use_lifo=True, hide_parameters=True)
    if parsed.drivername != "sqlite":
        raise ValueError(f"{parsed.drivername!r} is no database of ours: use sqlite:///FILE or postgresql://…")
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    arguments = {"check_same_thread": False, "timeout": _WAIT_SECONDS, "factory": InTurn}
    sizes = {"pool_size": _SQLITE_KEPT, "max_overflow": _SQLITE_MORE}
    engine = create_engine(parsed, connect_args=arguments, hide_parameters=True, pool_use_lifo=True, **sizes)
    turns = Turns()

    def prepare(connection: Any, _: object) -> None:
        connection.turns = turns
        _prepare_sqlite(connection)

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def write_engine(engine: Engine) -> Engine:
    """The same pool, whose transactions take SQLite's write lock at once, in the order in which they ask for it.

    So nothing slow belongs into them: all other writers wait meanwhile.
    """
    return engine.execution_options(sqlite_begin="IMMEDIATE")


def read_engine(engine: Engine) -> Engine:
    """Without transactions: each statement is one of its own, which saves asking to begin and to end.

    On PostgreSQL it has a pool of its own, which does not ask whether a connection still lives before each use: that
    takes as long as a short read; `read_once` reads again where it had died. It is disposed of with `engine`.
    """
    if engine.dialect.name == "sqlite":
        return engine.execution_options(sqlite_begin="NONE")
    reader = create_engine(engine.url, isolation_level="AUTOCOMMIT", pool_use_lifo=True, hide_parameters=True)
    event.listen(engine, "engine_disposed", lambda _: reader.dispose())
    return reader


def read_once(reader: Engine, read: Callable[[Connection], _T]) -> _T:
    """What `read` returns on a connection of `read_engine`; asked once more if the server closed the first one.

    All that lie in the pool are opened anew then. Raises OperationalError.
    """
    with reader.connect() as connection:
        try:
            return read(connection)
        except OperationalError:
            raw: Any = connection.connection.driver_connection
            if reader.dialect.name == "sqlite" or not raw.closed:
                raise
            connection.invalidate()
    reader.dispose()
    with reader.connect() as connection:
        return read(connection)


def upgrade(engine: Engine) -> None:
    """Brings the schema to this version's. Programs that start at the same moment do it one after the other."""
    from alembic import command

    with write_engine(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _prepare_sqlite(connection: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy begins, not the driver
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    if kind == "NONE":
        return
    if kind == "IMMEDIATE":
        own: InTurn = connection.connection.dbapi_connection
        with own.taking_turn(_WAIT_SECONDS):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"BEGIN {kind}")
