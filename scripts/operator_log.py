"""`piecework operator-log`."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from backend.operator_log import entries
from piecework.db.engine import open_engine, upgrade
from scripts.terminal import fail


def run_operator_log(database_url: str) -> int:
    """Prints every entry as a line of JSON; 1 if one was changed or is missing."""
    try:
        engine = open_engine(database_url)
    except ValueError as error:
        return fail(str(error))
    upgrade(engine)
    with Session(engine) as session:
        rows, broken = entries(session)
        for row in rows:
            at = datetime.fromtimestamp(row.at, UTC).isoformat(timespec="seconds")
            entry = {"position": row.position, "at": at, "actor": row.actor, "action": row.action}
            print(json.dumps(entry | {"detail": row.detail, "hash": row.hash}))  # noqa: T201
    engine.dispose()
    if broken is not None:
        return fail(f"entry {broken} does not follow from the one before: somebody changed the log")
    return 0
