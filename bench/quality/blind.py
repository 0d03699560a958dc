"""Does a method look at the truth? It is given the folder twice, the second time with the truth file shuffled."""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.quality.crowds import read_crowd
from bench.quality.strategies import ours_stopped
from piecework.quality.infer import infer_labels
from piecework.quality.texts import choose_texts
from scripts.answers_file import read_answers, read_truth

Method = Callable[[Path], list[int]]
"""From a folder, which holds a truth file, to a label for each task."""


def all_answers(folder: Path) -> list[int]:
    return infer_labels(read_crowd(folder).answers).label.tolist()


def bought_answers(folder: Path) -> list[int]:
    return ours_stopped(read_crowd(folder).answers, 0).label.tolist()


def chosen_texts(folder: Path) -> list[int]:
    file = read_answers(folder / "answers.csv")
    size = {"tasks": len(file.task_names), "workers": len(file.worker_names)}
    return choose_texts(np.array(file.task), np.array(file.worker), file.answer, **size).chosen.tolist()


LABEL_METHODS: dict[str, Method] = {"all answers": all_answers, "bought answers": bought_answers}
TEXT_METHODS: dict[str, Method] = {"texts": chosen_texts}


def looks_at_truth(folder: Path, method: Method) -> bool:
    """Whether the labels change when the truths change places."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / folder.name
        copy.mkdir()
        shutil.copy(folder / "answers.csv", copy)
        shuffle_truth(folder / "truth.csv", copy / "truth.csv")
        return method(folder) != method(copy)


def can_shuffle(folder: Path) -> bool:
    """Whether the truths differ at all."""
    return len(set(read_truth(folder / "truth.csv").values())) > 1


def shuffle_truth(source: Path, target: Path) -> None:
    """The same tasks with their truths dealt out anew. Raises ValueError when that can change nothing."""
    with source.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    truths = [row["truth"] for row in rows]
    if len(set(truths)) < 2:
        raise ValueError(f"{source.name} cannot be shuffled: all its truths are equal")
    random, dealt = np.random.default_rng(0), truths
    while dealt == truths:
        dealt = [truths[place] for place in random.permutation(len(truths))]
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("task", "truth"))
        writer.writerows((row["task"], truth) for row, truth in zip(rows, dealt, strict=True))
