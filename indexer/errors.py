"""Why the indexer stops. Each names what to do.

IndexerError
├── WrongDatabase    the database mirrors another chain or escrow
├── ReorgTooDeep     the chain changed below what can be undone
├── HandlerFailed    an event could not be applied; nothing of its range was
└── DatabaseFailed   the database refused a write; nothing of the range was written
"""

from __future__ import annotations

from piecework.chain.logs import DecodedEvent


class IndexerError(Exception):
    """Base of what ends the indexer."""


class WrongDatabase(IndexerError):
    """The checkpoint is of another chain."""

    def __init__(self, what: str, expected: object, found: object) -> None:
        super().__init__(
            f"the database mirrors {what} {found}, the node and settings say {expected}: "
            "give another --database-url, or drop the database and index again"
        )


class ReorgTooDeep(IndexerError):
    """The common ancestor is older than the undo entries."""

    def __init__(self, block_number: int, kept: int) -> None:
        super().__init__(
            f"block {block_number} was reorganised, deeper than the {kept} blocks that can be undone: "
            "drop the database and index again"
        )


class HandlerFailed(IndexerError):
    """An event did not fit the rows."""

    def __init__(self, event: DecodedEvent, why: Exception) -> None:
        super().__init__(
            f"{event.name} in block {event.block_number}, log {event.log_index} could not be applied "
            f"({type(why).__name__}: {why}); nothing after block {event.block_number - 1} was written"
        )
        self.event = event


class DatabaseFailed(IndexerError):
    """A write was refused, for instance because the disk is full."""

    def __init__(self, why: Exception) -> None:
        super().__init__(f"the database refused a write ({why}); nothing of the range was written: is the disk full?")
