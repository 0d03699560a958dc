"""The gateway's copy of known answers, held against the root that the batch's manifest commits to.

Nobody is judged, and nothing is revealed, by answers that differ from it: a database that was changed, restored from
elsewhere or lost costs no worker money.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

import structlog
from prometheus_client import Gauge

from backend.ipfs.port import PayloadError
from piecework.db.gateway import Draft
from piecework.domain import documents
from piecework.domain.cid import CidError, CidMismatch
from piecework.domain.documents import DocumentError
from piecework.domain.ids import Cid

log = structlog.get_logger("reviews")
CHANGED = Gauge(
    "piecework_known_answers_changed_batches",
    "Batches whose known answers here are not those that their manifests commit to; nobody is rejected in them.",
)
_KEPT = 10_000
Fetch = Callable[[Cid], bytes]
"""A block of the payload store. Raises PayloadError."""


class CommittedAnswers:
    """What manifests commit to, and which batches' answers were found to be others."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._roots: dict[str, str | None] = {}
        self._changed: dict[str, str] = {}

    def known(self, draft: Draft, manifest_digest: str, fetch: Fetch) -> Mapping[str, Any] | None:
        """The known answers by task, none if the batch has none; None if the copy here is not to be trusted.

        `manifest_digest`: as in the terms on chain.
        """
        why = self._difference(draft, manifest_digest, fetch)
        with self._lock:
            is_new = why is not None and self._changed.get(draft.batch_id) != why
            if why is None:
                self._changed.pop(draft.batch_id, None)
            else:
                self._changed[draft.batch_id] = why
            CHANGED.set(len(self._changed))
        if is_new:
            log.error("known_answers_changed", batch_id=draft.batch_id, why=why)
        if why is not None:
            return None
        return draft.gold["answers"] if draft.gold else {}

    def warnings(self) -> list[str]:
        """For the operator: each batch with what is wrong and what to do."""
        with self._lock:
            return [warning(batch_id, why) for batch_id, why in sorted(self._changed.items())]

    def warnings_of(self, batch_id: str) -> list[str]:
        """For the batch's requester."""
        with self._lock:
            return [warning(batch_id, self._changed[batch_id])] if batch_id in self._changed else []

    def _difference(self, draft: Draft, manifest_digest: str, fetch: Fetch) -> str | None:
        try:
            root = self._root(manifest_digest, fetch)
        except (PayloadError, CidError, CidMismatch, DocumentError) as error:
            return f"the manifest that commits to them cannot be read ({type(error).__name__})"
        if draft.gold is None:
            return "they are lost" if root is not None else None
        try:
            found = documents.pack(draft.gold, "gold").digest
        except DocumentError:
            return "they are no whole document"
        if found != root:
            return f"their digest is {found}, the manifest commits to {root or 'none'}"
        return None

    def _root(self, manifest_digest: str, fetch: Fetch) -> str | None:
        with self._lock:
            if manifest_digest in self._roots:
                return self._roots[manifest_digest]
        gold = documents.unpack(manifest_digest, "manifest", fetch)["gold"]
        root = gold["root"] if gold else None
        with self._lock:
            if len(self._roots) >= _KEPT:
                self._roots.clear()
            self._roots[manifest_digest] = root
        return root


def warning(batch_id: str, why: str) -> str:
    """What requester and operator read."""
    return (
        f"the known answers of batch {batch_id} are not to be trusted here: {why}. No answer is rejected by them, and "
        "silence pays what waits for the batch's policy. Restore the gateway's database from a backup"
    )
