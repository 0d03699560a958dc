"""A classifier that learns from people's labels, and is never scored on what it learned."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from piecework.quality.answers import Answers, answers_of
from piecework.quality.joining import infer_with_model
from piecework.quality.vote import NO_LABEL
from scripts.answers_file import FileInvalid
from scripts.main import app
from scripts.predictions import classifier
from scripts.predictions.classifier import Classifier, naming_of
from scripts.predictions.features import TaskTable, features_of, read_tasks

SPORT = ["ball", "goal", "match", "team", "score", "league"]
FOOD = ["soup", "bread", "salt", "oven", "butter", "dinner"]


def table_and_truth(tasks: int, *, telling: bool) -> tuple[TaskTable, np.ndarray]:
    """Texts of a few words; with `telling` they are of the task's own subject, else of either."""
    dice = random.Random(1)
    truth = [dice.randrange(2) for _ in range(tasks)]
    texts = []
    for right in truth:
        words = (SPORT, FOOD)[right] if telling else SPORT + FOOD
        texts.append(" ".join(dice.choice(words) for _ in range(4)))
    return TaskTable(tuple(f"t{at}" for at in range(tasks)), {"text": texts}, {}), np.array(truth)


def crowd(truth: np.ndarray, *, per_task: int = 2, skill: float = 0.7, answered: int | None = None) -> Answers:
    dice = np.random.default_rng(2)
    tasks = truth.size if answered is None else answered
    task = np.repeat(np.arange(tasks), per_task)
    worker = np.concatenate([dice.choice(25, size=per_task, replace=False) for _ in range(tasks)])
    label = np.where(dice.random(task.size) < skill, truth[task], 1 - truth[task])
    return answers_of(task, worker, label, tasks=truth.size, workers=25, labels=2)


def model_of(table: TaskTable) -> Any:
    return naming_of(table, 0)(table.tasks, ["sport", "food"], 2)


def test_it_learns_what_texts_tell_and_lifts_the_labels() -> None:
    table, truth = table_and_truth(400, telling=True)
    answers = crowd(truth)
    found = infer_with_model(answers, model_of(table)(answers))
    assert found.trust.verdict == "trusted"
    assert (found.labelling.label == truth).mean() > (found.people.label == truth).mean() + 0.1


def test_it_says_something_of_tasks_that_nobody_answered() -> None:
    table, truth = table_and_truth(400, telling=True)
    predictions = model_of(table)(crowd(truth, answered=200))
    assert (predictions.label[200:] == truth[200:]).mean() > 0.95


def test_texts_that_tell_nothing_earn_no_trust() -> None:
    """Cross-fitted, it cannot know the labels that it saw by heart."""
    table, truth = table_and_truth(400, telling=False)
    answers = crowd(truth)
    found = infer_with_model(answers, model_of(table)(answers))
    assert found.trust.verdict == "no_gain"
    assert np.array_equal(found.labelling.label, found.people.label)


def test_without_cross_fitting_the_same_texts_would_be_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each task has a word of its own, so a classifier that learned from all of them knows their answers by heart."""
    table, truth = table_and_truth(400, telling=False)
    own = TaskTable(table.tasks, {"text": [f"only{at}" for at in range(400)]}, {})
    answers = crowd(truth)
    assert infer_with_model(answers, model_of(own)(answers)).trust.verdict == "no_gain"
    fitted = Classifier._fitted

    def on_everything(self: Classifier, tasks: np.ndarray, posterior: np.ndarray) -> Any:
        return fitted(self, np.flatnonzero(answers.per_task() > 0), posterior)

    monkeypatch.setattr(Classifier, "_fitted", on_everything)
    agreed = model_of(own)(answers).label[answers.task] == answers.label
    monkeypatch.undo()
    honest = model_of(own)(answers).label[answers.task] == answers.label
    assert agreed.mean() > honest.mean() + 0.2, "this check must be able to fail"


def test_what_it_says_of_a_task_does_not_come_from_that_tasks_answers() -> None:
    """Turning one task's answers round changes what it says of others at most."""
    table, truth = table_and_truth(200, telling=True)
    answers = crowd(truth, per_task=3)
    before = model_of(table)(answers)
    own = answers.task == 17
    turned = Answers(
        answers.task, answers.worker, np.where(own, 1 - answers.label, answers.label), answers.tasks, answers.workers, 2
    )
    after = model_of(table)(turned)
    assert before.label[17] == after.label[17]
    assert before.confidence[17] == pytest.approx(after.confidence[17], abs=0.01)


def test_it_is_silent_before_it_has_seen_enough() -> None:
    table, truth = table_and_truth(100, telling=True)
    assert (model_of(table)(crowd(truth, answered=classifier.LEAST_TASKS - 1)).label == NO_LABEL).all()


def test_it_learns_anew_when_the_answers_have_grown() -> None:
    table, truth = table_and_truth(300, telling=True)
    answers = crowd(truth)
    model = model_of(table)
    few = model(answers.take(np.arange(300)))
    assert model(answers.take(np.arange(310))) is few
    assert model(answers) is not few
    assert model(answers.take(np.arange(100, 410))) is not few, "other answers, not more of them"


def test_numbers_and_likeness_of_texts_are_features(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    path.write_text("task,left,right,price\nt1,red shoe,red shoe,1.5\nt2,red shoe,blue hat,\nt3,hat &amp; coat,hat,3\n")
    table = read_tasks(path)
    assert table.numbers["price"][0] == 1.5
    assert np.isnan(table.numbers["price"][1])
    assert table.texts["left"][2] == "hat & coat"
    features = features_of(table).toarray()
    assert features.shape[0] == 3
    assert np.isfinite(features).all()
    assert not np.array_equal(features[0], features[1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,text\n1,a\n", "must name task and at least one column"),
        ("task\nt1\n", "must name task and at least one column"),
        ("task,text\n", "holds no tasks"),
        ("task,text\nt1,a\nt1,b\n", "'t1' is there twice"),
        ("task,text\n,a\n", "has no name"),
        ("task,text\nt1\n", "expected 2 fields"),
    ],
    ids=["no task", "no text", "empty", "twice", "nameless", "short"],
)
def test_a_bad_file_of_tasks_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "tasks.csv"
    path.write_text(text)
    with pytest.raises(FileInvalid) as refused:
        read_tasks(path)
    assert message in str(refused.value)


def test_texts_without_a_word_are_no_fault() -> None:
    table = TaskTable(("t1", "t2"), {"one": ["", "?"], "other": ["!", ""]}, {})
    assert features_of(table).shape[0] == 2


def written(folder: Path) -> tuple[Path, Path, Path]:
    table, truth = table_and_truth(200, telling=True)
    answers = crowd(truth, answered=150)
    names = ("sport", "food")
    rows = [f"t{t},w{w},{names[k]}" for t, w, k in zip(answers.task, answers.worker, answers.label, strict=True)]
    paths = folder / "answers.csv", folder / "tasks.csv", folder / "truth.csv"
    paths[0].write_text("\n".join(["task,worker,answer", *rows]) + "\n")
    paths[1].write_text("task,text\n" + "".join(f"t{at},{text}\n" for at, text in enumerate(table.texts["text"])))
    paths[2].write_text("task,truth\n" + "".join(f"t{at},{names[k]}\n" for at, k in enumerate(truth)))
    return paths


@pytest.mark.parametrize("more", [[], ["--adaptive", "--confidence", "0.9"]], ids=["all", "adaptive"])
def test_the_command_lets_it_learn_as_labels_arrive(tmp_path: Path, more: list[str]) -> None:
    answers, tasks, truth = map(str, written(tmp_path))
    arguments = ["infer", answers, "--truth", truth, "--with-model", "sklearn", "--tasks", tasks, "--json", *more]
    report = json.loads(CliRunner().invoke(app, arguments).stdout)
    assert report["model"]["verdict"] == "trusted"
    assert report["model"]["labelled_alone"] >= 50
    assert report["accuracy"] > report["model"]["accuracy_people_alone"]


def test_the_command_says_what_a_classifier_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers, tasks, _ = map(str, written(tmp_path))
    done = CliRunner().invoke(app, ["infer", answers, "--with-model", "sklearn"])
    assert "give --tasks TASKS.csv" in done.stderr
    monkeypatch.setitem(sys.modules, "sklearn", None)
    done = CliRunner().invoke(app, ["infer", answers, "--with-model", "sklearn", "--tasks", tasks])
    assert done.exit_code == 1
    assert "piecework[models]" in done.stderr
