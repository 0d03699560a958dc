"""What is sent: the bodies, and their signatures after Standard Webhooks."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from datetime import UTC, datetime
from typing import Any

from backend.events import Event, Place

PREFIX = "whsec_"
CHAIN = "chain"
_SECRET_BYTES = 32
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def new_secret() -> bytes:
    return secrets.token_bytes(_SECRET_BYTES)


def secret_text(secret: bytes) -> str:
    """As receivers' libraries take it."""
    return PREFIX + base64.b64encode(secret).decode()


def message_id(endpoint_id: str, place: str, kind: str) -> str:
    """The same for the same event, however often and by whichever gateway it is sent."""
    return "msg_" + hashlib.sha256(f"{endpoint_id} {place} {kind}".encode()).hexdigest()[:32]


def kind_of(name: str, source: str = CHAIN) -> str:
    """`chain.paid_overdue` for the chain's PaidOverdue; `notice.…` for what the gateway itself tells."""
    return f"{source}." + _CAPITAL.sub("_", name).lower()


def event_body(event: Event) -> str:
    names = "name", "batch_id", "account", "args", "block_number", "log_index", "block_timestamp", "transaction_hash"
    data = {"place": str(Place.of(event)), **{name: getattr(event, name) for name in names}}
    return body(kind_of(event.name), data, event.block_timestamp)


def body(kind: str, data: dict[str, Any], at: float) -> str:
    """`{"type", "timestamp", "data"}`."""
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return json.dumps({"type": kind, "timestamp": moment, "data": data}, separators=(",", ":"))


def headers(secret: bytes, sent_id: str, text: str, now: float) -> dict[str, str]:
    """`webhook-id`, `webhook-timestamp`, `webhook-signature`."""
    from standardwebhooks import Webhook

    signature = Webhook(secret).sign(sent_id, datetime.fromtimestamp(int(now), UTC), text)
    return {
        "content-type": "application/json",
        "webhook-id": sent_id,
        "webhook-timestamp": str(int(now)),
        "webhook-signature": signature,
    }
