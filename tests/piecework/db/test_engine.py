"""What engines of one pool leave behind for each other."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from piecework.db.engine import read_engine, read_once


def is_in_transaction(connection: Connection) -> bool:
    """As the driver has it after a statement."""
    connection.execute(text("SELECT 1")).all()
    raw = connection.connection.driver_connection
    assert raw is not None
    return bool(raw.info.transaction_status) if connection.dialect.name == "postgresql" else bool(raw.in_transaction)


def test_reading_opens_no_transaction_and_others_of_the_same_pool_do(engine: Engine) -> None:
    reader = read_engine(engine)
    for _ in range(2):
        with reader.connect() as connection:
            assert not is_in_transaction(connection)
        with engine.connect() as connection:
            assert is_in_transaction(connection)


def cut(engine: Engine) -> None:
    """Ends all other connections to the same database, as a restart does."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with engine.connect() as connection:
        assert connection.execute(text(f"SELECT pg_terminate_backend(pid) {others}")).all()


def ask(connection: Connection) -> int:
    """Through the driver alone, as searches do; SQLAlchemy does not see that it fails."""
    raw = connection.connection.driver_connection
    assert raw is not None
    try:
        [(found,)] = raw.execute("SELECT 7").fetchall()
    except connection.dialect.loaded_dbapi.OperationalError as error:
        raise OperationalError("SELECT 7", None, error) from error
    return int(found)


def test_a_reader_whose_connections_were_all_lost_reads_again(postgres_engine: Engine) -> None:
    reader = read_engine(postgres_engine)
    several = [reader.connect() for _ in range(3)]
    assert [ask(connection) for connection in several] == [7, 7, 7]
    for connection in several:
        connection.close()
    cut(postgres_engine)
    with reader.connect() as connection, pytest.raises(OperationalError):  # the twin: one who asks once does not
        ask(connection)
    assert read_once(reader, ask) == 7


def test_a_reader_does_not_repeat_what_fails_on_a_connection_that_lives(engine: Engine) -> None:
    reader = read_engine(engine)
    times = []

    def fail(connection: Connection) -> None:
        times.append(connection)
        raise OperationalError("SELECT 7", None, Exception("broken"))

    with pytest.raises(OperationalError):
        read_once(reader, fail)
    assert len(times) == 1
