"""Tasks are read from what people have, and refused with the place of the fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas
import pytest

from piecework.client import TasksRefused, read_tasks


def written(tmp_path: Path, text: str | bytes, name: str = "tasks.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_every_row_of_a_csv_is_a_task_and_every_column_a_field(tmp_path: Path) -> None:
    text = '\ufeffid,sentence,truth\r\na,"It works, well",good\r\nb,"Two\nlines",\r\n'
    listed = read_tasks(written(tmp_path, text), "choice", columns={"sentence": "text"}, known="truth")
    assert listed.tasks == [
        {"id": "a", "content": {"text": "It works, well"}},
        {"id": "b", "content": {"text": "Two\nlines"}},
    ]
    assert listed.known == {"a": "good"}


def test_json_lines_lists_and_data_frames_say_the_same(tmp_path: Path) -> None:
    rows = [{"text": "one"}, {"text": "two"}]
    lines = written(tmp_path, '{"text": "one"}\n\n{"text": "two"}\n', "tasks.jsonl")
    whole = written(tmp_path, '{"content": {"text": "one"}}\n{"content": {"text": "two"}}\n', "whole.jsonl")
    expected = [{"id": "1", "content": {"text": "one"}}, {"id": "2", "content": {"text": "two"}}]
    for source in (rows, lines, whole, pandas.DataFrame(rows)):
        assert read_tasks(source, "choice").tasks == expected


def test_a_dot_makes_a_field_of_a_field_and_an_absent_number_no_field() -> None:
    frame = pandas.DataFrame([{"left.name": "Kettle", "right.name": "Pot", "price": float("nan"), "size": 3}])
    content = read_tasks(frame, None).tasks[0]["content"]
    assert content == {"left": {"name": "Kettle"}, "right": {"name": "Pot"}, "size": 3}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("text\n", "no rows"),
        ("text,text\na,b\n", "line 1"),
        ("text,\na,b\n", "line 1"),
        ("id,text\na,one\na,two\n", "line 3, column 'id': the id 'a' stands at line 2"),
        ("id,text\na b,one\n", "line 2, column 'id': 'a b' is no task id"),
        ("text\none,two\n", "line 2: 2 values for 1 columns"),
        ('text\n"one\n', "line 2"),
        ("text\none\n\nthree,four\n", "line 4"),
        ("text,text.more\na,b\n", "line 2, column 'text.more'"),
        ("words\none\n", "line 2: a worker would see nothing: choice shows"),
        (b"text\n\xff\xfe\n", "not UTF-8"),
        ("id,text\n,one\n", "line 2, column 'id': the id is empty"),
    ],
)
def test_a_bad_csv_is_refused_with_its_line(tmp_path: Path, text: Any, said: str) -> None:
    with pytest.raises(TasksRefused, match=said):
        read_tasks(written(tmp_path, text), "choice")


@pytest.mark.parametrize("line", ["[1]", "{", '{"text": 1}', "null", '{"id": {}, "text": "a"}', "[" * 100_000])
def test_a_bad_line_of_json_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    with pytest.raises(TasksRefused, match="line 2"):
        read_tasks(written(tmp_path, '{"text": "one"}\n' + line + "\n", "tasks.jsonl"), "choice")


def test_other_faults_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(TasksRefused, match="no column 'truth'"):
        read_tasks([{"text": "a"}], "choice", known="truth")
    with pytest.raises(TasksRefused, match="cannot be read"):
        read_tasks(tmp_path / "nowhere.csv", "choice")
    with pytest.raises(TasksRefused, match="files end in"):
        read_tasks(written(tmp_path, "", "tasks.xlsx"), "choice")
    with pytest.raises(TasksRefused, match="choose choice"):
        read_tasks([{"text": "a"}], "chioce")
    with pytest.raises(TasksRefused, match="give a mapping"):
        read_tasks(["a"], "choice")  # type: ignore[list-item]
    with pytest.raises(TasksRefused, match="several batches"):
        read_tasks(({"text": "a"} for _ in range(50_001)), "choice")
