"""Tells an address something once: a row for its list and live stream, and a message to each of its webhooks.

All in the transaction of what it is about, so there is no notice of what did not happen, nor the other way round.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from backend.notices import repository
from backend.webhooks import messages
from backend.webhooks import repository as webhooks
from piecework.db.notices import Notice
from piecework.db.webhooks import WebhookDelivery


def tell(
    session: Session, recipients: Iterable[str], name: str, batch_id: str, data: dict[str, Any], *, once: str
) -> None:
    """Does nothing for who was told of `once` under this name already. Call it last in a transaction."""
    repository.lock(session)
    for recipient in dict.fromkeys(recipients):
        notice_id = hashlib.sha256(f"{recipient} {name} {once}".encode()).hexdigest()[:32]
        if repository.exists(session, notice_id):
            continue
        now = time.time()
        row = Notice(notice_id=notice_id, recipient=recipient, name=name, batch_id=batch_id, data=data, created_at=now)
        session.add(row)
        session.flush()
        _deliver(session, row, now)


def _deliver(session: Session, row: Notice, now: float) -> None:
    kind = messages.kind_of(row.name, "notice")
    text = messages.body(kind, {"notice_id": row.notice_id, "batch_id": row.batch_id, **row.data}, now)
    for endpoint in webhooks.endpoints(session, row.recipient):
        if endpoint.state == "active" and (endpoint.names is None or row.name in endpoint.names):
            session.add(
                WebhookDelivery(
                    message_id=messages.message_id(endpoint.endpoint_id, row.notice_id, kind),
                    endpoint_id=endpoint.endpoint_id,
                    place=endpoint.place,
                    type=kind,
                    body=text,
                    state="queued",
                    attempts=0,
                    created_at=now,
                )
            )
    session.flush()
