"""The kubo store: a real IPFS daemon through its RPC API.

`ipfshttpclient.connect()` refuses today's daemons by their version, so `Client(...)` is used. Blocks are read
one by one and hashed here: the daemon is not trusted.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from backend.ipfs import unixfs
from backend.ipfs.port import PayloadCorrupt, PayloadMissing, PayloadTooLarge, StoreUnavailable
from piecework.domain.cid import CidError, CidMismatch, parse_cid
from piecework.domain.ids import Cid

T = TypeVar("T")

_PROFILE = {
    "cid_version": 1,
    "raw_leaves": True,
    "chunker": f"size-{unixfs.CHUNK_BYTES}",
    "trickle": False,
    "pin": True,
}
_MORE_OF_PROFILE = {"hash": "sha2-256", "max-file-links": str(unixfs.MAX_LINKS), "inline": "false"}
"""The whole profile, so that no setting of the daemon changes a CID."""
_MISSING = ("not found", "could not find", "context deadline exceeded")
_NOT_PINNED = "not pinned"
_MAX_BLOCK_BYTES = 2 * unixfs.CHUNK_BYTES


class KuboStore:
    """A PayloadStore behind a daemon at `address` (multiaddr, such as /ip4/127.0.0.1/tcp/5001).

    The daemon has two thirds of `timeout_seconds` to find a block, so that its own "not found" comes before our
    patience ends: a block that nobody has and a daemon that hangs are two errors.
    """

    def __init__(self, address: str, *, timeout_seconds: float = 30.0) -> None:
        # Its patched requests are for sockets in files, and warn with today's urllib3.
        os.environ.setdefault("PY_IPFS_HTTP_CLIENT_PATCH_REQUESTS", "no")
        import ipfshttpclient
        import requests

        self._address = address
        self._timeout_seconds = timeout_seconds
        self._refusal = ipfshttpclient.exceptions.ErrorResponse
        self._broken = (
            ipfshttpclient.exceptions.Error,
            requests.RequestException,  # while a body arrives
            *(KeyError, TypeError, ValueError, AssertionError),  # an answer of another shape
        )
        self._client: Any = ipfshttpclient.Client(address, timeout=timeout_seconds)

    def put(self, data: bytes) -> Cid:
        """Adds and pins; raises PayloadCorrupt if the daemon names it otherwise than we do."""
        *_, root = unixfs.build(data)
        options = dict(_MORE_OF_PROFILE)  # the client writes into it
        named = self._ask(lambda: str(self._client.add(io.BytesIO(data), **_PROFILE, opts=options)["Hash"]))
        if named != root.cid:
            raise PayloadCorrupt(root.cid, f"the daemon calls it {named[:100]}")
        return root.cid

    def get(self, cid: str, limit_bytes: int) -> bytes:
        """The verified file. Raises PayloadMissing, PayloadCorrupt, PayloadTooLarge or StoreUnavailable."""
        try:
            found = unixfs.read(cid, self._fetch, limit_bytes)
        except (CidMismatch, CidError) as error:
            raise PayloadCorrupt(cid, str(error)) from error
        if found is None:
            raise PayloadTooLarge(limit_bytes)
        return found

    def has(self, cid: str) -> bool:
        """Whether the daemon itself holds the root block; the network is not asked."""
        parse_cid(cid)
        try:
            self._ask(lambda: self._client.block.stat(cid, offline=True), cid)
        except PayloadMissing:
            return False
        return True

    def pins(self) -> set[Cid]:
        return self._ask(lambda: {Cid(name) for name in self._client.pin.ls(type="recursive")["Keys"]})

    def unpin(self, cid: str) -> None:
        parse_cid(cid)
        try:
            self._ask(lambda: self._client.pin.rm(cid))
        except StoreUnavailable as error:
            if _NOT_PINNED not in str(error):
                raise

    def addresses(self) -> list[str]:
        """Where peers reach the daemon: its multiaddrs, each with its peer id."""
        return self._ask(lambda: [str(address) for address in self._client.id()["Addresses"] or []])

    def connect(self, peer: str) -> None:
        """Dials a peer, so that blocks can go over. Raises StoreUnavailable if it cannot be reached."""
        self._ask(lambda: self._client.swarm.connect(peer))

    def check(self) -> None:
        self._ask(lambda: self._client.id()["ID"])

    def _fetch(self, cid: Cid) -> bytes:
        return self._ask(lambda: self._block(cid), cid)

    def _block(self, cid: Cid) -> bytes:
        """In pieces, so that an endless answer ends."""
        block = bytearray()
        options = {"timeout": f"{self._timeout_seconds * 2 / 3:.3f}s"}
        with self._client.block.get(cid, stream=True, opts=options) as pieces:
            for piece in pieces:
                block += piece
                if len(block) > _MAX_BLOCK_BYTES:
                    raise PayloadCorrupt(cid, f"the daemon's block has more than {_MAX_BLOCK_BYTES} bytes")
        return bytes(block)

    def _ask(self, question: Callable[[], T], cid: str | None = None) -> T:
        """The answer, or a named error. A "not found" is one only where a block was asked for."""
        try:
            return self._in_time(question)
        except self._refusal as error:
            said = str(error)[:300]
            if cid is not None and any(words in said.lower() for words in _MISSING):
                raise PayloadMissing(cid) from error
            raise StoreUnavailable(f"the daemon at {self._address} refused: {said}") from error
        except self._broken as error:
            why = type(error).__name__
            raise StoreUnavailable(f"no answer from the daemon at {self._address} ({why}): is it running?") from error

    def _in_time(self, question: Callable[[], T]) -> T:
        """The client's timeout is one of each read: an answer that trickles in would hold the caller for ever."""
        answer: Future[T] = Future()

        def ask() -> None:
            try:
                answer.set_result(question())
            except BaseException as error:
                answer.set_exception(error)

        threading.Thread(target=ask, name="kubo", daemon=True).start()
        try:
            return answer.result(timeout=self._timeout_seconds)
        except TimeoutError:
            raise StoreUnavailable(
                f"the daemon at {self._address} is too slow: no whole answer in {self._timeout_seconds:g} s"
            ) from None
