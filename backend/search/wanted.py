"""A search as the indexes take it, and what they give back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection

from backend.search.entry import Entry
from backend.search.query import Term


@dataclass(frozen=True, slots=True)
class Wanted:
    """Every term and every fact must hold, and of each group at least one fact."""

    terms: tuple[Term, ...] = ()
    facts: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()

    @property
    def is_everything(self) -> bool:
        return not (self.terms or self.facts or self.groups)


@dataclass(frozen=True, slots=True)
class Hits:
    """Parts of a statement that walks the found batches, newest first, below `:before`.

    `source` is a FROM clause that ends with `search_batches s`, `where` its conditions, `place` what orders it.
    """

    source: str
    where: str
    place: str
    values: Mapping[str, Any]


class WordIndex(Protocol):
    """Words and facts of batches in a database's own kind of index; all of it can be built again."""

    def prepare(self, connection: Connection) -> bool:
        """Creates what is missing; true if it is new and empty."""

    def begin_writing(self, connection: Connection) -> None:
        """Makes other writers of the same database wait for this transaction's end."""

    def clear(self, connection: Connection) -> None:
        """Forgets everything."""

    def write(self, connection: Connection, entries: Mapping[int, Entry]) -> None:
        """Writes entries by `seq`, in place of what stood there."""

    def remove(self, connection: Connection, places: list[int]) -> None:
        """Forgets them."""

    def hits(self, connection: Connection, wanted: Wanted) -> Hits:
        """How to walk what `wanted` finds."""


EVERYTHING = Hits("search_batches s", "s.seq < :before", "s.seq", {})


def index_for(dialect: str) -> WordIndex:
    """The index of a database by its SQLAlchemy name."""
    from backend.search.postgres import PostgresIndex
    from backend.search.sqlite import SqliteIndex

    return PostgresIndex() if dialect == "postgresql" else SqliteIndex()
