"""What engines of one pool leave behind for each other."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, text

from piecework.db.engine import read_engine


def is_in_transaction(connection: Connection) -> bool:
    """As the driver has it after a statement."""
    connection.execute(text("SELECT 1")).all()
    raw = connection.connection.driver_connection
    assert raw is not None
    return bool(raw.info.transaction_status) if connection.dialect.name == "postgresql" else bool(raw.in_transaction)


def test_reading_opens_no_transaction_and_others_of_the_same_pool_do(engine: Engine) -> None:
    for _ in range(2):
        with read_engine(engine).connect() as connection:
            assert not is_in_transaction(connection)
        with engine.connect() as connection:
            assert is_in_transaction(connection)
