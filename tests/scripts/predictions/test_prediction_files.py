"""A model's answers from files good and bad, and `piecework infer --with-model` on them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.answers_file import FileInvalid
from scripts.main import app
from scripts.predictions.file import read_predictions
from scripts.predictions.said import Said


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def infer(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, ["infer", *map(str, arguments)])


def crowd(folder: Path, *, tasks: int = 200, extra: int = 0) -> tuple[Path, Path, list[str]]:
    """Three answers a task by ten workers, right three times in four; `extra` tasks without answers. Returns answers,
    truth, and the truth as a list."""
    dice = random.Random(5)
    truth = [dice.choice(["yes", "no"]) for _ in range(tasks + extra)]
    rows = [
        f"t{number},w{worker},{right if dice.random() < 0.75 else _other(right)}"
        for number, right in enumerate(truth[:tasks])
        for worker in dice.sample(range(10), 3)
    ]
    truths = ["task,truth", *(f"t{number},{right}" for number, right in enumerate(truth))]
    return write(folder / "answers.csv", "task,worker,answer", *rows), write(folder / "truth.csv", *truths), truth


def _other(label: str) -> str:
    return "no" if label == "yes" else "yes"


def model_file(folder: Path, truth: list[str], share: float) -> Path:
    dice = random.Random(6)
    said = [right if dice.random() < share else _other(right) for right in truth]
    return write(folder / "model.csv", "task,label", *(f"t{at},{label}" for at, label in enumerate(said)))


def test_a_good_model_lifts_accuracy_and_its_measure_is_reported(tmp_path: Path) -> None:
    answers, truth, right = crowd(tmp_path)
    model = model_file(tmp_path, right, 0.93)
    report = json.loads(infer(answers, "--truth", truth, "--with-model", f"file:{model}", "--json").stdout)
    found = report["model"]
    assert found["verdict"] == "trusted"
    assert found["accuracy"]["low"] <= found["accuracy_model_alone"] <= found["accuracy"]["high"]
    assert report["accuracy"] > found["accuracy_people_alone"]
    assert 0 < found["answers_saved"] < report["answers"]
    assert found["saved_cost"] is None
    assert report["method"]["joined"]["name"] == "piecework-joined"


def test_the_saved_cost_is_the_saved_answers_times_their_cost(tmp_path: Path) -> None:
    answers, _, right = crowd(tmp_path)
    spec = f"file:{model_file(tmp_path, right, 0.93)}"
    found = json.loads(infer(answers, "--with-model", spec, "--answer-cost", "0.05", "--json").stdout)["model"]
    assert found["saved_cost"] == pytest.approx(0.05 * found["answers_saved"])


def test_tasks_that_only_the_model_speaks_of_are_labelled_if_it_is_trusted(tmp_path: Path) -> None:
    answers, truth, right = crowd(tmp_path, extra=40)
    labels = tmp_path / "labels.csv"
    good = json.loads(
        infer(
            answers, "--truth", truth, "--with-model", f"file:{model_file(tmp_path, right, 0.95)}", "--labels", labels,
            "--json",
        ).stdout
    )  # fmt: skip
    assert good["model"]["labelled_alone"] == 40
    assert good["scored_tasks"] == 240
    assert len(labels.read_text().splitlines()) == 241
    poor = json.loads(
        infer(answers, "--truth", truth, "--with-model", f"file:{model_file(tmp_path, right, 0.5)}", "--json").stdout
    )
    assert poor["model"]["verdict"] == "no_gain"
    assert poor["scored_tasks"] == 200


def test_with_adaptive_the_saving_is_the_difference_of_two_purchases(tmp_path: Path) -> None:
    answers, truth, right = crowd(tmp_path, tasks=300)
    spec = f"file:{model_file(tmp_path, right, 0.95)}"
    report = json.loads(
        infer(
            answers, "--truth", truth, "--with-model", spec, "--adaptive", "--confidence", "0.9", "--json"
        ).stdout
    )  # fmt: skip
    found = report["model"]
    assert found["answers_saved"] == found["answers_without_model"] - report["answers_used"]
    assert found["answers_saved"] > 0


def test_the_truth_is_only_asked_to_score(tmp_path: Path) -> None:
    answers, truth, right = crowd(tmp_path)
    spec = f"file:{model_file(tmp_path, right, 0.9)}"
    kept = []
    for name in ("one", "two"):
        infer(answers, "--truth", truth, "--with-model", spec, "--labels", tmp_path / name)
        kept.append((tmp_path / name).read_text())
        lines = truth.read_text().splitlines()
        write(truth, lines[0], *(f"t{at},{_other(label)}" for at, label in enumerate(right)))
    assert kept[0] == kept[1]


def test_people_read_what_the_model_is_worth(tmp_path: Path) -> None:
    answers, truth, right = crowd(tmp_path)
    shown = infer(answers, "--truth", truth, "--with-model", f"file:{model_file(tmp_path, right, 0.93)}").stdout
    for text in ("model's measured accuracy", "answers saved at equal confidence", "counts as one more worker"):
        assert text in shown


def test_labels_and_claims_are_read_from_each_form(tmp_path: Path) -> None:
    plain = write(tmp_path / "a.csv", "task,label,confidence", "t1,yes,0.9", "t2,no,")
    assert read_predictions(plain) == {"t1": Said("yes", 0.9), "t2": Said("no")}
    chances = write(tmp_path / "b.csv", "task,p:yes,p:no", "t1,0.2,0.8")
    assert read_predictions(chances) == {"t1": Said("no", 0.8)}
    lines = write(
        tmp_path / "c.jsonl",
        '{"task": "t1", "label": "yes", "confidence": 0.7}',
        "",
        '{"task": "t2", "probabilities": {"yes": 0.6, "no": 0.4}}',
        '{"task": "t3", "label": 1}',
    )
    assert read_predictions(lines) == {"t1": Said("yes", 0.7), "t2": Said("yes", 0.6), "t3": Said("1")}


BAD = {
    "no columns": ("a.csv", ["worker,label", "t1,yes"], "first line must name task,label"),
    "nothing": ("a.csv", ["task,label"], "holds no predictions"),
    "empty label": ("a.csv", ["task,label", "t1,"], "a.csv:2: label must be a text"),
    "empty task": ("a.csv", ["task,label", ",yes"], "a.csv:2: task must be a text"),
    "twice": ("a.csv", ["task,label", "t1,yes", "t1,no"], "a.csv:3: task 't1' is there twice"),
    "too sure": ("a.csv", ["task,label,confidence", "t1,yes,1.5"], "confidence must be a number from 0 to 1"),
    "no number": ("a.csv", ["task,label,confidence", "t1,yes,nan"], "confidence must be a number from 0 to 1"),
    "sum": ("a.csv", ["task,p:a,p:b", "t1,0.9,0.9"], "add up to 1.800"),
    "ragged": ("a.csv", ["task,label", "t1,yes,more"], "expected 2 fields"),
    "no JSON": ("a.jsonl", ["{task: 1}"], "a.jsonl:1 is no JSON object"),
    "a list": ("a.jsonl", ["[1]"], "a.jsonl:1 is no JSON object"),
    "deep": ("a.jsonl", ["[" * 100_000], "a.jsonl:1 is no JSON object"),
    "true": ("a.jsonl", ['{"task": "t", "label": true}'], "label must be a text"),
    "odd chances": ("a.jsonl", ['{"task": "t", "probabilities": [1]}'], "an object of a probability"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_the_place_and_what_to_do(tmp_path: Path, name: str) -> None:
    file, lines, message = BAD[name]
    with pytest.raises(FileInvalid) as refused:
        read_predictions(write(tmp_path / file, *lines))
    assert message in str(refused.value)


def test_a_missing_file_and_one_that_is_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileInvalid, match="does not exist"):
        read_predictions(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileInvalid, match="cannot be read as UTF-8"):
        read_predictions(tmp_path / "b.csv")


@pytest.mark.parametrize(
    ("spec", "message"),
    [("file:", "no model 'file:'"), ("oracle", "no model 'oracle'"), ("file:none.csv", "does not exist")],
)
def test_a_model_that_is_not_there_fails_the_command_with_a_message(tmp_path: Path, spec: str, message: str) -> None:
    answers, _, _ = crowd(tmp_path)
    done = infer(answers, "--with-model", spec)
    assert done.exit_code == 1
    assert message in done.stderr


def test_labels_written_otherwise_than_people_write_them_are_refused(tmp_path: Path) -> None:
    answers, _, _ = crowd(tmp_path)
    model = write(tmp_path / "model.csv", "task,label", "t1,Yes", "t2,No")
    done = infer(answers, "--with-model", f"file:{model}")
    assert done.exit_code == 1
    assert "write them alike" in done.stderr


def test_a_model_beside_numbers_is_refused(tmp_path: Path) -> None:
    rows = [f"t{at % 50},w{at // 50},{at * 1.37}" for at in range(150)]
    answers = write(tmp_path / "answers.csv", "task,worker,answer", *rows)
    model = write(tmp_path / "model.csv", "task,label", "t1,1")
    done = infer(answers, "--with-model", f"file:{model}")
    assert done.exit_code == 1
    assert "--with-model joins labels" in done.stderr
