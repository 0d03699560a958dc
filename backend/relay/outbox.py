"""The outbox: what is to be brought on chain is stored in the caller's transaction, before anything is sent."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from piecework.db.gateway import RelayIntent
from piecework.db.upserts import insert_into

KINDS = (
    "packet",
    "settle",
    "withdraw",
    "set_sweep",
    "sweep",
    "pay_overdue",
    "expire_claims",
    "release_rejected",
    "rule_overdue",
    "conclude",
    "grant_credential",
    "set_refusal",
    "refund",
    "mint",
    "fund",
)


@dataclass(frozen=True, slots=True)
class Charge:
    """What is counted for an intent: wei for itself, and what it puts by for what must follow."""

    payer: str | None
    counted_wei: int
    ahead_wei: int


class Outbox:
    """Intents by key. `wake` is set when there is something new."""

    def __init__(self) -> None:
        self.wake = threading.Event()

    def enqueue(
        self, session: Session, *, kind: str, dedupe_key: str, payload: dict[str, Any], charge: Charge | None = None
    ) -> str:
        """Stores an intent and returns its id; the same `dedupe_key` gives the intent that is there already."""
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no kind of intent")
        values = {
            "intent_id": secrets.token_hex(16),
            "kind": kind,
            "dedupe_key": dedupe_key,
            "payload": payload,
            "status": "queued",
            "created_at": time.time(),
            **(asdict(charge) if charge is not None else {}),
        }
        new = insert_into(session, RelayIntent).values(values).on_conflict_do_nothing(index_elements=["dedupe_key"])
        # Of two that ask at once the second waits here for the first, and then finds its intent.
        stored = session.execute(new.returning(RelayIntent.intent_id)).scalar_one_or_none()
        self.wake.set()
        return stored if stored is not None else session.execute(_same(dedupe_key)).scalar_one()

    def find(self, session: Session, dedupe_key: str) -> str | None:
        """The id of the intent with that key, if there is one."""
        return session.execute(_same(dedupe_key)).scalar_one_or_none()

    def get(self, session: Session, intent_id: str) -> RelayIntent | None:
        return session.execute(select(RelayIntent).where(RelayIntent.intent_id == intent_id)).scalar_one_or_none()


def _same(dedupe_key: str) -> Select[str]:
    return select(RelayIntent.intent_id).where(RelayIntent.dedupe_key == dedupe_key)
