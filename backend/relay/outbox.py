"""The outbox: what is to be brought on chain is stored in the caller's transaction, before anything is sent."""

from __future__ import annotations

import secrets
import threading
import time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from piecework.db.gateway import RelayIntent

KINDS = (
    "packet",
    "settle",
    "withdraw",
    "set_sweep",
    "sweep",
    "pay_overdue",
    "expire_claims",
    "release_rejected",
    "refund",
    "mint",
    "fund",
)


class Outbox:
    """Intents by key. `wake` is set when there is something new."""

    def __init__(self) -> None:
        self.wake = threading.Event()

    def enqueue(self, session: Session, *, kind: str, dedupe_key: str, payload: dict[str, Any]) -> str:
        """Stores an intent and returns its id; the same `dedupe_key` gives the intent that is there already."""
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no kind of intent")
        found = session.execute(select(RelayIntent).where(RelayIntent.dedupe_key == dedupe_key)).scalar_one_or_none()
        if found is not None:
            return found.intent_id
        intent = RelayIntent(
            intent_id=secrets.token_hex(16),
            kind=kind,
            dedupe_key=dedupe_key,
            payload=payload,
            status="queued",
            created_at=time.time(),
        )
        session.add(intent)
        session.flush()
        self.wake.set()
        return intent.intent_id

    def get(self, session: Session, intent_id: str) -> RelayIntent | None:
        return session.execute(select(RelayIntent).where(RelayIntent.intent_id == intent_id)).scalar_one_or_none()
