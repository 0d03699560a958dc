"""The `piecework infer` command on files good and bad."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.main import app


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, ["infer", *map(str, arguments)])


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def small_crowd(folder: Path, *, answer: str = "{}") -> tuple[Path, Path]:
    """Forty tasks, six workers, right nine times in ten."""
    dice = random.Random(1)
    truth = [dice.choice(["cat", "dog", "a hen"]) for _ in range(40)]
    rows = ["task,worker,answer"]
    for number, right in enumerate(truth):
        for worker in range(6):
            said = right if dice.random() < 0.9 else dice.choice(["cat", "dog", "a hen"])
            rows.append(f"t{number},w{worker},{answer.format(said)}")
    truths = ["task,truth", *(f"t{number},{right}" for number, right in enumerate(truth))]
    return write(folder / "answers.csv", *rows), write(folder / "truth.csv", *truths)


def test_json_holds_accuracy_answers_used_and_seconds(tmp_path: Path) -> None:
    answers, truth = small_crowd(tmp_path)
    report = json.loads(run(answers, "--truth", truth, "--json").stdout)
    assert report["accuracy"] > 0.95
    assert report["answers_used"] == 240
    assert 0 < report["seconds"] < 60
    assert report["kind"] == "labels"
    assert report["method"]["parameters"]["seed"] == 0
    assert 0.5 < report["alpha"]["low"] < report["alpha"]["alpha"] < report["alpha"]["high"] < 1
    assert report["alpha"]["level"] == "nominal"
    assert {skill["worker"] for skill in report["skills"]} == {f"w{i}" for i in range(6)}


def test_shuffled_truth_changes_the_score_and_no_label(tmp_path: Path) -> None:
    answers, truth = small_crowd(tmp_path)
    head, *rows = truth.read_text().split()[0], *truth.read_text().splitlines()[1:]
    told = [row.split(",")[1] for row in rows]
    random.Random(5).shuffle(told)
    shuffled = write(tmp_path / "shuffled.csv", head, *(f"t{number},{value}" for number, value in enumerate(told)))
    reports, labels = [], []
    for number, path in enumerate((truth, shuffled)):
        kept = tmp_path / f"labels{number}.csv"
        reports.append(json.loads(run(answers, "--truth", path, "--labels", kept, "--json").stdout))
        labels.append(kept.read_bytes())
    assert labels[0] == labels[1]
    assert reports[0]["accuracy"] > reports[1]["accuracy"] + 0.2, "the score itself must see the difference"


def test_numbers_are_told_from_labels_and_scored_by_their_error(tmp_path: Path) -> None:
    dice = random.Random(2)
    rows = [f"t{t},w{w},{t + dice.gauss(0, 0.2 + w):.3f}" for t in range(30) for w in range(5)]
    answers = write(tmp_path / "a.csv", "task,worker,answer", *rows)
    truth = write(tmp_path / "t.csv", "task,truth", *(f"t{t},{t}" for t in range(30)))
    report = json.loads(run(answers, "--truth", truth, "--json").stdout)
    assert report["kind"] == "numbers"
    assert report["mean_absolute_error"] < 0.5
    assert report["alpha"]["level"] == "interval"
    assert report["alpha"]["alpha"] > 0.9


def test_text_is_told_from_labels_and_scored_by_similarity(tmp_path: Path) -> None:
    rows = [
        f"t{t},w{w},{'the quick brown fox number ' + str(t) + ' jumps' if w else 'no idea at all ' + str(t)}{' !' * w}"
        for t in range(5)
        for w in range(4)
    ]
    answers = write(tmp_path / "a.csv", "task,worker,answer", *rows)
    truth = write(tmp_path / "t.csv", "task,truth", *(f"t{t},the quick brown fox number {t} jumps" for t in range(5)))
    report = json.loads(run(answers, "--truth", truth, "--json").stdout)
    assert report["kind"] == "text"
    assert report["similarity"] > 0.8


def test_a_second_answer_to_the_same_task_is_left_out_and_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "worker,answer,task", "w,yes,1", "w,no,1", "v,yes,1")
    report = json.loads(run(path, "--json").stdout)
    assert report["repeated_answers_left_out"] == 1
    assert report["answers"] == 2
    assert report["alpha"]["alpha"] is None, "both answers are yes: there is no chance to compare with"
    assert "nothing to compare" in run(path).stdout


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["task,worker,answer"], "holds no answers"),
        (["a,b", "1,2"], "no column task, worker, answer"),
        (["task,worker,answer", "t,w"], "a.csv:2: expected 3 fields"),
        (["task,worker,answer", "t,w,x,y"], "a.csv:2: expected 3 fields"),
        (["task,worker,answer", "t,w,"], "a.csv:2: the answer is empty"),
        (["task,worker,answer", ",w,x"], "a.csv:2: task and worker must not be empty"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, lines: list[str], message: str) -> None:
    result = run(write(tmp_path / "a.csv", *lines))
    assert result.exit_code == 1
    assert message in result.stderr.replace("\n", "")


def test_a_missing_file_and_a_wrong_choice_are_refused(tmp_path: Path) -> None:
    answers, _ = small_crowd(tmp_path)
    assert "does not exist" in run(tmp_path / "none.csv").stderr.replace("\n", "")
    assert "no kind 'dates'" in run(answers, "--kind", "dates").stderr
    assert "no model named 'best'" in run(answers, "--model", "best").stderr
    assert "not a finite number" in run(answers, "--kind", "numbers").stderr.replace("\n", " ")
    assert run(answers, "--model", "best").exit_code == 1


def test_adaptive_uses_fewer_answers_and_says_how_many(tmp_path: Path) -> None:
    answers, truth = small_crowd(tmp_path)
    report = json.loads(run(answers, "--truth", truth, "--adaptive", "--json").stdout)
    assert report["answers_used"] < report["answers"] == 240
    assert report["accuracy"] > 0.9
    assert report["policy"]["confidence"] == 0.98
    half = json.loads(run(answers, "--adaptive", "--confidence", "1", "--budget", "0.5", "--json").stdout)
    assert half["answers_used"] == 120


def test_adaptive_refuses_what_it_cannot_buy(tmp_path: Path) -> None:
    answers, _ = small_crowd(tmp_path)
    assert "these answers are text" in run(answers, "--adaptive", "--kind", "text").stderr
    assert "budget must be a share" in run(answers, "--adaptive", "--budget", "3").stderr
