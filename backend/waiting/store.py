"""A payload store that also answers for what waits."""

from __future__ import annotations

import re
import time

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.ipfs.port import PayloadStore, PayloadTooLarge
from backend.waiting import repository
from piecework.domain.ids import Cid

_NAMES = re.compile(rb"baf(?:krei|ybei)[a-z2-7]{52}")
"""CIDs of a raw block and of a dag-pb node."""
NAME_BYTES = 59
_AT_A_TIME = 500
TRUSTED_SECONDS = 1.0


class WaitingStore:
    """A PayloadStore over another. What waits can be read as if it were stored; only what is put is stored."""

    def __init__(self, store: PayloadStore, engine: Engine) -> None:
        self._store = store
        self._engine = engine
        self._checked_at = -TRUSTED_SECONDS

    def put(self, data: bytes) -> Cid:
        return self._store.put(data)

    def keep_named(self, data: bytes, most: int | None = None) -> None:
        """Stores and pins uploads that `data` names, the first `most`: something paid for leans on them."""
        names = list(dict.fromkeys(name.decode() for name in _NAMES.findall(data)))[:most]
        for start in range(0, len(names), _AT_A_TIME):
            with Session(self._engine) as session:
                for cid in repository.uploaded(session, names[start : start + _AT_A_TIME]):
                    found = repository.data_of(session, cid)
                    if found is not None:
                        self._store.put(found)

    def get(self, cid: str, limit_bytes: int) -> bytes:
        # The table first: a daemon may look for what it does not have all over the network, until its time is up.
        with Session(self._engine) as session:
            found = repository.data_of(session, cid)
        if found is None:
            return self._store.get(cid, limit_bytes)
        if len(found) > limit_bytes:
            raise PayloadTooLarge(limit_bytes)
        return found

    def has(self, cid: str) -> bool:
        with Session(self._engine) as session:
            return repository.is_waiting(session, cid) or self._store.has(cid)

    def pins(self) -> set[Cid]:
        return self._store.pins()

    def unpin(self, cid: str) -> None:
        self._store.unpin(cid)

    def check(self) -> None:
        self._store.check()

    def check_lately(self) -> None:
        """As `check`, which is not asked again within a second of saying that all is well."""
        now = time.monotonic()
        if now - self._checked_at >= TRUSTED_SECONDS:
            self._store.check()
            self._checked_at = now


def keep_named(store: PayloadStore, data: bytes, most: int | None = None) -> None:
    """As `WaitingStore.keep_named`; in a store in which nothing waits there is nothing to do."""
    if isinstance(store, WaitingStore):
        store.keep_named(data, most)


def check_lately(store: PayloadStore) -> None:
    """Raises StoreUnavailable or StoreFull if nothing could be stored a moment ago."""
    if isinstance(store, WaitingStore):
        store.check_lately()
    else:
        store.check()
