"""One owner of the relayer's nonces at a time, whoever else runs on the same database."""

from __future__ import annotations

from sqlalchemy import Engine

from piecework.db.ownership import Ownership


class NonceOwnership(Ownership):
    """The right to send with the key of `address`."""

    def __init__(self, engine: Engine, address: str) -> None:
        super().__init__(engine, f"relayer-{address}")
