"""Rows become tasks of any type, every known answer as what it is, and no fault hides another."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piecework.client import TasksRefused, read_tasks
from piecework.domain.task_types import TASK_TYPES, example
from piecework.files.label_studio import Interface, array
from piecework.files.outcomes import outcome
from tests.piecework.files.answers import SCHEMAS, answers

NAMES = sorted(TASK_TYPES)


def flat(content: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Fields of fields with dots between them."""
    found: dict[str, Any] = {}
    for name, value in content.items():
        found |= flat(value, f"{before}{name}.") if isinstance(value, dict) else {before + name: value}
    return found


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tasks")


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_tasks_of_every_type_come_from_every_kind_of_file_with_their_known_answers(
    folder: Path, name: str, data: st.DataObject
) -> None:
    tasks = example(name)["tasks"]
    good = answers(SCHEMAS[name]).filter(lambda answer: answer != "")
    known = {task["id"]: data.draw(good) for task in tasks[:1]}
    cells = {task_id: answer if isinstance(answer, str) else json.dumps(answer) for task_id, answer in known.items()}
    rows = [{"id": t["id"], **flat(t["content"]), "truth": cells.get(t["id"], "")} for t in tasks]
    names = list(dict.fromkeys(column for row in rows for column in row))
    table = io.StringIO()
    writer = csv.DictWriter(table, names, restval="", delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    lines = [{"id": t["id"], **t["content"], "truth": known.get(t["id"])} for t in tasks]
    shown = Interface(name, SCHEMAS[name], tuple(flat({k: 0 for t in tasks for k in t["content"]})))
    outcomes = [outcome(t["id"], t["content"], None, [given_answer(known, t["id"])]) for t in tasks]
    studio = [shown.task(found) for found in outcomes]
    for task in studio:
        task["annotations"][0]["ground_truth"] = task["data"]["piecework_task"] in known

    for ending, text, column in (
        ("csv", table.getvalue(), "truth"),
        ("jsonl", "".join(json.dumps(line) + "\n" for line in lines), "truth"),
        ("json", json.dumps(lines), "truth"),
        ("json", "".join(array(studio)), "ground_truth"),
    ):
        path = written(folder, f"{name}.{ending}", text)
        listed = read_tasks(path, name, known=column, schema=SCHEMAS[name])
        assert listed.tasks == tasks, (ending, column)
        assert list(listed.known) == list(known)
        for task_id, answer in listed.known.items():
            assert close(answer, known[task_id]), (ending, column)


def given_answer(known: dict[str, Any], task_id: str) -> dict[str, Any]:
    fallback = next(iter(known.values()))
    return {"worker": "0x1", "answer": known.get(task_id, fallback), "decision": "accepted", "reason": "fits"}


def close(found: Any, wanted: Any) -> bool:
    """The same; a box's place went over percents."""
    if isinstance(wanted, float) and isinstance(found, (int, float)):
        return abs(found - wanted) <= 1e-11 or found == wanted
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(close, found, wanted))
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(close(found[name], value) for name, value in wanted.items())
    return bool(found == wanted) and type(found) is type(wanted)


def test_every_fault_is_named_with_its_line_and_column_and_no_good_row_hides_it(tmp_path: Path) -> None:
    text = "name,picture,truth\na,https://x.example/1.jpg,cat\nb,ftp://x,cat\na b,https://x.example/2.jpg,\n"
    text += "a,https://x.example/3.jpg,\nd,https://x.example/4.jpg,cow\ne\nf,https://x.example/5.jpg,dog\n"
    path = written(tmp_path, "tasks.csv", text)
    with pytest.raises(TasksRefused) as refused:
        read_tasks(
            path, "choice", columns={"picture": "image"}, ids="name", known="truth", schema={"enum": ["cat", "dog"]}
        )
    assert [(fault.line, fault.column) for fault in refused.value.faults] == [
        (3, "picture"),
        (4, "name"),
        (5, "name"),
        (6, "truth"),
        (7, None),
    ]
    said = str(refused.value).splitlines()
    assert said[0] == "5 rows are no tasks:"
    assert "line 5, column 'name': the id 'a' stands at line 2 already" in said[3]
    assert len(said) == 6


def test_faults_beyond_those_that_are_listed_are_counted(tmp_path: Path) -> None:
    path = written(tmp_path, "tasks.csv", "id,text\n" + "".join(f"{n} ?,x\n" for n in range(50)) + "good,x\n")
    with pytest.raises(TasksRefused) as refused:
        read_tasks(path, "choice")
    assert str(refused.value).splitlines()[0] == "50 rows are no tasks:"
    assert str(refused.value).splitlines()[-1] == "and 30 more"
    assert len(refused.value.faults) == 20


@pytest.mark.parametrize(("cell", "answer"), [("1", 1), ("true", True), ("yes", "yes"), ('"1"', "1")])
def test_a_known_answer_in_a_cell_is_read_by_the_schema(cell: str, answer: Any) -> None:
    schema = {"enum": [1, True, "yes"] if answer != "1" else ["1"]}
    listed = read_tasks([{"text": "a", "truth": cell}], "choice", known="truth", schema=schema)
    assert (listed.known["1"], type(listed.known["1"])) == (answer, type(answer))


def test_label_studio_needs_the_interface_for_true_annotations(tmp_path: Path) -> None:
    tasks = [{"data": {"text": "x"}, "annotations": [{"ground_truth": True, "result": [{"from_name": "label"}]}]}]
    path = written(tmp_path, "tasks.json", json.dumps(tasks))
    assert read_tasks(path, "choice").tasks == [{"id": "1", "content": {"text": "x"}}]
    with pytest.raises(TasksRefused, match="of another interface"):
        read_tasks(path, "choice", known="ground_truth", schema={"enum": ["a"]})
    with pytest.raises(TasksRefused, match="options are needed"):
        read_tasks(path, "choice", known="ground_truth")
