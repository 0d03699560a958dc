"""Inserts that may meet a row that is there already."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def insert_into(session: Session, table: type[Any]) -> sqlite.Insert:
    """The session's dialect's INSERT, which has `on_conflict_do_nothing` and `on_conflict_do_update`.

    Both dialects' classes have these alike as long as arguments are given by name, so they go by one name here.
    """
    if session.get_bind().dialect.name == "postgresql":
        return cast("sqlite.Insert", postgresql.insert(table))
    return sqlite.insert(table)
