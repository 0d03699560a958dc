"""Files that people bring: they wait until something paid for names them."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy.exc import IntegrityError

from backend.errors import Invalid, TooLarge
from backend.ipfs.unixfs import build
from backend.payloads.schemas import Stored
from backend.services import Services
from backend.waiting import repository as waiting
from backend.waiting.room import admit, place_of
from piecework.domain.cid import CidError, parse_cid
from piecework.domain.documents import Block


def store(services: Services, owner: str, network: str, data: bytes, cid: str | None) -> Stored:
    """Keeps the bytes for a while; the same again begin that anew.

    Raises TooLarge, Invalid for none or for bytes that `cid` does not name, NoRoom beyond the gateway's bound.
    """
    limit = services.settings.max_payload_bytes
    if len(data) > limit:
        raise TooLarge("payload_too_large", f"the payload has {len(data)} bytes, {limit} are taken")
    if not data:
        raise Invalid("payload_empty", "the payload has no bytes")
    if cid is not None:
        check_cid(cid)
    *_, root = build(data)
    if cid is not None and root.cid != cid:
        raise Invalid("cid_mismatch", f"the bytes that arrived are {root.cid}, not {cid}: send them again")
    holder = f"{owner}:{root.cid}"
    # The same file of the same owner at the same moment: it is there.
    with suppress(IntegrityError), services.writing() as session:
        waiting.leave(session, holder)
        admit(services, session, place_of(session, holder, owner, network), [Block(root.cid, data)])
    return Stored(cid=root.cid, size=len(data))


def check_cid(cid: str) -> None:
    """Raises Invalid."""
    try:
        parse_cid(cid)
    except CidError as error:
        raise Invalid("cid_invalid", str(error)) from error
