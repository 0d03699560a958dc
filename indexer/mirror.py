"""Rows of the mirror within one transaction: read once, changed in memory, written at the end, with a way back.

Every first change of a row in a block records the row as it was, so no handler needs an undo of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, delete, insert, select, update

from piecework.db.base import Base
from piecework.db.mirror import MIRROR_TABLES, UndoEntry

Row = dict[str, Any]
_Key = tuple[str, tuple[Any, ...]]

_TABLES: dict[str, Table] = {model.__tablename__: model.__table__ for model in MIRROR_TABLES}  # type: ignore[misc]
_UNDO: Table = UndoEntry.__table__  # type: ignore[assignment]
_CHUNK = 500


class RowMissing(LookupError):
    """A handler needs a row that no earlier event made."""


class Mirror:
    """A unit of work. `record_undo` is off for blocks that can no longer be reorganised."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: dict[_Key, Row | None] = {}
        self._stored: dict[_Key, Row | None] = {}
        self._dirty: set[_Key] = set()
        self._undo: list[Row] = []
        self._touched: set[_Key] = set()
        self._block = -1
        self._record_undo = True

    def begin_block(self, block_number: int, *, record_undo: bool) -> None:
        """From here on changes belong to `block_number`."""
        if block_number != self._block:
            self._block = block_number
            self._touched.clear()
        self._record_undo = record_undo

    def find(self, model: type[Base], **key: Any) -> Row | None:
        """A copy of the row, or None. `key` names every column of the primary key."""
        names = [column.name for column in _TABLES[model.__tablename__].primary_key]
        row = self._load(model.__tablename__, {name: key[name] for name in names})
        return None if row is None else dict(row)

    def get(self, model: type[Base], **key: Any) -> Row:
        """A copy of the row. Raises RowMissing."""
        row = self.find(model, **key)
        if row is None:
            raise RowMissing(f"no row in {model.__tablename__} for {key}")
        return row

    def put(self, model: type[Base], row: Row) -> None:
        """Writes a whole row, new or changed."""
        name = model.__tablename__
        table = _TABLES[name]
        key = {column.name: row[column.name] for column in table.primary_key}
        before = self._load(name, key)
        identity = (name, tuple(key.values()))
        if identity not in self._touched:
            self._touched.add(identity)
            if self._record_undo:
                self._undo.append(
                    {"block_number": self._block, "table_name": name, "row_key": key, "row_before": before}
                )
        self._rows[identity] = {column.name: row.get(column.name) for column in table.columns}
        self._dirty.add(identity)

    def flush(self) -> None:
        """Writes what changed."""
        inserts: dict[str, list[Row]] = {}
        updates: dict[str, list[Row]] = {}
        for identity in self._dirty:
            row = self._rows[identity]
            assert row is not None  # noqa: S101 - rows are never deleted going forward
            target = inserts if self._stored[identity] is None else updates
            target.setdefault(identity[0], []).append(row)
        for name, rows in inserts.items():
            for start in range(0, len(rows), _CHUNK):
                self._connection.execute(insert(_TABLES[name]), rows[start : start + _CHUNK])
        for name, rows in updates.items():
            _update_rows(self._connection, _TABLES[name], rows)
        if self._undo:
            self._connection.execute(insert(_UNDO), self._undo)
        self._dirty.clear()
        self._undo.clear()
        for identity, row in self._rows.items():
            self._stored[identity] = row

    def _load(self, name: str, key: Mapping[str, Any]) -> Row | None:
        identity = (name, tuple(key.values()))
        if identity not in self._rows:
            table = _TABLES[name]
            found = self._connection.execute(select(table).where(_matches(table, key))).first()
            row = None if found is None else dict(found._mapping)
            self._rows[identity] = row
            self._stored[identity] = row
        return self._rows[identity]


def undo_above(connection: Connection, block_number: int) -> int:
    """Takes back every change of blocks above `block_number`, newest first; returns how many rows."""
    newest_first = _UNDO.c.block_number.desc(), _UNDO.c.id.desc()
    entries = connection.execute(select(_UNDO).where(_UNDO.c.block_number > block_number).order_by(*newest_first)).all()
    for entry in entries:
        table = _TABLES[entry.table_name]
        connection.execute(delete(table).where(_matches(table, entry.row_key)))
        if entry.row_before is not None:
            connection.execute(insert(table), [entry.row_before])
    connection.execute(delete(_UNDO).where(_UNDO.c.block_number > block_number))
    return len(entries)


def _matches(table: Table, key: Mapping[str, Any]) -> Any:
    return and_(*(table.c[name] == value for name, value in key.items()))


def _update_rows(connection: Connection, table: Table, rows: list[Row]) -> None:
    keys = [column.name for column in table.primary_key]
    values = {c.name: bindparam(f"new_{c.name}", type_=c.type) for c in table.columns if c.name not in keys}
    statement = update(table).where(and_(*(table.c[k] == bindparam(f"key_{k}") for k in keys))).values(values)
    parameters = [
        {(f"key_{name}" if name in keys else f"new_{name}"): value for name, value in row.items()} for row in rows
    ]
    connection.execute(statement, parameters)
