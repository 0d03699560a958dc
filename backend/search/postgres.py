"""The index on PostgreSQL: a list of batches for each word, and each batch's words with their places.

The shortest list is walked newest first, and the other words are looked up batch by batch. So a page costs about what
it shows, however common its words are, which no GIN index gives: that knows no order. Places decide phrases and
beginnings.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from backend.search.entry import Entry
from backend.search.query import Term
from backend.search.repository import rows
from backend.search.wanted import EVERYTHING, Hits, Wanted

_LISTS, _PLACES = "search_lists_1", "search_places_1"
"""The number is the tokenizer's: another one builds other tables."""
_CREATE = (
    f'CREATE TABLE IF NOT EXISTS {_LISTS} (word text COLLATE "C", seq bigint, PRIMARY KEY (word, seq))',
    f"CREATE TABLE IF NOT EXISTS {_PLACES} (seq bigint PRIMARY KEY, words tsvector NOT NULL)",
)
_LOCK = 0x7365617263
_LONG = 2_000
"""Batches of a word's list that are counted."""
_SORTED = 5_000
"""Fewer batches than this, of several words together, are sorted faster than others are looked through for them."""
_KEPT_SECONDS, _KEPT = 60.0, 20_000


class PostgresIndex:
    """See `WordIndex`. Remembers for a minute how long a word's list is."""

    def __init__(self) -> None:
        self._lengths: dict[str, tuple[float, int]] = {}

    def prepare(self, connection: Connection) -> bool:
        self.begin_writing(connection)
        known = connection.execute(text("SELECT to_regclass(:name)"), {"name": _LISTS}).scalar()
        for statement in _CREATE:
            connection.execute(text(statement))
        return known is None

    def begin_writing(self, connection: Connection) -> None:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})

    def clear(self, connection: Connection) -> None:
        connection.execute(text(f"TRUNCATE {_LISTS}, {_PLACES}"))

    def write(self, connection: Connection, entries: Mapping[int, Entry]) -> None:
        if not entries:
            return
        self.remove(connection, list(entries))
        places = [{"seq": seq, "words": vector(entry)} for seq, entry in entries.items()]
        connection.execute(text(f"INSERT INTO {_PLACES} VALUES (:seq, CAST(:words AS tsvector))"), places)  # noqa: S608
        lists = f"INSERT INTO {_LISTS} SELECT unnest(tsvector_to_array(words)), seq FROM {_PLACES} WHERE seq = :seq"  # noqa: S608
        connection.execute(text(lists), [{"seq": seq} for seq in entries])

    def remove(self, connection: Connection, places: list[int]) -> None:
        if not places:
            return
        rows = [{"seq": place} for place in places]
        from_lists = (
            f"DELETE FROM {_LISTS} WHERE seq = :seq AND word IN "  # noqa: S608
            f"(SELECT unnest(tsvector_to_array(words)) FROM {_PLACES} WHERE seq = :seq)"
        )
        connection.execute(text(from_lists), rows)
        connection.execute(text(f"DELETE FROM {_PLACES} WHERE seq = :seq"), rows)  # noqa: S608

    def hits(self, connection: Connection, wanted: Wanted) -> Hits:
        if wanted.is_everything:
            return EVERYTHING
        return _Walk(self, connection, wanted).hits()

    def length(
        self, connection: Connection, key: str, where: str, values: Mapping[str, Any], *, is_ordered: bool = False
    ) -> int:
        """How many batches a list holds: counted to a number from which on it does not matter.

        A list of one word that is longer is guessed by how close to each other its newest are.
        """
        now = time.monotonic()
        kept = self._lengths.get(key)
        if kept is None or now - kept[0] > _KEPT_SECONDS:
            if len(self._lengths) >= _KEPT:
                self._lengths.clear()
            count = _guessed if is_ordered else _counted
            kept = self._lengths[key] = (now, count(connection, where, values))
        return kept[1]


def _guessed(connection: Connection, where: str, values: Mapping[str, Any]) -> int:
    few = f"SELECT seq FROM {_LISTS} WHERE {where} ORDER BY seq DESC LIMIT {_LONG}"  # noqa: S608
    [(found, newest, oldest)] = rows(connection, f"SELECT count(*), max(seq), min(seq) FROM ({few}) f", values)  # noqa: S608
    return int(found) if found < _LONG else _LONG * int(newest) // max(1, newest - oldest)


def _counted(connection: Connection, where: str, values: Mapping[str, Any]) -> int:
    few = f"SELECT 1 FROM {_LISTS} WHERE {where} LIMIT {_SORTED}"  # noqa: S608
    [(found,)] = rows(connection, f"SELECT count(*) FROM ({few}) f", values)  # noqa: S608
    return int(found)


class _Walk:
    """One search, as the statement that walks its shortest list."""

    def __init__(self, index: PostgresIndex, connection: Connection, wanted: Wanted) -> None:
        self._index = index
        self._connection = connection
        self._wanted = wanted
        self._values: dict[str, Any] = {}

    def hits(self) -> Hits:
        lists = sorted(self._lists(), key=lambda found: found.length)
        shortest = next((found for found in lists if found.is_ordered or found.length < _SORTED), None)
        conditions = [found.condition for found in lists if found is not shortest]
        queries = [_tsquery(term) for term in self._wanted.terms if not term.is_plain or term.is_unwanted]
        if queries:
            self._values["places"] = " & ".join(queries)
            conditions.append(_PLACED)
        rest = "".join(f" AND {condition}" for condition in conditions)
        if shortest is None:
            return Hits("search_batches s", "s.seq < :before" + rest.replace("l.seq", "s.seq"), "s.seq", self._values)
        walk = f"SELECT l.seq FROM {shortest.walk} AND l.seq < :before{rest} ORDER BY l.seq DESC"  # noqa: S608
        return Hits(f"({walk}) h {_ROW}", "true", "h.seq", self._values)

    def _lists(self) -> list[_List]:
        wanted = [term for term in self._wanted.terms if not term.is_unwanted]
        single = {word for term in wanted for word in (term.words[:-1] if term.is_prefix else term.words)}
        prefixes = sorted({term.words[-1] for term in wanted if term.is_prefix})
        lists = [self._one(f"w{n}", word) for n, word in enumerate([*self._wanted.facts, *sorted(single)])]
        lists += [self._group(f"g{n}", list(group)) for n, group in enumerate(self._wanted.groups)]
        return lists + [self._prefix(f"p{n}", prefix) for n, prefix in enumerate(prefixes)]

    def _one(self, name: str, word: str) -> _List:
        self._values[name] = word
        length = self._index.length(self._connection, word, "word = %(word)s", {"word": word}, is_ordered=True)
        return _List(length, _LOOKUP.format(f"= :{name}"), f"{_LISTS} l WHERE l.word = :{name}", is_ordered=True)

    def _group(self, name: str, words: list[str]) -> _List:
        self._values[name] = words
        length = self._index.length(self._connection, " ".join(words), "word = ANY(%(words)s)", {"words": words})
        walk = _sorted(f"word = ANY(:{name})")
        return _List(length, _LOOKUP.format(f"= ANY(:{name})"), walk)

    def _prefix(self, name: str, prefix: str) -> _List:
        bounds = {"low": prefix, "high": prefix + _LAST_SIGN}
        self._values |= {name: prefix, name + "_end": prefix + _LAST_SIGN}
        length = self._index.length(self._connection, prefix + "*", "word >= %(low)s AND word < %(high)s", bounds)
        walk = _sorted(f"word >= :{name} AND word < :{name}_end")
        # Where another list is walked, the places say whether a word begins so.
        return _List(length, "true", walk)


def _sorted(where: str) -> str:
    """Lists of several words as one; in its order before anything is looked up, so that a full page ends that."""
    return f"(SELECT DISTINCT seq FROM {_LISTS} WHERE {where} ORDER BY seq DESC OFFSET 0) l WHERE true"  # noqa: S608


@dataclass(frozen=True, slots=True)
class _List:
    """Batches of which one must be, how to ask that of one batch, and how to walk them all."""

    length: int
    condition: str
    walk: str
    is_ordered: bool = False


_LOOKUP = f"EXISTS (SELECT 1 FROM {_LISTS} x WHERE x.word {{}} AND x.seq = l.seq OFFSET 0)"  # noqa: S608
_ROW = "CROSS JOIN LATERAL (SELECT * FROM search_batches s WHERE s.seq = h.seq OFFSET 0) s"
_PLACED = (
    f"EXISTS (SELECT 1 FROM {_PLACES} p "  # noqa: S608
    "WHERE p.seq = l.seq AND p.words @@ CAST(:places AS tsquery) OFFSET 0)"
)
"""OFFSET 0 keeps the planner from turning a look-up for each batch into a join of whole lists or tables."""
_LAST_SIGN = "\U0010ffff"


def vector(entry: Entry) -> str:
    """The entry as PostgreSQL writes a tsvector: words with places, facts without."""
    placed = (f"'{word}':{','.join(map(str, places))}" for word, places in entry.places.items())
    return " ".join([*placed, *(f"'{fact}'" for fact in entry.facts)])


def _tsquery(term: Term) -> str:
    *first, last = (f"'{word}'" for word in term.words)
    phrase = " <-> ".join([*first, last + (":*" if term.is_prefix else "")])
    return f"!({phrase})" if term.is_unwanted else f"({phrase})"
