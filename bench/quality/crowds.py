"""The crowds that are measured: every folder with `answers.csv` and `truth.csv`. The truth is kept apart."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from piecework.quality.answers import Answers, Ints
from scripts.answers_file import AnswersFile, read_answers, read_truth

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Truth:
    """`label`: (tasks,), NOT_KNOWN where no truth is told. Only `share_right` and what calls it read this."""

    label: Ints

    def is_known(self) -> np.ndarray:
        return self.label != NOT_KNOWN

    def share_right(self, label: Ints) -> float:
        """Of the tasks whose truth is known."""
        return float((label == self.label)[self.is_known()].mean())


@dataclass(frozen=True)
class Crowd:
    """`names`: the labels, as written in the file; a truth that nobody gave as an answer gets a number above them."""

    name: str
    path: Path
    file: AnswersFile
    answers: Answers
    names: Sequence[str]
    truth: Truth


NOT_KNOWN = -1


def crowd_folder() -> Path:
    """`PIECEWORK_CROWD_DIR`, or the folder beside the checkout."""
    named = os.environ.get("PIECEWORK_CROWD_DIR")
    return Path(named) if named else ROOT.parent / "shared" / "data" / "crowd"


def folders(root: Path) -> list[Path]:
    """Folders of the shape that can be measured, by name."""
    return sorted(path.parent for path in root.glob("*/answers.csv") if (path.parent / "truth.csv").is_file())


def read_crowd(path: Path) -> Crowd:
    """One folder of labels. Raises FileInvalid."""
    file = read_answers(path / "answers.csv")
    names, answers = file.labels()
    number = {name: i for i, name in enumerate(names)}
    told = read_truth(path / "truth.csv")
    beyond = answers.labels
    label = [number.get(told[task], beyond) if task in told else NOT_KNOWN for task in file.task_names]
    return Crowd(path.name, path, file, answers, names, Truth(np.array(label)))
