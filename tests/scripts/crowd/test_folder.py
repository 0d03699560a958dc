"""Folders for `piecework replay`: what is wrong with them is said with file and line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from backend.reviews.kinds import kind_of as gateway_kind
from piecework.domain.answers import check_answer_schema
from scripts.crowd.folder import FolderInvalid, read
from scripts.crowd.kinds import kind_of
from scripts.crowd.report import accuracy, mean_error

ANSWERS = "task,worker,answer\nt1,ann,1\nt1,bob,0\nt2,ann,0\n"
TRUTH = "task,truth\nt1,1\nt2,0\n"


def folder(path: Path, **files: str | bytes) -> Path:
    for name, text in files.items():
        (path / f"{name}.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_good_folder_is_read(tmp_path: Path) -> None:
    crowd = read(folder(tmp_path, answers=ANSWERS, truth=TRUTH, tasks="task,text\nt1,hello\n"))
    assert (crowd.count, crowd.answers_per_task, crowd.truth) == (3, 2, {"t1": 1, "t2": 0})
    assert crowd.contents == {"t1": {"text": "hello"}, "t2": {}}
    assert crowd.batch()["answer_schema"] == {"enum": [0, 1]}


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (None, "answers.csv cannot be read"),
        ("", "answers.csv has no column 'task'"),
        ("task,worker,answer\n", "answers.csv has no answers"),
        ("task,answer\nt1,1\n", "answers.csv has no column 'worker': the first line must be task,worker,answer"),
        (ANSWERS + "t 3,ann,0\nt#3,ann,0\n", "answers.csv line 6: 't#3' and 't 3' would both be the task id 't_3'"),
        (ANSWERS + ",ann,0\n", "answers.csv line 5: '' is no task id"),
        (ANSWERS + f"{'x' * 65},ann,0\n", "is no task id"),
        (ANSWERS + "t3,,0\n", "answers.csv line 5: the worker is empty"),
        (ANSWERS + "t3,ann,\n", "answers.csv line 5: the answer is empty"),
        (ANSWERS + "t3,ann\n", "answers.csv line 5 has the wrong number of columns"),
        (ANSWERS + "t3,ann,1,2\n", "answers.csv line 5 has the wrong number of columns"),
        (b"task,worker,answer\nt1,\xff\xfe,1\n", "answers.csv cannot be read"),
    ],
)
def test_bad_answers_are_named(tmp_path: Path, answers: str | bytes | None, said: str) -> None:
    if answers is not None:
        folder(tmp_path, answers=answers)
    folder(tmp_path, truth=TRUTH)
    with pytest.raises(FolderInvalid) as error:
        read(tmp_path)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("truth", "said"),
    [
        ("task\nt1\n", "truth.csv has no column 'truth'"),
        (TRUTH + "t1,0\n", "truth.csv line 4: t1 stands twice"),
        ("task,truth\nt1,yes\n", "truth.csv line 2: 'yes' is not a number, but every answer is one"),
        (TRUTH + "t9,0\n", "truth.csv line 4: nobody answered t9"),
    ],
)
def test_bad_truth_is_named(tmp_path: Path, truth: str, said: str) -> None:
    with pytest.raises(FolderInvalid) as error:
        read(folder(tmp_path, answers=ANSWERS, truth=truth))
    assert said in str(error.value)


def test_tasks_that_stand_twice_are_named(tmp_path: Path) -> None:
    with pytest.raises(FolderInvalid, match=r"tasks.csv line 3: t1 stands twice"):
        read(folder(tmp_path, answers=ANSWERS, tasks="task,text\nt1,a\nt1,b\n"))


def test_the_command_says_it_without_a_traceback_and_before_it_starts_anything(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.main", "replay", str(tmp_path / "nothing")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "answers.csv cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_answer_is_left_out_and_odd_ids_are_renamed_in_all_files(tmp_path: Path) -> None:
    texts = "task,worker,answer\n#1,ann,a\n#1,ann,b\n#1,bob,a\n#2,ann,c\n"
    crowd = read(folder(tmp_path, answers=texts, truth="task,truth\n#1,a\n#2,c\n", tasks="task,text\n#1,hello\n"))
    assert (crowd.count, crowd.repeated, crowd.renamed) == (3, 1, 2)
    assert crowd.answers["ann"] == [("_1", "a"), ("_2", "c")], "the first answer counts"
    assert crowd.truth == {"_1": "a", "_2": "c"}
    assert crowd.contents == {"_1": {"text": "hello"}, "_2": {}}
    few = read(tmp_path, limit=1)
    assert (list(few.contents), few.truth, few.count) == (["_1"], {"_1": "a"}, 2)


MANY = [f"{number}" for number in range(60)]
CAT = '[{"label": "cat", "x": 1, "y": 2, "width": 3, "height": 4.5}]'


@pytest.mark.parametrize(
    ("answers", "kind", "first"),
    [
        (["1", "0"], "choice", 1),
        (["cat", "dog"], "choice", "cat"),
        (["1.5", "cat"], "choice", "1.5"),
        (MANY, "number", 0.0),
        ([f"{number}.5" for number in range(11)], "number", 0.5),
        (["0.5", "1"], "choice", "0.5"),
        ([CAT, "[]"], "boxes", [{"label": "cat", "x": 1.0, "y": 2.0, "width": 3.0, "height": 4.5}]),
        (["[]", "[1]"], "choice", "[]"),
        ([f"a text {number}" for number in MANY], "text", "a text 0"),
        ([*MANY, "nan"], "text", "0"),
        (["[" * 5_000], "choice", "[" * 5_000),
    ],
    ids=["whole", "words", "mixed", "many", "fractions", "two", "boxes", "brackets", "texts", "nan", "deep"],
)
def test_what_the_answers_are_is_told_by_all_of_them(answers: list[str], kind: str, first: object) -> None:
    found = kind_of(answers)
    assert (found.name, found.read(answers[0])) == (kind, first)
    asked = found.asks([found.read(answer) for answer in answers])
    check_answer_schema(asked["answer_schema"])
    expected = {"choice": "labels", "number": "numbers"}.get(kind, kind)
    assert gateway_kind(asked["answer_schema"]) == expected, "the gateway compares them as what they are"


def test_a_truth_of_another_kind_is_named(tmp_path: Path) -> None:
    quoted = CAT.replace('"', '""')
    answers = f'task,worker,answer\nt1,ann,"{quoted}"\nt1,bob,[]\n'
    with pytest.raises(FolderInvalid, match=r"line 2: 'cat' is not a list of boxes, but every answer is one"):
        read(folder(tmp_path, answers=answers, truth="task,truth\nt1,cat\n"))
    assert read(folder(tmp_path, truth="task,truth\nt1,[]\n")).truth == {"t1": []}


def test_measured_numbers_are_scored_by_how_far_off_they_are_and_boxes_are_not() -> None:
    assert (accuracy({"a": 1}, {"a": 1}), mean_error({"a": 1}, {"a": 1})) == (1, None)
    labels, truth = {"a": 2, "b": 1.5, "c": None}, {"a": 1.0, "b": 1.0, "c": 1.0}
    assert (accuracy(labels, truth), mean_error(labels, truth)) == (None, 0.75)
    assert (accuracy({"a": []}, {"a": []}), mean_error({"a": []}, {"a": []})) == (None, None)
