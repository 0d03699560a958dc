"""Files that a transaction is going to name: a ticket's task list, a bonus's reason, an appeal's evidence.

Who was given them may send that transaction itself, or never, so the gateway cannot tell when. They wait beside the
room: who can have them has a ticket, work or a rejection in this batch, and of drafts a few for each batch and worker
are kept. What the chain names is stored.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence

from sqlalchemy.orm import Session

from backend.services import Services
from backend.waiting import repository
from piecework.domain import documents
from piecework.domain.cid import cid_of_digest
from piecework.domain.ids import ZERO_DIGEST

TICKET, BONUS, APPEAL = "ticket", "bonus", "appeal"
KEPT = 8
"""Drafts of one kind about one worker's part in one batch; the oldest makes room."""
_NAMED = {BONUS: ("BonusPaid", "reasonDigest"), APPEAL: ("Disputed", "evidenceDigest")}
"""Events that name such a document, and where."""
_LATE_BLOCKS = 256
"""After a reorg an event may stand lower than it stood."""
_AT_A_TIME = 500
"""Tickets of one look, and files that are asked for in one statement."""
_LATE_SECONDS = 86_400
"""So long the mirror may be behind the chain."""


def await_claim(session: Session, packed: documents.Packed, seconds: int) -> None:
    """Keeps a ticket's task list until a claim names it, or nobody can claim by it any more: `seconds` from now."""
    _keep(session, TICKET, f"{TICKET}:{packed.digest}", packed, seconds + _LATE_SECONDS)


def await_event(
    services: Services, session: Session, kind: str, batch_id: str, worker: str, packed: documents.Packed
) -> None:
    """Keeps a draft until an event names it, its time is over, or newer ones have its place."""
    about = f"{kind}:{hashlib.sha256(f'{batch_id} {worker}'.encode()).hexdigest()}:"
    _keep(session, kind, about + packed.cid[-24:], packed, services.settings.waiting_lifetime_seconds)
    for old in repository.newest_holders(session, share_of(kind), about)[KEPT:]:
        repository.leave(session, old)


def share_of(kind: str) -> str:
    """Of the waiting room: nobody's, and counted as nothing."""
    return f"named:{kind}"


def _keep(session: Session, kind: str, holder: str, packed: documents.Packed, seconds: int) -> None:
    common = {"holder": holder, "share": share_of(kind), "is_known": True, "counted_bytes": 0}
    common["expires_at"] = time.time() + seconds
    blocks = {block.cid: block.data for block in reversed(packed.blocks)}
    rows = [common | {"cid": cid, "position": n, "data": data} for n, (cid, data) in enumerate(blocks.items())]
    repository.add(session, rows)


def not_before(looked_to: int) -> int:
    """The block from which on there may be something new for who looked up to that one."""
    return looked_to - _LATE_BLOCKS


class Namings:
    """Stores what the chain named. Remembers up to which block it looked, and at which tickets.

    Tickets cost nothing and most are never claimed, so a look takes the next few of them, and comes round.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._looked_to = 0
        self._last_ticket = ""

    def store_named(self) -> int:
        """How many documents were stored, which then wait no more."""
        with self._services.reading() as session:
            head = repository.last_block(session)
            tickets = repository.named_after(session, share_of(TICKET), self._last_ticket, _AT_A_TIME)
            named = _claimed(session, tickets)
            for kind in _NAMED:
                named |= self._told(session, kind)
        self._store(named)
        self._looked_to = head  # not before all is stored
        self._last_ticket = tickets[-1] if len(tickets) == _AT_A_TIME else ""
        return len(named)

    def store_claimed(self, holders: Sequence[str]) -> set[str]:
        """Those of the holders that are claimed tickets: stored now, as the next look at them may be late."""
        with self._services.reading() as session:
            named = _claimed(session, [holder for holder in holders if holder.startswith(f"{TICKET}:")])
        self._store(named)
        return named

    def _store(self, named: set[str]) -> None:
        for holder in named:
            with self._services.reading() as session:
                for _, data in repository.blocks(session, holder):
                    self._services.store.put(data)
        if named:
            with self._services.writing() as session:
                for holder in named:
                    repository.leave(session, holder)

    def _told(self, session: Session, kind: str) -> set[str]:
        """Drafts that an event names."""
        share = share_of(kind)
        if not repository.named_after(session, share, "", 1):
            return set()
        name, argument = _NAMED[kind]
        found = repository.events(session, name, not_before(self._looked_to))
        cids = [str(cid_of_digest(digest)) for digest in {str(args[argument]) for args in found} - {ZERO_DIGEST}]
        told = set[str]()
        for start in range(0, len(cids), _AT_A_TIME):
            told.update(repository.holders_of(session, share, cids[start : start + _AT_A_TIME]))
        return told


def _claimed(session: Session, tickets: Sequence[str]) -> set[str]:
    """Those of the tickets whose task list a claim on chain names."""
    digests = [ticket.removeprefix(f"{TICKET}:") for ticket in tickets]
    return {f"{TICKET}:{digest}" for digest in repository.claimed(session, digests)} if digests else set()
