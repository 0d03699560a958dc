"""What binds a draft to its known answers: a root in the manifest, and the answers under seal beside it.

The requester may have the disclosure key of its own batch at any time, everybody once the answers are public.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backend.batches import repository
from backend.batches.known import max_share
from backend.batches.schemas import DisclosureKey, DraftIn
from backend.errors import Conflict, Invalid, NotAllowed, NotFound, NotSignedIn
from backend.services import Services
from piecework.domain import disclosure, documents
from piecework.domain.canonical import NotCanonical, new_salt, read_back
from piecework.domain.documents import DocumentError


@dataclass(frozen=True, slots=True, repr=False)
class Commitment:
    """`gold`: the document. `entry`: what the manifest says of it. `sealed`: to pin."""

    gold: dict[str, Any]
    root: str
    key: str
    sealed: documents.Packed
    entry: dict[str, Any]


def commit(wanted: DraftIn) -> Commitment | None:
    """Salts and seals the known answers of a draft; None if it has none. Raises Invalid."""
    if not wanted.gold:
        return None
    gold = {"format": documents.format_name("gold"), "salt": new_salt(), "answers": wanted.gold}
    root = packed(gold, "gold").digest
    gold = read_back(gold)
    key = disclosure.new_key()
    sealed = packed(disclosure.seal(gold, root, key), "sealed-gold")
    entry = {
        "root": root,
        "count": len(wanted.gold),
        "max_share": max_share(wanted),
        "sealed": {"document_digest": sealed.digest, "key_digest": disclosure.key_digest(key)},
    }
    return Commitment(gold, root, key, sealed, entry)


def packed(document: dict[str, Any], kind: str) -> documents.Packed:
    """Raises Invalid for what a requester wrote into it that no document can hold."""
    try:
        return documents.pack(document, kind)
    except (DocumentError, NotCanonical) as error:
        raise Invalid("document_refused", str(error)) from error


def disclosure_key(services: Services, reader: str | None, batch_id: str) -> DisclosureKey:
    """Raises NotFound, Conflict without sealed answers, and NotSignedIn or NotAllowed while they are nobody else's."""
    with services.reading() as session:
        draft = repository.draft(session, batch_id)
    if draft is None:
        raise NotFound("draft_unknown", f"batch {batch_id} was not drafted here: ask the gateway where it was")
    if not draft.is_revealed and reader is None:
        raise NotSignedIn(
            "not_signed_in", f"the key of batch {batch_id} is its requester's: sign in as {draft.requester}"
        )
    if not draft.is_revealed and reader != draft.requester:
        detail = f"the key of batch {batch_id} is its requester's until the known answers are public"
        raise NotAllowed("not_your_batch", detail)
    if draft.disclosure_key is None:
        raise Conflict("nothing_sealed", f"batch {batch_id} has no known answers under seal, so there is no key")
    return DisclosureKey(batch_id=batch_id, key=draft.disclosure_key, is_public=draft.is_revealed)
