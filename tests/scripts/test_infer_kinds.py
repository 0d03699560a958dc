"""`piecework infer` on comparisons and boxes, and on what files of strangers hold."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.answers_file import FileInvalid, read_answers
from scripts.infer_boxes import boxes_in
from scripts.infer_pairs import read_pairs
from tests.scripts.test_infer_command import run, write

COMPOSED, APART = "caf\u00e9", "cafe\u0301"


def comparisons(folder: Path) -> tuple[Path, Path]:
    """Eight cakes, the first the best; worker w5 guesses."""
    dice = random.Random(3)
    rows = []
    for worker in range(6):
        for left in range(8):
            for right in range(left):
                better = left if dice.random() < (0.5 if worker == 5 else 0.05) else right
                answer = dice.choice([f"cake{better}", "left" if better == left else "right"])
                rows.append(f"cake{left},cake{right},w{worker},{answer}")
    truth = [f"cake{number},{-number}" for number in range(8)]
    answers = write(folder / "pairs.csv", "left,right,worker,answer", *rows)
    return answers, write(folder / "truth.csv", "task,truth", *truth)


def pictures(folder: Path) -> tuple[Path, Path]:
    """Three pictures with a cat, one with nothing; worker w3 draws everywhere."""
    rows, truth = [], []
    for task in range(4):
        cat = [{"label": "cat", "x": 0.1 * task, "y": 0.2, "width": 0.3, "height": 0.4}] if task else []
        for worker in range(4):
            drawn = [*cat, {"label": "cat", "x": 0.7, "y": 0.7, "width": 0.2, "height": 0.2}] if worker == 3 else cat
            rows.append((f"t{task}", f"w{worker}", json.dumps(drawn)))
        truth.append((f"t{task}", json.dumps(cat)))
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [*rows, *truth]]
    answers = write(folder / "boxes.csv", "task,worker,answer", *quoted[: len(rows)])
    return answers, write(folder / "truth.csv", "task,truth", *quoted[len(rows) :])


def test_comparisons_are_noticed_and_ranked_and_scored_by_order(tmp_path: Path) -> None:
    answers, truth = comparisons(tmp_path)
    report = json.loads(run(answers, "--truth", truth, "--json").stdout)
    assert report["kind"] == "pairs"
    assert report["accuracy"] == 1.0
    assert [row["item"] for row in report["ranking"]] == [f"cake{number}" for number in range(8)]
    trust = {row["worker"]: row["reliability"] for row in report["skills"]}
    assert trust["w5"] < min(trust[f"w{number}"] for number in range(5))


def test_boxes_are_noticed_and_found_and_scored_by_f1(tmp_path: Path) -> None:
    answers, truth = pictures(tmp_path)
    report = json.loads(run(answers, "--truth", truth, "--json").stdout)
    assert report["kind"] == "boxes"
    assert report["accuracy"] == 1.0
    assert report["things"] == 3
    assert {row["worker"]: row["f1"] for row in report["skills"]}["w3"] < 0.8


@pytest.mark.parametrize("made", [comparisons, pictures])
def test_shuffled_truth_changes_the_score_and_nothing_that_was_found(tmp_path: Path, made: Any) -> None:
    answers, truth = made(tmp_path)
    head, *rows = truth.read_text().splitlines()
    tasks, told = zip(*(row.split(",", 1) for row in rows), strict=True)
    shuffled = write(tmp_path / "other.csv", head, *map(",".join, zip(tasks, reversed(told), strict=True)))
    scores, labels = [], []
    for number, path in enumerate((truth, shuffled)):
        kept = tmp_path / f"labels{number}.csv"
        scores.append(json.loads(run(answers, "--truth", path, "--labels", kept, "--json").stdout)["accuracy"])
        labels.append(kept.read_bytes())
    assert labels[0] == labels[1]
    assert scores[0] > scores[1], "the score itself must see the difference"


@pytest.mark.parametrize("made", [comparisons, pictures])
def test_both_have_a_page(tmp_path: Path, made: Any) -> None:
    answers, _ = made(tmp_path)
    result = run(answers, "--report", tmp_path / "page.html")
    assert result.exit_code == 0, result.stderr
    assert "<h1>" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize(
    ("head", "row", "message"),
    [
        ("left,right,worker,answer", "a,b,w,c", "pairs.csv:2: the answer 'c' is neither left, right, tie"),
        ("left,right,worker,answer", "a,a,w,tie", "pairs.csv:2: 'a' is compared with itself"),
        ("left,right,worker,answer", "a,,w,tie", "pairs.csv:2: left, right and worker must not be empty"),
        ("task,worker,answer", "t,w,[1]", "pairs.csv:2: boxes are a JSON list"),
        ("task,worker,answer", "t,w,[", "pairs.csv:2: boxes are a JSON list"),
    ],
)
def test_bad_comparisons_and_boxes_are_refused_with_their_line(
    tmp_path: Path, head: str, row: str, message: str
) -> None:
    result = run(write(tmp_path / "pairs.csv", head, row))
    assert result.exit_code == 1
    assert message in " ".join(result.stderr.split())


def test_a_file_of_another_shape_is_no_comparisons(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "task,worker,answer", "t,w,x")
    assert "has no column left, right" in " ".join(run(path, "--kind", "pairs").stderr.split())
    assert run(path, "--kind", "choice").exit_code == 0


@pytest.mark.parametrize(
    "box", [{"width": 0}, {"height": -1}, {"x": float("nan")}, {"width": float("inf")}, {"y": 1e308}]
)
def test_a_box_without_area_or_place_is_refused(box: dict[str, float]) -> None:
    text = json.dumps([{"label": "cat", "x": 0, "y": 0, "width": 1, "height": 1} | box])
    with pytest.raises(FileInvalid, match=r"a.csv:7: the box .* has no area or a side that is no number"):
        boxes_in(text, "a.csv:7")


@pytest.mark.parametrize("odd", ["nan", "inf", "-Infinity", "NaN"])
def test_what_is_no_finite_number_among_numbers_is_refused_with_its_line(tmp_path: Path, odd: str) -> None:
    path = write(tmp_path / "a.csv", "task,worker,answer", "1,a,2.5", "1,b,2.7", f"2,a,{odd}")
    message = " ".join(run(path).stderr.split())
    assert f"a.csv:4: the answer '{odd}' is not a finite number" in message
    assert run(path, "--kind", "choice").exit_code == 0, "a label may have any name"
    assert "a.csv:4" in " ".join(run(path, "--kind", "number").stderr.split())


def test_a_slip_among_measurements_is_refused_and_a_word_among_words_is_a_label(tmp_path: Path) -> None:
    rows = [f"t{number % 30},w{number},{number}.5" for number in range(60)]
    path = write(tmp_path / "a.csv", "task,worker,answer", *rows, "t1,w99,about 7")
    assert "a.csv:62: the answer 'about 7' is not a finite number" in " ".join(run(path).stderr.split())
    few = write(tmp_path / "b.csv", "task,worker,answer", "1,a,0", "1,b,1", "2,a,unsure")
    assert json.loads(run(few, "--json").stdout)["kind"] == "labels"


def test_a_truth_that_is_no_number_is_an_error_and_no_traceback(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "task,worker,answer", *(f"t{n},w,{n}.5" for n in range(20)))
    result = run(path, "--truth", write(tmp_path / "t.csv", "task,truth", "t1,none"))
    assert result.exit_code == 1
    assert "not a number" in " ".join(result.stderr.split())


def test_texts_and_ids_in_two_unicode_forms_are_one_and_the_report_says_so(tmp_path: Path) -> None:
    lines = [f"{COMPOSED},w,{COMPOSED}", f"{APART},v,{APART}", f"{APART},w,x"]
    path = write(tmp_path / "a.csv", "task,worker,answer", *lines)
    truth = write(tmp_path / "t.csv", "task,truth", f"{APART},{APART}")
    result = run(path, "--truth", truth, "--json")
    report = json.loads(result.stdout)
    assert (report["tasks"], report["labels"], report["repeated_answers_left_out"]) == (1, 1, 1)
    assert report["texts_brought_into_nfc"] == 3
    assert report["accuracy"] == 1.0
    assert "form NFC" in " ".join(result.stderr.split())


def test_marks_line_ends_quotes_and_space_change_nothing(tmp_path: Path) -> None:
    plain = write(tmp_path / "plain.csv", "task,worker,answer", "t,w,yes", "t,v,no", "u,w,yes")
    odd = tmp_path / "odd.csv"
    odd.write_bytes(b'\xef\xbb\xbf worker , task,answer,more\r\n\r\n w ,"t", yes ,1\r\nv,t,"no",\r\nw,u,yes,x\r\n')
    one, two = read_answers(plain), read_answers(odd)
    assert (one.task, one.worker, one.answer, one.task_names) == (two.task, two.worker, two.answer, two.task_names)
    assert two.line == [3, 4, 5]


@pytest.mark.parametrize("rows", [["t,w,yes"], ["t,w,yes", "u,w,yes", "x,w,no"], ["t,w,yes", "t,v,yes", "u,w,yes"]])
def test_one_answer_one_worker_and_one_label_are_no_error(tmp_path: Path, rows: list[str]) -> None:
    result = run(write(tmp_path / "a.csv", "task,worker,answer", *rows), "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["answers"] == len(rows)


def test_an_empty_file_says_what_its_first_line_must_be(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"")
    assert "its first line must name task,worker,answer (found nothing)" in " ".join(run(path).stderr.split())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        [b"task,worker,answer\n", b"left,right,worker,answer\n", b"\xef\xbb\xbfanswer,task,worker\r\n", b""]
    ),
    st.lists(st.binary(max_size=30) | st.text('ab1.,"[]{}\n\r\0 \u0301', max_size=20).map(str.encode), max_size=8),
)
def test_no_bytes_end_the_reader_but_with_an_error_that_names_the_file(
    tmp_path: Path, head: bytes, lines: list[bytes]
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(head + b"\n".join(lines))
    for read in (read_answers, read_pairs):
        try:
            file = read(path)
            assert len(file.answer) == len(file.task) == len(file.worker) == len(file.line)
            file.kind()
        except FileInvalid as error:
            assert "a.csv" in str(error)


def test_two_hundred_thousand_rows_are_read_in_seconds(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = (f"task-{number // 4},worker-{number * 7 % 1001},l{number % 5}\n" for number in range(200_000))
    path.write_text("task,worker,answer\n" + "".join(rows))
    started = time.process_time()
    assert len(read_answers(path).answer) + read_answers(path).repeated == 200_000
    assert time.process_time() - started < 20
