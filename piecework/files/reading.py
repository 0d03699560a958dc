"""Rows of a file that a person brings: CSV of any usual kind, JSON lines, a JSON array, Label Studio's tasks.

Nothing is held but a row. What is wrong with a row is a Fault in its place, and reading goes on behind it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from piecework.domain.canonical import NotCanonical, strict_loads
from piecework.domain.streamed import BrokenArray, items

DELIMITERS = ",;\t|"
ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SAMPLE = 65_536
_COLUMN = re.compile(r"column (\d+)")
_REPLACED = "\ufffd"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where: a line of the file, and a column's name or the number of a sign."""

    line: int
    why: str
    column: str | int | None = None

    def __str__(self) -> str:
        at = "" if self.column is None else f", column {self.column!r}"
        return f"line {self.line}{at}: {self.why}"


@dataclass(frozen=True, slots=True)
class Row:
    """`values`: by column or field; of CSV they are texts, None where nothing stands. `line`: where it begins."""

    line: int
    values: dict[str, Any]


class FileUnreadable(ValueError):
    """Not even rows can be told apart; the message says what to do."""


Found = Row | Fault


def rows(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> Iterator[Found]:
    """Every row of a file in order. `encoding` and `delimiter` are looked for if they are not given.

    Raises FileUnreadable and OSError.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise FileUnreadable(f"files end in {', '.join(ENDINGS)}; for anything else give a list of mappings")
    with path.open("rb") as file:
        known = encoding or _encoding(file)
        readers = {".jsonl": _json_lines, ".ndjson": _json_lines, ".json": _json_array}
        reader = readers.get(ending)
        text = _Lines(file, known)
        sign = delimiter or ("\t" if ending == ".tsv" else None)
        for each in reader(text) if reader is not None else _csv(text, sign):
            yield from text.faults()
            yield each
        yield from text.faults()


class _Lines:
    """Lines of text as they stand, ends included; where the bytes are no text, a Fault is kept."""

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        try:
            "".encode(encoding)
        except LookupError:
            raise FileUnreadable(f"there is no encoding {encoding!r}: try utf-8, cp1252 or utf-16") from None
        self._file, self._encoding = file, encoding
        self._waiting: list[Fault] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        plain = self._encoding.lower().replace("_", "-")
        lines = self._bytewise() if plain in ("utf-8", "utf-8-sig") else self._wide()
        for line in lines:
            self.number += 1
            yield line

    def faults(self) -> list[Fault]:
        """Since the last call."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def _bytewise(self) -> Iterator[str]:
        for number, line in enumerate(self._file, start=1):
            data = line.removeprefix(_BOMS[0][0]) if number == 1 else line
            try:
                yield data.decode("utf-8")
            except UnicodeDecodeError as error:
                column = len(data[: error.start].decode("utf-8", "replace")) + 1
                self._waiting.append(Fault(number, _not_utf8(data[error.start : error.start + 12]), column))
                yield data.decode("utf-8", "replace")

    def _wide(self) -> Iterator[str]:
        reader = io.TextIOWrapper(self._file, self._encoding, newline="\n", errors="replace")
        try:
            for number, line in enumerate(reader, start=1):
                if _REPLACED in line:
                    column = line.index(_REPLACED) + 1
                    self._waiting.append(Fault(number, f"this is not {self._encoding}: name the encoding", column))
                yield line
        finally:
            reader.detach()


def _not_utf8(data: bytes) -> str:
    windows = data.decode("cp1252", "replace")
    return f"this is not UTF-8; in cp1252 it would be {windows!r}: save the file as UTF-8, or name its encoding"


def _encoding(file: IO[bytes]) -> str:
    head = file.read(3)
    file.seek(0)
    return next((name for mark, name in _BOMS if head.startswith(mark)), "utf-8")


def delimiter_of(sample: str) -> str:
    """The delimiter under which the first rows have the same number of columns, and most; a comma if none does."""
    best, most = ",", 1
    for sign in DELIMITERS:
        # The last row of a sample may be cut.
        table = [row for row in csv.reader(io.StringIO(sample, newline=""), delimiter=sign) if row]
        whole = table[:-1] or table
        width = len(whole[0]) if whole else 0
        if width > most and all(len(row) == width for row in whole[:50]):
            best, most = sign, width
    return best


def _csv(lines: _Lines, delimiter: str | None) -> Iterator[Found]:
    text = iter(lines)
    head: list[str] = []
    while delimiter is None and sum(map(len, head)) < _SAMPLE and (line := next(text, None)) is not None:
        head.append(line)
    sign = delimiter or delimiter_of("".join(head))
    if len(sign) != 1:
        raise FileUnreadable(f"a delimiter is one sign, {sign!r} is not: try , ; | or a tab")
    reader = csv.reader(_chained(head, text), delimiter=sign, strict=True)
    names = _header(reader)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Fault(number, f"{error}: is a quote missing?" if "quote" not in str(error) else str(error))
            continue
        if not cells:
            continue
        if len(cells) != len(names):
            yield Fault(number, f"{len(cells)} values for {len(names)} columns: is a quote missing?")
            continue
        yield Row(number, {name: cell or None for name, cell in zip(names, cells, strict=True)})


def _header(reader: Any) -> list[str]:
    try:
        names = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise FileUnreadable(f"line 1: {error}") from None
    if not names:
        raise FileUnreadable("it is empty: the first line names the columns")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None or "" in names:
        raise FileUnreadable("line 1: every column needs a name of its own")
    return names


def _chained(head: Iterable[str], text: Iterator[str]) -> Iterator[str]:
    yield from head
    yield from text


def _json_lines(lines: _Lines) -> Iterator[Found]:
    for line in lines:
        if line.strip():
            yield _object(line, lines.number)


def _json_array(lines: _Lines) -> Iterator[Found]:
    text, start = iter(lines), ""
    while not start.strip() and (line := next(text, None)) is not None:
        start += line
    before, bracket, rest = start.partition("[")
    if not bracket or before.strip():
        raise FileUnreadable("line 1: a .json file holds a list of tasks, [{...}, ...]; for a task a line use .jsonl")
    number = before.count("\n") + 1
    try:
        for raw in items(rest, text):
            number += raw[: len(raw) - len(raw.lstrip())].count("\n")
            yield _object(raw.strip(), number)
            number += raw.lstrip().count("\n")
    except BrokenArray as error:
        yield Fault(lines.number, f"no JSON: {error}")


def _object(text: str, line: int) -> Found:
    try:
        value = strict_loads(text.encode("utf-8", "surrogatepass"))
    except NotCanonical as error:
        found = _COLUMN.search(str(error))
        return Fault(line, f"no JSON: {error}", int(found[1]) if found else None)
    if not isinstance(value, Mapping):
        return Fault(line, 'a task is an object, like {"text": "..."}')
    return Row(line, dict(value))
