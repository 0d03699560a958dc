"""The port: what the gateway asks of a payload store.

PayloadError
├── PayloadMissing      nobody has the block
├── PayloadCorrupt      what came back is not what the CID names
├── PayloadTooLarge     more bytes than asked for
├── StoreFull           no room to write
└── StoreUnavailable    the store does not answer
"""

from __future__ import annotations

from typing import Protocol

from piecework.domain.ids import Cid


class PayloadError(Exception):
    """Base of what a store raises."""


class PayloadMissing(PayloadError):
    """The store has no such block."""

    def __init__(self, cid: str) -> None:
        super().__init__(f"{cid} is not in the payload store: it was never pinned, or was lost")
        self.cid = cid


class PayloadCorrupt(PayloadError):
    """The store gave other bytes than the CID names."""

    def __init__(self, cid: str, why: str) -> None:
        super().__init__(f"the payload store gave wrong bytes for {cid}: {why}")
        self.cid = cid


class PayloadTooLarge(PayloadError):
    """The payload has more bytes than the caller takes."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"the payload has more than the {limit_bytes} bytes allowed")
        self.limit_bytes = limit_bytes


class StoreFull(PayloadError):
    """The disk is full; nothing was written."""


class StoreUnavailable(PayloadError):
    """The store cannot be reached."""


class PayloadStore(Protocol):
    """Blocks and files by content. What is put is pinned; every read is hashed against its CID."""

    def put(self, data: bytes) -> Cid:
        """Stores and pins a file of any size: one raw block up to 1 MiB, else a dag-pb tree."""
        ...

    def get(self, cid: str, limit_bytes: int) -> bytes:
        """The whole file. Raises PayloadMissing, PayloadCorrupt, PayloadTooLarge."""
        ...

    def has(self, cid: str) -> bool:
        """Whether the root block is here."""
        ...

    def pins(self) -> set[Cid]:
        """Every pinned root."""
        ...

    def unpin(self, cid: str) -> None:
        """Lets the file go; unknown CIDs are passed over."""
        ...

    def check(self) -> None:
        """Raises StoreUnavailable or StoreFull if nothing could be stored now."""
        ...
