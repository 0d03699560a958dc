"""`piecework disclosure-key`: the requester's copy of what opens its batch's sealed known answers."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any

from piecework.domain import documents
from piecework.domain.cid import CidMismatch
from piecework.domain.disclosure import DisclosureError, key_digest, open_sealed, parse_key
from piecework.domain.documents import DocumentError
from piecework.domain.ids import parse_digest
from scripts.crowd.api import Api, ApiError
from scripts.crowd.wallet import Wallet
from scripts.terminal import err, fail, out

_OWNER_ALONE = 0o600


def run_disclosure_key(batch_id: str, *, gateway_url: str, out_path: Path | None) -> int:
    """Prints the key, or adds it to a file; 1 if it cannot be had or does not open what the gateway pinned."""
    secret = os.environ.get("PIECEWORK_REQUESTER_KEY")
    try:
        wallet = Wallet(secret) if secret else None
    except ValueError:
        return fail("PIECEWORK_REQUESTER_KEY is no private key: it has 64 hex digits")
    try:
        batch_id = parse_digest(batch_id)
        with closing(Api(gateway_url, wallet)) as api:
            if wallet is not None:
                api.sign_in(api.get("/v1/chain"))
            found = api.get(f"/v1/batches/{batch_id}/disclosure-key")
            key = parse_key(found["key"])
            known = _opened(api, batch_id, key)
    except (ApiError, DisclosureError, DocumentError, CidMismatch, ValueError) as error:
        return fail(str(error))
    if out_path is None:
        out.print(key, highlight=False, markup=False)
    else:
        try:
            _add(out_path, key)
        except OSError as error:
            return fail(f"{out_path} cannot be written: {error.strerror}")
    public = "they are public" if found["is_public"] else "keep it secret until they are public"
    err.print(f"It opens {known} known answers of batch {batch_id}; {public}.", highlight=False)
    return 0


def _opened(api: Api, batch_id: str, key: str) -> int:
    """How many known answers the key opens. Raises DisclosureError, DocumentError or CidMismatch if it does not."""
    gold: dict[str, Any] | None = api.get(f"/v1/batches/{batch_id}/manifest")["gold"]
    sealed = gold.get("sealed") if gold else None
    if gold is None or sealed is None:
        raise DisclosureError(f"the manifest of batch {batch_id} names no sealed known answers")
    if sealed["key_digest"] != key_digest(key):
        raise DisclosureError("the gateway gave another key than the manifest names: do not trust it with this batch")
    document = documents.unpack(sealed["document_digest"], "sealed-gold", api.payload)
    return len(open_sealed(document, gold["root"], key)["answers"])


def _add(path: Path, key: str) -> None:
    """Nobody but the file's owner may read it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _OWNER_ALONE)
    with os.fdopen(descriptor, "a") as file:
        os.fchmod(descriptor, _OWNER_ALONE)  # the file may have been there
        file.write(key + "\n")
