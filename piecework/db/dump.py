"""The mirror as text that is the same on every engine: for comparing, not for restoring."""

from __future__ import annotations

import json
from typing import TextIO

from sqlalchemy import Engine, select

from piecework.db.mirror import MIRROR_TABLES


def dump_mirror(engine: Engine, out: TextIO) -> int:
    """Writes every mirror row as a line of JSON, sorted; returns how many."""
    count = 0
    with engine.connect() as connection:
        for model in MIRROR_TABLES:
            table = model.__table__
            rows = [dict(row._mapping) for row in connection.execute(select(table))]
            for line in sorted(json.dumps(row, sort_keys=True) for row in rows):
                out.write(f"{table.name} {line}\n")  # type: ignore[attr-defined]
                count += 1
    return count
