"""The embedded store: blocks and pins as files in a folder, no daemon.

Blocks lie at `blocks/<two last signs>/<cid>`. A write goes to a temporary file, is synced and renamed, so a block is
there whole or not at all; pins are empty files named by their root.
"""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from backend.ipfs import unixfs
from backend.ipfs.port import (
    PayloadCorrupt,
    PayloadMissing,
    PayloadTooLarge,
    StoreFull,
    StoreUnavailable,
)
from piecework.domain.cid import CidError, CidMismatch, parse_cid
from piecework.domain.ids import Cid

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class EmbeddedStore:
    """A PayloadStore in `folder`, which is made if missing."""

    def __init__(self, folder: Path) -> None:
        self._blocks = folder / "blocks"
        self._pins = folder / "pins"
        try:
            self._blocks.mkdir(parents=True, exist_ok=True)
            self._pins.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"{folder} cannot be used as a payload store: {error}") from error

    def put(self, data: bytes) -> Cid:
        """Stores and pins `data`. Raises StoreFull or StoreUnavailable with nothing left behind.

        Every block is written aside before the first gets its name: a disk that fills up meanwhile leaves no part.
        """
        root: Cid | None = None
        staged: list[tuple[Path, Path]] = []
        try:
            for node in unixfs.build(data):
                self._stage(self._path(node.cid), node.data, staged)
                root = node.cid
            assert root is not None  # noqa: S101 - every file has at least one block
            self._stage(self._pins / root, b"", staged)
            for temporary, path in staged:
                temporary.replace(path)
        except OSError as error:
            for temporary, _ in staged:
                temporary.unlink(missing_ok=True)
            raise _named(error, len(data)) from error
        return root

    def get(self, cid: str, limit_bytes: int) -> bytes:
        """The verified file. Raises PayloadMissing, PayloadCorrupt or PayloadTooLarge."""
        try:
            found = unixfs.read(cid, self._fetch, limit_bytes)
        except (CidMismatch, CidError) as error:
            raise PayloadCorrupt(cid, str(error)) from error
        if found is None:
            raise PayloadTooLarge(limit_bytes)
        return found

    def has(self, cid: str) -> bool:
        return self._path(cid).is_file()

    def pins(self) -> set[Cid]:
        return {Cid(path.name) for path in self._pins.iterdir() if not path.name.startswith(".")}

    def unpin(self, cid: str) -> None:
        parse_cid(cid)
        (self._pins / cid).unlink(missing_ok=True)

    def check(self) -> None:
        """Writes and removes a small file."""
        probe = self._pins / ".probe"
        staged: list[tuple[Path, Path]] = []
        try:
            self._stage(probe, b"x", staged)
        except OSError as error:
            raise _named(error, 1) from error
        finally:
            for temporary, _ in staged:
                temporary.unlink(missing_ok=True)

    def _path(self, cid: str) -> Path:
        parse_cid(cid)  # a CID is the only name that ever becomes a path
        return self._blocks / cid[-2:] / cid

    def _fetch(self, cid: Cid) -> bytes:
        try:
            return self._path(cid).read_bytes()
        except FileNotFoundError:
            raise PayloadMissing(cid) from None
        except OSError as error:
            raise StoreUnavailable(f"{cid} cannot be read from the payload store: {error.strerror}") from error

    def _stage(self, path: Path, data: bytes, staged: list[tuple[Path, Path]]) -> None:
        """Writes a synced temporary file beside `path`, unless `path` holds `data` already: a torn block is healed."""
        if path.is_file() and path.read_bytes() == data:
            return
        path.parent.mkdir(exist_ok=True)
        temporary = path.parent / f".{path.name}.{secrets.token_hex(8)}"
        staged.append((temporary, path))
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def _named(error: OSError, size: int) -> StoreFull | StoreUnavailable:
    if error.errno in _NO_ROOM:
        return StoreFull(f"no room for {size} bytes: free some disk and try again")
    return StoreUnavailable(f"the payload store cannot be written: {error.strerror}")
