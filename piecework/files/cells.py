"""CSV as it leaves: RFC 4180, a few rows at a time, and no cell that a spreadsheet would run.

A text that a spreadsheet takes for a formula begins with one of a few signs; such a text gets an apostrophe before it,
and so does one that begins with apostrophes and then such a sign. So `unshielded` finds every text again as it was.
Numbers are written as numbers: -5 is no formula.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

_RUN = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""Also in full width, which some programs take for the same signs."""
ROWS_AT_A_TIME = 500


def shielded(text: str) -> str:
    """The text, which no spreadsheet takes for a formula."""
    return f"'{text}" if _RUN.match(text) else text


def unshielded(text: str) -> str:
    """The text that `shielded` was given."""
    return text[1:] if text.startswith("'") and _RUN.match(text) else text


def cell(value: Any) -> Any:
    """Text is shielded, numbers stay, None is nothing, all else is written as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return shielded(value)
    if isinstance(value, (bool, dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return value


def csv_lines(header: Sequence[str] | None, rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Text of a CSV, some rows at a time; without a header it goes on with one that was begun. Cells as they are."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    if header is not None:
        writer.writerow(header)
    for number, row in enumerate(rows, start=1):
        writer.writerow(row)
        if number % ROWS_AT_A_TIME == 0:
            yield _taken(buffer)
    if buffer.tell():
        yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
