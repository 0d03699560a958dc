"""Outcomes as lines, tables and Parquet say the same."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet as reader

from piecework.files import parquet
from piecework.files.cells import unshielded
from piecework.files.outcomes import answer_csv, field_names, json_line, outcome, task_csv
from piecework.files.parquet import ParquetMissing, write_parquet
from tests.piecework.files.answers import TEXTS

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
ANSWERS = st.fixed_dictionaries(
    {"worker": TEXTS, "answer": VALUES, "decision": st.sampled_from(["accepted", "rejected"]), "reason": TEXTS}
)
OUTCOMES = st.builds(
    outcome,
    st.text("abc.-_1", min_size=1, max_size=9),
    st.dictionaries(TEXTS, TEXTS, max_size=3),
    st.none() | st.fixed_dictionaries({"label": VALUES, "confidence": st.none() | st.floats(0, 1)}),
    st.lists(ANSWERS, max_size=3),
)


@given(OUTCOMES)
def test_a_line_of_json_is_exact(found: dict[str, Any]) -> None:
    line = json_line(found)
    assert line.count("\n") == 1
    assert json.loads(line) == found


@given(st.lists(OUTCOMES, max_size=6))
def test_a_table_of_tasks_has_every_text_and_label(found: list[dict[str, Any]]) -> None:
    fields = field_names(item["content"] for item in found)
    header, *rows = csv.reader(io.StringIO("".join(task_csv(found, fields)), newline=""))
    assert header[:4] == ["task", "label", "confidence", "answers"]
    assert [unshielded(name) for name in header[4:]] == [f"content.{name}" for name in fields]
    for row, item in zip(rows, found, strict=True):
        assert unshielded(row[0]) == item["task"]
        assert int(row[3]) == len(item["answers"])
        content = dict(zip(fields, map(unshielded, row[4:]), strict=True))
        assert content == {name: item["content"].get(name, "") for name in fields}
        if isinstance(item["label"], str):
            assert unshielded(row[1]) == item["label"]
        elif item["label"] is not None:
            assert json.loads(row[1]) == item["label"]


@given(st.lists(OUTCOMES, max_size=6))
def test_a_table_of_answers_has_a_row_for_each(found: list[dict[str, Any]]) -> None:
    header, *rows = csv.reader(io.StringIO("".join(answer_csv(found)), newline=""))
    assert header == ["task", "worker", "answer", "decision", "reason"]
    wanted = [(i["task"], a["worker"], a["decision"], a["reason"]) for i in found for a in i["answers"]]
    assert [tuple(unshielded(row[at]) for at in (0, 1, 3, 4)) for row in rows] == wanted


def test_a_table_goes_on_without_its_header() -> None:
    found = [outcome(f"t{number}", {"text": "x"}, None, []) for number in range(4)]
    whole = "".join(task_csv(found, ["text"]))
    assert "".join([*task_csv(found[:2], ["text"]), *task_csv(found[2:], ["text"], header=False)]) == whole


@given(found=st.lists(OUTCOMES, max_size=7))
def test_parquet_gives_back_every_outcome(found: list[dict[str, Any]], tmp_path_factory: Any) -> None:
    path: Path = tmp_path_factory.mktemp("parquet") / "out.parquet"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "ROWS_AT_A_TIME", 3)
        assert write_parquet(iter(found), path) == len(found)
    read = reader.ParquetFile(path)
    assert read.num_row_groups == -(-len(found) // 3)
    rows = read.read().to_pylist()
    for row, item in zip(rows, found, strict=True):
        assert row["task"] == item["task"]
        assert row["confidence"] == item["confidence"]
        assert json.loads(row["content"]) == item["content"]
        assert (None if row["label_json"] is None else json.loads(row["label_json"])) == item["label"]
        assert [a | {"answer": json.loads(a["answer"])} for a in row["answers"]] == item["answers"]


def test_without_pyarrow_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ParquetMissing, match=r"pip install 'piecework\[parquet\]'"):
        write_parquet([], tmp_path / "x.parquet")
    assert list(tmp_path.iterdir()) == []
