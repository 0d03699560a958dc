"""The kubo store: a real IPFS daemon through its RPC API.

`ipfshttpclient.connect()` refuses today's daemons by their version, so `Client(...)` is used. Blocks are read
one by one and hashed here: the daemon is not trusted.
"""

from __future__ import annotations

import io
from typing import Any

from backend.ipfs import unixfs
from backend.ipfs.port import PayloadCorrupt, PayloadMissing, PayloadTooLarge, StoreUnavailable
from piecework.domain.cid import CidError, CidMismatch
from piecework.domain.ids import Cid

_ADD_OPTIONS = {
    "cid-version": 1,
    "raw-leaves": True,
    "chunker": f"size-{unixfs.CHUNK_BYTES}",
    "max-file-links": unixfs.MAX_LINKS,
    "pin": True,
}


class KuboStore:
    """A PayloadStore behind a daemon at `address` (multiaddr, such as /ip4/127.0.0.1/tcp/5001)."""

    def __init__(self, address: str, *, timeout_seconds: float = 30.0) -> None:
        import ipfshttpclient

        self._address = address
        self._errors = ipfshttpclient.exceptions
        self._client: Any = ipfshttpclient.Client(address, timeout=timeout_seconds)

    def put(self, data: bytes) -> Cid:
        """Adds and pins; raises PayloadCorrupt if the daemon names it otherwise than we do."""
        *_, root = unixfs.build(data)
        answer = self._ask(lambda: self._client.add(io.BytesIO(data), opts=_ADD_OPTIONS), root.cid)
        if answer["Hash"] != root.cid:
            raise PayloadCorrupt(root.cid, f"the daemon calls it {answer['Hash']}")
        return root.cid

    def get(self, cid: str, limit_bytes: int) -> bytes:
        try:
            found = unixfs.read(cid, self._fetch, limit_bytes)
        except (CidMismatch, CidError) as error:
            raise PayloadCorrupt(cid, str(error)) from error
        if found is None:
            raise PayloadTooLarge(limit_bytes)
        return found

    def has(self, cid: str) -> bool:
        return Cid(cid) in self.pins()

    def pins(self) -> set[Cid]:
        answer = self._ask(lambda: self._client.pin.ls(type="recursive"), "pins")
        return {Cid(name) for name in answer["Keys"]}

    def unpin(self, cid: str) -> None:
        if Cid(cid) in self.pins():
            self._ask(lambda: self._client.pin.rm(cid), cid)

    def check(self) -> None:
        self._ask(self._client.id, "id")

    def _fetch(self, cid: Cid) -> bytes:
        return bytes(self._ask(lambda: self._client.block.get(cid), cid))

    def _ask(self, question: Any, cid: str) -> Any:
        try:
            return question()
        except self._errors.TimeoutError as error:
            raise PayloadMissing(cid) from error
        except self._errors.ErrorResponse as error:
            if "not found" in str(error).lower() or "could not find" in str(error).lower():
                raise PayloadMissing(cid) from error
            raise StoreUnavailable(f"the daemon at {self._address} refused: {error}") from error
        except self._errors.Error as error:
            raise StoreUnavailable(f"no answer from the daemon at {self._address}: is it running?") from error
