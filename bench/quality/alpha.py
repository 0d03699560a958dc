"""Krippendorff's alpha of each crowd: what it is, how long it takes, whether the definition agrees, and its interval.

`python -m bench.quality.alpha --json FILE`. The definition is written out here as pairs of answers, task by task and
pool-wide, without a table of coincidences; the interval is asked how often it holds what the whole crowd shows when a
random quarter of the tasks is looked at. No truth is read.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from bench.quality.translations import is_text
from piecework.quality.agreement import krippendorff_alpha
from piecework.quality.answers import Ints
from scripts.answers_file import read_answers

SEEDS = 100
SHARE = 0.25
"""Of the tasks, in what the interval is asked on."""
LEAST_HELD = 0.9
"""Of 95 %, what the resampling of whole tasks may lose on so few."""
RUNS = 3


def measure_section(paths: Sequence[Path], seeds: int = SEEDS) -> dict[str, Any]:
    """Of each crowd of labels: `alpha`, `low`, `high`, `definition`, `seconds`, `tasks` and `answers` that could be
    compared, `held`: share of quarters whose interval holds the whole's alpha, of `SEEDS` at least."""
    found = {}
    for path in paths:
        if not (path / "answers.csv").is_file() or is_text(path):
            continue
        _, answers = read_answers(path / "answers.csv").labels()
        found[path.name] = measure_crowd(answers.task, answers.label, max(seeds, SEEDS))
    return found


def measure_crowd(task: Ints, label: Ints, seeds: int) -> dict[str, Any]:
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        whole = krippendorff_alpha(task, label)
        times.append(time.perf_counter() - started)
    held = []
    for seed in range(seeds):
        part = _part(task, seed)
        few = krippendorff_alpha(task[part], label[part], seed=seed)
        if not np.isnan(few.low):
            held.append(few.low <= whole.alpha <= few.high)
    return {
        "alpha": whole.alpha,
        "low": whole.low,
        "high": whole.high,
        "definition": by_definition(task, label),
        "seconds": min(times),
        "tasks": whole.tasks,
        "answers": whole.answers,
        "held": float(np.mean(held)) if held else None,
    }


def by_definition(task: Ints, label: Ints) -> float:
    """1 - D_o / D_e. D_o: of each task the unequal ordered pairs of its answers by one less than they are, summed over
    all compared answers; D_e: the unequal pairs of all of these."""
    tasks = [label[task == number] for number in np.unique(task)]
    compared = [answers for answers in tasks if answers.size > 1]
    if not compared:
        return float("nan")
    observed = sum(float((one[:, None] != one[None]).sum()) / (one.size - 1) for one in compared)
    pool = np.concatenate(compared)
    unequal = sum(float((pool != value).sum()) for value in pool.tolist())
    return 1.0 - (observed / pool.size) / (unequal / (pool.size * (pool.size - 1)))


def section_rows(measured: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """Rows of the one table: measured, crowd, figures, goal, verdict."""
    rows = []
    for name, found in measured.items():
        told = f"{found['alpha']:.4f} ({found['low']:.4f} to {found['high']:.4f}) of {found['answers']:,} answers to "
        told += f"{found['tasks']:,} tasks in {found['seconds']:.3f} s, interval included"
        agrees = abs(found["alpha"] - found["definition"]) < 1e-9
        rows.append(("Krippendorff's alpha", name, told, "the definition's", "met" if agrees else "MISSED"))
        if found["held"] is not None:
            held = found["held"] >= LEAST_HELD
            told = f"{found['held']:.0%} of quarters of the tasks"
            rows.append(
                ("its interval holds the whole's", name, told, f"{LEAST_HELD:.0%}", "met" if held else "MISSED")
            )
    return rows


def _part(task: Ints, seed: int) -> Any:
    """Answers of a random part of the tasks, (answers,) whether each is in it."""
    names = np.unique(task)
    drawn = np.random.default_rng(seed).permutation(names)[: max(2, round(SHARE * names.size))]
    return np.isin(task, drawn)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to write the results")
    given = parser.parse_args(arguments)
    folder = os.environ.get("PIECEWORK_CROWD_DIR")
    if not folder:
        Console(stderr=True).print("set PIECEWORK_CROWD_DIR to a folder of folders with answers.csv")
        return 1
    crowds = measure_section(sorted(Path(folder).iterdir()))
    rows = section_rows(crowds)
    out = Console(width=200)
    for row in rows:
        out.print(" | ".join(cell for cell in row if cell))
    if given.json is not None:
        given.json.write_text(json.dumps({"seeds": SEEDS, "share": SHARE, "crowds": crowds}, indent=1) + "\n")
    return 1 if any(row[4] == "MISSED" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
