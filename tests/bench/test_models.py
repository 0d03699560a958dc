"""The section on models beside people: measured on a small drawn crowd, and told as rows of the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.quality import models, report
from tests.piecework.quality.drawn import draw_crowd


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("crowds") / "drawn"
    folder.mkdir()
    answers, truth = draw_crowd(tasks=120, workers=20, per_task=6, labels=2, skill=(0.6, 0.9), seed=3)
    rows = [f"t{t},w{w},{k}" for t, w, k in zip(answers.task, answers.worker, answers.label, strict=True)]
    (folder / "answers.csv").write_text("\n".join(["task,worker,answer", *rows]) + "\n")
    (folder / "truth.csv").write_text("task,truth\n" + "".join(f"t{at},{k}\n" for at, k in enumerate(truth)))
    words = ("apple pear plum", "car bus train")
    (folder / "tasks.csv").write_text("task,text\n" + "".join(f"t{at},{words[k]}\n" for at, k in enumerate(truth)))
    return models.measure_section([folder], 2)


def test_the_section_joins_the_table() -> None:
    assert report.joined()["models"] is models


def test_each_way_has_a_curve_and_each_model_its_measure(measured: dict[str, Any]) -> None:
    crowd = measured["drawn"]
    assert set(crowd["curves"]) == {models.ALONE, *crowd["trust"]}
    assert models.LEARNED in crowd["trust"]
    assert all(len(curve) == len(models.SHARES) for curve in crowd["curves"].values())
    assert set(crowd["hostile"]) == {"0.1", "0.3", "1.0"}
    assert all(len(each) == 8 for each in crowd["hostile"].values())


def test_rows_have_the_tables_shape_and_hostile_models_a_goal(measured: dict[str, Any]) -> None:
    rows = models.section_rows(measured)
    assert all(len(row) == len(report.COLUMNS) for row in rows)
    goals = [row for row in rows if row[3]]
    assert {row[0] for row in goals} == {
        "hostile models, 30% of the answers",
        "hostile models, 100% of the answers",
    }
    measured["drawn"]["hostile"]["1.0"]["by lot"]["mean"] = -0.1
    assert [row[4] for row in models.section_rows(measured) if "100%" in row[0] and row[3]] == ["MISSED"]


def test_texts_and_other_folders_are_left_out(tmp_path: Path) -> None:
    assert models.measure_section([tmp_path], 1) == {}
