"""Crowds for the tests of inference: real ones from a folder outside the project, and drawn ones."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from piecework.quality.answers import Answers, Ints, answers_of

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Crowd:
    """`truth`: shape (tasks,), -1 where it is not known."""

    answers: Answers
    truth: Ints


def crowd_folder() -> Path:
    named = os.environ.get("PIECEWORK_CROWD_DIR")
    return Path(named) if named else ROOT.parent / "shared" / "data" / "crowd"


def read_crowd(name: str) -> Crowd:
    """A machine without the real crowds sets PIECEWORK_CROWD_DIR or leaves their tests out."""
    folder = crowd_folder() / name
    if not folder.is_dir():
        pytest.skip(f"no crowd data in {crowd_folder()}: set PIECEWORK_CROWD_DIR")
    with (folder / "answers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / "truth.csv").open(newline="") as file:
        truth = {row["task"]: row["truth"] for row in csv.DictReader(file)}
    columns = []
    for column in ("task", "worker", "answer"):
        number: dict[str, int] = {}
        columns.append(([number.setdefault(row[column], len(number)) for row in rows], number))
    (task, tasks), (worker, _), (label, labels) = columns
    return Crowd(answers_of(task, worker, label), np.array([labels.get(truth.get(name, ""), -1) for name in tasks]))


@pytest.fixture(scope="session", params=["bluebirds", "dogs", "rte", "products"])
def real_crowd(request: pytest.FixtureRequest) -> Crowd:
    """Four real crowds."""
    return read_crowd(request.param)
