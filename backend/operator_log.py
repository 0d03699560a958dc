"""What operators did: appended, never changed, each entry bound to the one before by a hash.

Whoever can write the database can forge it as a whole; a change or a gap in the middle shows, and so does a shortened
log if somebody wrote down its last hash (`piecework operator-log` prints it).
"""

from __future__ import annotations

import getpass
import hashlib
import json
import platform
import time
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from backend.settings import GatewaySettings
from piecework import __version__
from piecework.db.engine import write_engine
from piecework.db.operators import OperatorAction

STARTED = "gateway_started"
_LOCK = 0x6F70657261
"""Names the log's advisory lock on a PostgreSQL server."""
_SHORT = 12


def append(engine: Engine, action: str, detail: dict[str, Any]) -> None:
    """Adds an entry for whoever runs this process."""
    with Session(write_engine(engine)) as session, session.begin():
        note(session, action, detail)


def note(session: Session, action: str, detail: dict[str, Any]) -> None:
    """Adds an entry within a writing transaction, so that it stands there with what was done, or neither does."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    last = session.execute(select(OperatorAction).order_by(OperatorAction.position.desc()).limit(1)).scalar()
    row = OperatorAction(
        position=last.position + 1 if last else 1, at=time.time(), actor=_actor(), action=action, detail=detail
    )
    row.hash = _hash(last.hash if last else "", row)
    session.add(row)


def started(engine: Engine, settings: GatewaySettings) -> None:
    """Notes that a gateway started, and which settings differ from the start before."""
    now = dict(_told(settings))
    with Session(engine) as session:
        query = select(OperatorAction).where(OperatorAction.action == STARTED)
        last = session.execute(query.order_by(OperatorAction.position.desc()).limit(1)).scalar()
        before = last.detail["settings"] if last else None
    changed = sorted(name for name in now if before is None or before.get(name) != now[name])
    append(engine, STARTED, {"version": __version__, "settings": now, "changed": changed if before else []})


def entries(session: Session) -> tuple[Sequence[OperatorAction], int | None]:
    """All of them, oldest first, and the first whose hash or number does not follow from the one before."""
    rows = session.execute(select(OperatorAction).order_by(OperatorAction.position)).scalars().all()
    before = ""
    for number, row in enumerate(rows, start=1):
        if row.position != number or row.hash != _hash(before, row):
            return rows, row.position
        before = row.hash
    return rows, None


def _hash(before: str, row: OperatorAction) -> str:
    content = [before, row.position, row.at, row.actor, row.action, row.detail]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _told(settings: GatewaySettings) -> Iterator[tuple[str, Any]]:
    """Of a key a part of its hash, so that a change shows; of what may hold a password that it is set."""
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            yield name, "sha256 " + hashlib.sha256(value.get_secret_value().encode()).hexdigest()[:_SHORT]
        else:
            yield name, value if field.repr else "set"


def _actor() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "unknown"
    return f"{name}@{platform.node()}"[:100]
