"""Why the indexer stops. Each names what to do.

IndexerError
├── WrongDatabase      the database mirrors another chain or escrow
├── StartBlockAhead    the chain has not come to --from-block yet
├── ReorgTooDeep       the chain changed below what can be undone
├── NodeInconsistent   the node's headers and logs do not belong together, however often it is asked
├── HandlerFailed      an event could not be applied; nothing of its range was
├── TwoWriters         another indexer moved the checkpoint meanwhile; nothing of the range was written
├── IndexedElsewhere   another process follows the escrow into this database
└── DatabaseFailed     the database refused; nothing of the range was written
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


class StartBlockAhead(IndexerError):
    """There is nothing to begin after."""

    def __init__(self, start_block: int) -> None:
        super().__init__(
            f"--from-block is {start_block}, and the node's chain ends before it: "
            "give the block of the escrow's creation, or a node that has it"
        )


class NodeInconsistent(IndexerError):
    """Retrying did not help."""

    def __init__(self, tries: int, why: str) -> None:
        super().__init__(f"the node's answers did not fit together in {tries} tries ({why}): give another --rpc-url")


class IndexedElsewhere(IndexerError):
    """Only one process at a time writes the mirror; one that runs once does not wait for its turn."""

    def __init__(self) -> None:
        super().__init__("another indexer follows the escrow into this database: let it, or stop it first")


class TwoWriters(IndexerError):
    """The checkpoint is not where this indexer left it."""

    def __init__(self, expected: int) -> None:
        super().__init__(
            f"the checkpoint is not at block {expected} any more: another indexer writes into this database; stop one"
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
    """It cannot be reached, or refused a statement, for instance because the disk is full."""

    def __init__(self, why: Exception) -> None:
        reason = str(getattr(why, "orig", None) or why).strip()  # without the statement and its thousand parameters
        super().__init__(
            f"the database refused ({type(why).__name__}: {reason}); nothing of the range was written: "
            "does it run, and is there room on its disk?"
        )
