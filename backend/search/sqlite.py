"""The index on SQLite: FTS5 over words that are cut already. Its rowid is `seq`, so it walks newest first by itself."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

from backend.search.entry import Entry
from backend.search.query import Term
from backend.search.wanted import EVERYTHING, Hits, Wanted

_TABLE = "search_words_1"
"""The number is the tokenizer's: another one builds another table."""
_CREATE = (
    f"CREATE VIRTUAL TABLE IF NOT EXISTS {_TABLE} "
    "USING fts5(words, facts, columnsize=0, tokenize=\"ascii tokenchars ':_'\")"
)
_EVERY = ":every"
"""A fact of every batch, for searches that name only what is unwanted."""


class SqliteIndex:
    """See `WordIndex`."""

    def prepare(self, connection: Connection) -> bool:
        known = connection.execute(text("SELECT 1 FROM sqlite_master WHERE name = :name"), {"name": _TABLE}).first()
        connection.exec_driver_sql(_CREATE)
        return known is None

    def begin_writing(self, connection: Connection) -> None:
        """Writing transactions wait for each other from their beginning already."""

    def clear(self, connection: Connection) -> None:
        connection.execute(text(f"DELETE FROM {_TABLE}"))  # noqa: S608

    def write(self, connection: Connection, entries: Mapping[int, Entry]) -> None:
        if not entries:
            return
        self.remove(connection, list(entries))
        rows = [
            {"seq": seq, "words": " ".join(entry.text), "facts": " ".join(sorted({_EVERY, *entry.facts}))}
            for seq, entry in entries.items()
        ]
        insert = f"INSERT INTO {_TABLE} (rowid, words, facts) VALUES (:seq, :words, :facts)"  # noqa: S608
        connection.execute(text(insert), rows)

    def remove(self, connection: Connection, places: list[int]) -> None:
        if places:
            delete = text(f"DELETE FROM {_TABLE} WHERE rowid = :seq")  # noqa: S608
            connection.execute(delete, [{"seq": place} for place in places])

    def hits(self, connection: Connection, wanted: Wanted) -> Hits:
        if wanted.is_everything:
            return EVERYTHING
        source = f"{_TABLE} w CROSS JOIN search_batches s ON s.seq = w.rowid"
        return Hits(source, f"{_TABLE} MATCH :match AND w.rowid < :before", "w.rowid", {"match": match(wanted)})


def match(wanted: Wanted) -> str:
    """The FTS5 expression; every word stands in quotes, so none is taken for an operator."""
    parts = [_term(term) for term in wanted.terms if not term.is_unwanted]
    parts += [f'"{fact}"' for fact in wanted.facts]
    parts += ["(" + " OR ".join(f'"{fact}"' for fact in group) + ")" for group in wanted.groups]
    found = " AND ".join(parts or [f'"{_EVERY}"'])
    unwanted = [_term(term) for term in wanted.terms if term.is_unwanted]
    return f"({found}) NOT ({' OR '.join(unwanted)})" if unwanted else found


def _term(term: Term) -> str:
    return f'"{" ".join(term.words)}"' + ("*" if term.is_prefix else "")
