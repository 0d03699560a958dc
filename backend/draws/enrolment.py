"""Who had enrolled when work was handed out: pinned, and named in the task list that the claim commits to on chain.

So the list stands before the block that draws from it, and nobody is put on it or struck off when that is known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy.orm import Session

from backend.batches.service import fetch_document, pin
from backend.draws import repository
from backend.draws.deciding import NAME
from backend.services import Services
from piecework.db.gateway import Draft
from piecework.domain import documents

KIND = "candidates"


def commit(services: Services, session: Session, draft: Draft) -> str | None:
    """Pins the list as it is now; its digest, for the task list. None for a batch whose reviewers are not drawn."""
    link = repository.link(session, draft.batch_id) if draft.review["policy"] == NAME else None
    if link is None:
        return None
    names = [row.reviewer for row in repository.candidates(session, link.review_batch_id)]
    packed = _packed(link.review_batch_id, tuple(sorted(names)))
    pin(services.store, packed)
    return packed.digest


def committed(services: Services, tasks_digest: str) -> list[str] | None:
    """Who was on the list that a claim's task list names, by address; None if it names none.

    Raises Conflict or PayloadError if a file cannot be had.
    """
    digest = fetch_document(services, tasks_digest, "task-list").get(KIND)
    return None if digest is None else list(fetch_document(services, digest, KIND)[KIND])


@lru_cache(maxsize=64)
def _packed(review_batch_id: str, names: Sequence[str]) -> documents.Packed:
    """The same list is the same file: its salt hides nothing, for the list is public."""
    content = "\0".join((documents.format_name(KIND), review_batch_id, *names))
    document = {
        "format": documents.format_name(KIND),
        "salt": "0x" + hashlib.sha256(content.encode()).hexdigest(),
        "review_batch_id": review_batch_id,
        KIND: list(names),
    }
    return documents.pack(document, KIND)
