"""Cells of a CSV: nothing that runs, nothing that is lost."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piecework.files.cells import ROWS_AT_A_TIME, cell, csv_lines, shielded, unshielded

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＠x", "'=1", "''=1"])
def test_what_a_spreadsheet_would_run_begins_with_an_apostrophe(text: str) -> None:
    assert shielded(text) == "'" + text
    assert unshielded(shielded(text)) == text


@pytest.mark.parametrize("text", ["", "a=1", "'quoted'", "1-2", " =1"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert shielded(text) == unshielded(text) == text


@given(WORDS)
def test_every_text_comes_back_and_none_runs(text: str) -> None:
    safe = shielded(text)
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert unshielded(safe) == text


@pytest.mark.parametrize(
    ("value", "written"),
    [(None, ""), (-5, -5), (0.5, 0.5), (True, "true"), ({"a": "ä"}, '{"a": "ä"}'), ([1, None], "[1, null]")],
)
def test_values_are_written_so_that_people_can_read_them(value: Any, written: Any) -> None:
    assert cell(value) == written
    assert isinstance(cell(value), type(written))


@given(st.lists(st.tuples(WORDS, WORDS), max_size=20))
def test_rows_come_back_from_the_text(rows: list[tuple[str, str]]) -> None:
    text = "".join(csv_lines(("one", "two"), rows))
    assert [tuple(row) for row in csv.reader(io.StringIO(text, newline=""))] == [("one", "two"), *rows]


def test_many_rows_come_in_pieces_and_a_table_goes_on_without_its_header() -> None:
    rows = [(number, "x") for number in range(ROWS_AT_A_TIME * 2 + 1)]
    pieces = list(csv_lines(("a", "b"), rows))
    assert len(pieces) == 3
    half = ROWS_AT_A_TIME
    assert "".join(pieces) == "".join([*csv_lines(("a", "b"), rows[:half]), *csv_lines(None, rows[half:])])
    assert list(csv_lines(None, [])) == []
