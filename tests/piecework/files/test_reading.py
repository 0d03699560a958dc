"""Whatever kind of file comes, its rows are read, and each fault is named with its line and column."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from piecework.files import reading
from piecework.files.reading import DELIMITERS, Fault, FileUnreadable, Row, delimiter_of, rows

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=20)
WORDS = st.text("abc ä\"'|;,\t\n", min_size=1, max_size=8)


def written(folder: Path, data: str | bytes, name: str = "tasks.csv") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def read(path: Path, **how: Any) -> list[tuple[int, Any]]:
    return [
        (found.line, found.values if isinstance(found, Row) else (found.column, found.why))
        for found in rows(path, **how)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reading")


@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=6),
    st.sampled_from(DELIMITERS),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\r\n", "\n"]),
)
def test_every_usual_csv_is_read_as_it_was_written(
    folder: Path, table: list[list[str]], delimiter: str, encoding: str, end: str
) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([["one", "two", "three"], *table])
    path = written(folder, buffer.getvalue().encode(encoding))

    found = list(rows(path, delimiter=delimiter))

    assert [list(row.values.values()) for row in found if isinstance(row, Row)] == [
        [cell or None for cell in cells] for cells in table
    ]


@pytest.mark.parametrize("delimiter", DELIMITERS)
@given(table=st.lists(st.lists(st.text("abcä1 ", min_size=1, max_size=6), min_size=3, max_size=3), min_size=1))
def test_the_delimiter_is_found(delimiter: str, table: list[list[str]]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows([["one", "two", "three"], *table])
    assert delimiter_of(buffer.getvalue()) == delimiter


def test_one_column_is_no_reason_to_look_for_another_delimiter() -> None:
    assert delimiter_of("text\na; b\nc, d\n") == ","
    assert delimiter_of("") == ","


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    path = written(tmp_path, 'a,b\r\n1,"two\r\nlines"\r\n\r\n3,4\r\n5\r\n6,7\r\n')
    assert read(path) == [
        (2, {"a": "1", "b": "two\r\nlines"}),
        (5, {"a": "3", "b": "4"}),
        (6, (None, "1 values for 2 columns: is a quote missing?")),
        (7, {"a": "6", "b": "7"}),
    ]


def test_a_bad_line_costs_no_other_line(tmp_path: Path) -> None:
    path = written(tmp_path, 'a,b\n1,"x"y\n2,3\n4,"open\n5,6\n')
    found = read(path)
    assert [line for line, _ in found] == [2, 3, 4]
    assert found[1] == (3, {"a": "2", "b": "3"})
    assert "unexpected end of data" in found[2][1][1]


def test_bytes_that_are_no_utf8_are_named_with_line_and_column_and_what_they_may_be(tmp_path: Path) -> None:
    path = written(tmp_path, "text\nfine\nä naïve".encode() + " caf\xe9\nlast\n".encode("cp1252"))
    found = [fault for fault in rows(path) if isinstance(fault, Fault)]
    assert [(fault.line, fault.column) for fault in found] == [(3, 12)]
    assert "'é" in found[0].why
    assert "save the file as UTF-8, or name its encoding" in found[0].why
    whole = written(tmp_path, "text\ncaf\xe9\n".encode("cp1252"), "windows.csv")
    assert read(whole, encoding="cp1252") == [(2, {"text": "café"})]


@pytest.mark.parametrize("encoding", ["utf-7-of-mars", ""])
def test_an_encoding_that_is_none_is_refused(tmp_path: Path, encoding: str) -> None:
    if encoding:
        with pytest.raises(FileUnreadable, match="no encoding"):
            list(rows(written(tmp_path, "a\n1\n"), encoding=encoding))


@given(st.lists(st.dictionaries(WORDS, st.text(max_size=9) | st.none() | st.integers(0, 9)), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_json_lines_and_arrays_give_the_same_rows(folder: Path, objects: list[dict[str, Any]]) -> None:
    lines = written(folder, "".join(json.dumps(value) + "\n\n" for value in objects), "tasks.jsonl")
    array = written(folder, json.dumps(objects, indent=2, ensure_ascii=False), "tasks.json")
    assert [row.values for row in rows(lines) if isinstance(row, Row)] == objects
    assert [row.values for row in rows(array) if isinstance(row, Row)] == objects


def test_lines_of_an_array_are_those_where_its_items_begin(tmp_path: Path) -> None:
    path = written(tmp_path, '\n[\n  {"a": 1},\n\n  {"a":\n 2}, 7,\n {"a": 3, "a": 4}]', "x.json")
    found = read(path)
    assert found[0] == (3, {"a": 1})
    assert found[1] == (5, {"a": 2})
    assert found[2] == (6, (None, 'a task is an object, like {"text": "..."}'))
    assert found[3][0] == 7
    assert "stands twice" in found[3][1][1]


@pytest.mark.parametrize(
    "line", ["[1]", "{", '{"a": NaN}', '{"a": "\\ud800"}', '{"a": 1, "a": 2}', "[" * 100_000, '{"a": 1e999}']
)
def test_a_bad_line_of_json_is_named_and_the_others_are_read(tmp_path: Path, line: str) -> None:
    found = read(written(tmp_path, f'{{"a": 1}}\n{line}\n{{"a": 2}}\n', "x.jsonl"))
    assert [at for at, _ in found] == [1, 2, 3]
    assert isinstance(found[1][1], tuple)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.csv", "", "it is empty"),
        ("x.csv", "a,a\n", "line 1: every column"),
        ("x.csv", "a,\n", "line 1: every column"),
        ("x.json", '{"a": 1}', "holds a list of tasks"),
        ("x.json", "", "holds a list of tasks"),
        ("x.xlsx", "", "files end in"),
    ],
)
def test_a_file_without_rows_to_tell_apart_is_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(FileUnreadable, match=said):
        list(rows(written(tmp_path, text, name)))


def peak(path: Path) -> int:
    tracemalloc.start()
    try:
        assert sum(isinstance(found, Row) for found in rows(path)) > 0
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def check_memory(folder: Path) -> None:
    for name, head, line, end in (
        ("x.csv", "id,text\n", "{},some text of a usual length\n", ""),
        ("x.jsonl", "", '{{"id": "{}", "text": "some text"}}\n', ""),
        ("x.json", '[{"id": "first"}', ',\n{{"id": "{}", "text": "some text"}}', "]"),
    ):
        sizes = []
        for count in (5_000, 50_000):
            text = head + "".join(line.format(number) for number in range(count)) + end
            sizes.append(peak(written(folder, text, name)))
        assert sizes[1] < sizes[0] * 1.3, (name, sizes)


def test_reading_holds_no_more_for_ten_times_the_rows(tmp_path: Path) -> None:
    check_memory(tmp_path)


def test_a_reader_that_collects_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: all rows are there before the first is given."""
    monkeypatch.setattr(reading, "_csv", lambda lines, sign, real=reading._csv: iter(list(real(lines, sign))))
    with pytest.raises(AssertionError):
        check_memory(tmp_path)
