"""A store whose files go to a pinning service too, a moment later and without holding up who stores them.

What waits is kept in memory alone: after a crash `piecework pins audit --repair` finds what was not asked for.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import OrderedDict

import structlog

from backend.ipfs.kubo import KuboStore
from backend.ipfs.pinning import PinningFailed, PinningService
from backend.ipfs.port import PayloadError
from piecework.domain.ids import Cid

log = structlog.get_logger("payloads")

_MOST_WAITING = 100_000
_REMEMBERED = 50_000
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 300.0


class CopiedStore:
    """A PayloadStore over a Kubo; what is put is handed to `copies`."""

    def __init__(self, store: KuboStore, copies: SecondCopy) -> None:
        self._store = store
        self._copies = copies

    def put(self, data: bytes) -> Cid:
        cid = self._store.put(data)
        self._copies.want(cid)
        return cid

    def get(self, cid: str, limit_bytes: int) -> bytes:
        return self._store.get(cid, limit_bytes)

    def has(self, cid: str) -> bool:
        return self._store.has(cid)

    def pins(self) -> set[Cid]:
        return self._store.pins()

    def unpin(self, cid: str) -> None:
        """Here; the service keeps its copy until its owner removes it there."""
        self._store.unpin(cid)

    def check(self) -> None:
        self._store.check()


class SecondCopy:
    """A thread that asks the service for one pin after the other; while it fails, ever more slowly."""

    def __init__(self, service: PinningService, node: KuboStore) -> None:
        self._service = service
        self._node = node
        self._waiting: queue.Queue[str] = queue.Queue(_MOST_WAITING)
        self._asked: OrderedDict[str, None] = OrderedDict()
        self._dialled: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="second-copy", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def want(self, cid: str) -> None:
        """Returns at once; a file that was asked for lately is not asked for again."""
        if cid in self._asked:
            return
        self._asked[cid] = None
        while len(self._asked) > _REMEMBERED:
            self._asked.popitem(last=False)
        try:
            self._waiting.put_nowait(cid)
        except queue.Full:
            log.warning("second_copy_left_out", cid=cid, advice="run piecework pins audit --repair")

    def _run(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        cid: str | None = None
        while not self._stop.is_set():
            try:
                cid = cid or self._waiting.get(timeout=0.2)
                self._copy(cid)
                cid, pause = None, _FIRST_PAUSE_SECONDS
            except queue.Empty:
                continue
            except (PayloadError, OSError) as error:
                log.warning("second_copy_failed", service=self._service.name, error=str(error)[:300])
                self._stop.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _copy(self, cid: str) -> None:
        state = self._service.pin(cid, origins=self._node.addresses())
        if state.status == "failed":
            raise PinningFailed(f"{self._service.name} failed to pin {cid}: {state.why}")
        for peer in state.delegates:
            self._dial(peer)

    def _dial(self, peer: str) -> None:
        """At most once a minute; a peer that cannot be reached from here may still reach us."""
        if time.monotonic() - self._dialled.get(peer, -60.0) < 60.0:
            return
        self._dialled[peer] = time.monotonic()
        try:
            self._node.connect(peer)
        except PayloadError as error:
            log.info("pinning_peer_not_reached", error=str(error)[:200])
