"""`make bench-intervals`: how often the interval of a report's estimated accuracy holds the share that is right.

Real crowds whose truth is known, whole and with a random part of their answers, and crowds drawn so that no two workers
share an error. `--json FILE` writes the results.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from piecework.quality.answers import Answers, Ints, answers_of
from piecework.quality.infer import infer_labels
from piecework.quality.intervals import CALIBRATION_DEVIATION
from piecework.quality.summary import estimated_accuracy
from scripts.answers_file import read_answers, read_truth

ROOT = Path(__file__).resolve().parents[2]
CROWDS = ("bluebirds", "dogs", "products", "rte")
SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)
DRAWN = ((120, 15, 5, 3), (400, 30, 5, 2), (1_000, 50, 3, 4), (300, 20, 8, 2))
"""Tasks, workers, answers a task, labels."""
FORMAT = "piecework/bench-intervals/1"


@dataclass(frozen=True)
class Case:
    """`truth`: (tasks,), -1 where it is not known."""

    name: str
    answers: Answers
    truth: Ints


def cases(folder: Path, seeds: int) -> Iterator[Case]:
    """The whole of a crowd once, each part with every seed."""
    for name in CROWDS:
        whole = read(folder / name)
        for share in SHARES:
            for seed in range(seeds if share < 1.0 else 1):
                kept = np.random.default_rng([seed, round(share * 10)]).random(whole.answers.size) < share
                yield Case(f"{name}, {share:.0%} of the answers", whole.answers.take(kept), whole.truth)
    for shape in DRAWN:
        for seed in range(seeds):
            yield drawn(*shape, seed=seed)


def read(folder: Path) -> Case:
    file, told = read_answers(folder / "answers.csv"), read_truth(folder / "truth.csv")
    number = {name: at for at, name in enumerate(dict.fromkeys(file.answer))}
    label = [number[answer] for answer in file.answer]
    truth = np.array([number.get(told.get(task, ""), -1) for task in file.task_names])
    return Case(folder.name, answers_of(file.task, file.worker, label), truth)


def drawn(tasks: int, workers: int, each: int, labels: int, *, seed: int) -> Case:
    """Workers right with a chance of 0.5 to 0.95, wrong labels evenly."""
    random = np.random.default_rng(seed)
    truth = random.integers(labels, size=tasks)
    chance = random.uniform(0.5, 0.95, size=workers)
    task = np.repeat(np.arange(tasks), each)
    worker = np.concatenate([random.choice(workers, size=each, replace=False) for _ in range(tasks)])
    wrong = (truth[task] + random.integers(1, max(2, labels), size=task.size)) % labels
    label = np.where(random.random(task.size) < chance[worker], truth[task], wrong)
    answers = answers_of(task, worker, label, tasks=tasks, workers=workers, labels=labels)
    return Case(f"drawn: {tasks} tasks, {each} answers each, {labels} labels", answers, truth)


def measure(folder: Path, seeds: int) -> dict[str, Any]:
    rows: dict[str, list[tuple[float, float, float, float]]] = {}
    for case in cases(folder, seeds):
        found = infer_labels(case.answers)
        share = estimated_accuracy(case.answers, found)
        scored = (case.truth >= 0) & (found.label >= 0)
        if share is not None and scored.any():
            right = float((found.label == case.truth)[scored].mean())
            rows.setdefault(case.name, []).append((right, share.value, share.low, share.high))
    return {"format": FORMAT, "deviation": CALIBRATION_DEVIATION, "cases": {n: summary(r) for n, r in rows.items()}}


def summary(rows: list[tuple[float, float, float, float]]) -> dict[str, Any]:
    right, value, low, high = np.array(rows).T
    held = int(((low <= right) & (right <= high)).sum())
    means = {"right": right, "estimate": value, "low": low, "high": high}
    return {"runs": len(rows), "held": held} | {name: round(float(each.mean()), 4) for name, each in means.items()}


def show(results: dict[str, Any]) -> None:
    table = Table("crowd", "right", "estimate", "interval", "holds it")
    for name, row in results["cases"].items():
        between = f"{row['low']:.1%} to {row['high']:.1%}"
        table.add_row(name, f"{row['right']:.1%}", f"{row['estimate']:.1%}", between, f"{row['held']} of {row['runs']}")
    Console().print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    chosen = parser.parse_args()
    named = os.environ.get("PIECEWORK_CROWD_DIR")
    results = measure(Path(named) if named else ROOT.parent / "shared" / "data" / "crowd", chosen.seeds)
    show(results)
    if chosen.json:
        chosen.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
