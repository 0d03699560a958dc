"""Runs inside the benchmark's own environment, which holds crowd-kit: one method, one file of answers, JSON on stdout.

`python peer_main.py METHOD ANSWERS.csv`; `python peer_main.py versions` prints what is installed. Seconds are those of
`fit_predict` alone, the best of three runs or of as many as fit in half a minute, with the answers already in a data
frame and the package already imported.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
import time

RUNS = 3
PATIENCE_SECONDS = 30.0
METHODS = ("MajorityVote", "DawidSkene", "OneCoinDawidSkene", "GLAD", "MACE")


def versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in ("crowd-kit", "numpy", "pandas", "scipy")}


def label(method: str, path: str) -> dict[str, object]:
    """Labels by task as strings, with the library's default settings."""
    import pandas as pd
    from crowdkit import aggregation

    answers = pd.read_csv(path, dtype=str, keep_default_na=False).drop_duplicates(["task", "worker"])
    answers = answers.rename(columns={"answer": "label"})[["task", "worker", "label"]]
    seconds: list[float] = []
    while len(seconds) < RUNS and sum(seconds) < PATIENCE_SECONDS:
        started = time.perf_counter()
        labels = getattr(aggregation, method)().fit_predict(answers)
        seconds.append(time.perf_counter() - started)
    return {"seconds": min(seconds), "labels": {str(task): str(value) for task, value in labels.items()}}


if __name__ == "__main__":
    json.dump(versions() if sys.argv[1] == "versions" else label(sys.argv[1], sys.argv[2]), sys.stdout)
