"""What ought to be pinned, compared with what the store and the pinning service really have; and brought back."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from backend.ipfs.pinning import PinningFailed, PinningService, PinState
from backend.ipfs.port import PayloadCorrupt, PayloadMissing, PayloadStore
from piecework.domain import documents
from piecework.domain.cid import CidError, parse_cid

MAX_FILE_BYTES = 512 * 1024 * 1024
_POLL_SECONDS = 0.5
_A_PIN = "pinned file"

Source = Callable[[], Sequence[bytes] | None]
"""The files of a document, from elsewhere than the store; None if they cannot be had."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it ought to be. `where` is `store` or `service`; `repaired` if it is now."""

    cid: str
    where: str
    problem: str
    what: str
    repaired: bool = False


@dataclass
class PinReport:
    """What was looked at, what was wrong, and what could not be told."""

    checked: int = 0
    others: int = 0
    """Pins of kinds that Piecework does not make, such as the empty folder of every Kubo; left alone."""
    at_service: int | None = None
    findings: list[Finding] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    @property
    def left(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.repaired]

    @property
    def exit_code(self) -> int:
        """0: all is there, or is again. 1: something is missing. 2: something could not be checked."""
        if self.left:
            return 1
        return 2 if self.unchecked else 0


@dataclass(frozen=True, slots=True)
class Expected:
    """A file that ought to be pinned: what it is, and where else its bytes may be had."""

    what: str
    source: Source | None = None


class PinAudit:
    """One look at everything; with `repair` it brings back what it can."""

    def __init__(
        self,
        store: PayloadStore,
        service: PinningService | None,
        *,
        repair: bool,
        wait_seconds: float = 120.0,
    ) -> None:
        """`wait_seconds`: how long the service may take for what it is asked for."""
        self._store = store
        self._service = service
        self._repair = repair
        self._origins: Sequence[str] = ()
        self._connect: Callable[[str], None] = lambda _: None
        self._wait_seconds = wait_seconds

    def through(self, origins: Sequence[str], connect: Callable[[str], None]) -> None:
        """Addresses of the node that has the blocks, and how to have it dial a peer of the service."""
        self._origins, self._connect = origins, connect

    def run(self, expected: Mapping[str, Expected], tick: Callable[[], None] = lambda: None) -> PinReport:
        """Looks at `expected` and at every pin of the store. Raises StoreUnavailable if the store does not answer."""
        report = PinReport()
        found = {str(cid) for cid in self._store.pins()}
        pins = {cid for cid in found if _is_of_ours(cid)}
        report.others = len(found) - len(pins)
        expected = dict(expected)
        waiting, seen, whole = deque(sorted({*expected, *pins})), {*expected, *pins}, []
        while waiting:
            cid = waiting.popleft()
            data = self._in_store(cid, expected.get(cid), cid in pins, report)
            if data is not None:
                whole.append(cid)
                for part in _parts(data):
                    expected.setdefault(part, Expected(f"part of {cid}"))
                    if part not in seen:
                        seen.add(part)
                        waiting.append(part)
            report.checked += 1
            tick()
        if self._service is not None:
            self._at_service(self._service, whole, expected, report)
        return report

    # ---------------------------------------------------------------------- store

    def _in_store(self, cid: str, wanted: Expected | None, is_pinned: bool, report: PinReport) -> bytes | None:
        """The file if the store has it now, whole and pinned."""
        data, problem = self._look(cid)
        if problem is None and not is_pinned:
            problem = "not pinned"
        if problem is None:
            return data
        repaired = self._repair and self._bring_back(cid, wanted)
        report.findings.append(Finding(cid, "store", problem, wanted.what if wanted else _A_PIN, repaired))
        return self._look(cid)[0] if repaired else None

    def _look(self, cid: str) -> tuple[bytes | None, str | None]:
        """Every block is read and hashed again."""
        try:
            return self._store.get(cid, MAX_FILE_BYTES), None
        except PayloadMissing:
            return None, "missing"
        except PayloadCorrupt:
            return None, "damaged"

    def _bring_back(self, cid: str, wanted: Expected | None) -> bool:
        """From the database, or from whoever has it on the network of the store's own daemon."""
        files = wanted.source() if wanted is not None and wanted.source is not None else None
        try:
            if files is not None:
                return cid in [str(self._store.put(data)) for data in files]
            return str(self._store.put(self._store.get(cid, MAX_FILE_BYTES))) == cid
        except (PayloadMissing, PayloadCorrupt):
            return False

    # -------------------------------------------------------------------- service

    def _at_service(
        self, service: PinningService, cids: Sequence[str], expected: Mapping[str, Expected], report: PinReport
    ) -> None:
        try:
            states = service.states(cids)
            asked: dict[str, PinState | None] = {
                cid: states.get(cid) for cid in cids if cid not in states or states[cid].status != "pinned"
            }
            if self._repair:
                self._ask(service, asked)
                states |= self._wait(service, list(asked))
        except PinningFailed as error:
            report.unchecked.append(str(error))
            return
        report.at_service = sum(states[cid].status == "pinned" for cid in cids if cid in states)
        for cid, before in asked.items():
            now = states.get(cid)
            problem = "missing" if before is None else f"{before.status} {before.why}".strip()
            what = expected[cid].what if cid in expected else _A_PIN
            repaired = self._repair and now is not None and now.status == "pinned"
            report.findings.append(Finding(cid, "service", problem, what, repaired))

    def _ask(self, service: PinningService, asked: Mapping[str, PinState | None]) -> None:
        dialled: set[str] = set()
        for cid, state in asked.items():
            if state is None:
                new = service.pin(cid, origins=self._origins)
            elif state.status == "failed":
                new = service.again(state, origins=self._origins)
            else:
                new = state
            for address in sorted(set(new.delegates) - dialled):
                dialled.add(address)
                self._connect(address)

    def _wait(self, service: PinningService, cids: Sequence[str]) -> dict[str, PinState]:
        deadline = time.monotonic() + self._wait_seconds
        states: dict[str, PinState] = {}
        while cids:
            states = service.states(cids)
            waiting = [cid for cid in cids if cid in states and states[cid].status in ("queued", "pinning")]
            if not waiting or time.monotonic() >= deadline:
                break
            time.sleep(_POLL_SECONDS)
        return states


def combined(*groups: Iterable[tuple[str, Expected]]) -> dict[str, Expected]:
    """The first that names a CID wins."""
    found: dict[str, Expected] = {}
    for group in groups:
        for cid, expected in group:
            found.setdefault(cid, expected)
    return found


def _is_of_ours(cid: str) -> bool:
    try:
        parse_cid(cid)
    except CidError:
        return False
    return True


def _parts(data: bytes) -> list[str]:
    """Of a document that was cut up: files of their own, each pinned by itself."""
    if len(data) > documents.MAX_BLOCK_BYTES or not data.startswith(b"{"):
        return []
    try:
        document = json.loads(data)
        if document.get("format") != documents.format_name("index"):
            return []
        return [str(part) for part in document["parts"] if parse_cid(str(part))]
    except (ValueError, KeyError, TypeError, AttributeError):  # some file that looks like one
        return []
