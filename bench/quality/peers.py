"""crowd-kit beside ours: each method in a process of an environment of its own, which takes half a gigabyte."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import numpy as np

from bench.quality.crowds import ROOT, Crowd
from bench.quality.peer_main import METHODS

PYTHON = ROOT / ".cache" / "bench-quality-venv" / "bin" / "python"
MAIN = ROOT / "bench" / "quality" / "peer_main.py"
TIME_LIMIT_SECONDS = 1800
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

__all__ = ["METHODS", "measure", "versions"]


def versions() -> dict[str, str] | None:
    """None when the environment has not been made: `make bench-quality` makes it."""
    if not PYTHON.is_file():
        return None
    found: dict[str, str] = _run("versions")
    return found


def measure(crowd: Crowd, method: str) -> dict[str, Any]:
    """`accuracy` and `seconds` of one of METHODS."""
    report = _run(method, str(crowd.path / "answers.csv"))
    number = {name: i for i, name in enumerate(crowd.names)}
    # A task that the method left out counts as wrong.
    label = np.array([number.get(report["labels"].get(task), len(number) + 1) for task in crowd.file.task_names])
    return {"accuracy": crowd.truth.share_right(label), "seconds": report["seconds"]}


def _run(*arguments: str) -> Any:
    done = subprocess.run(
        [str(PYTHON), str(MAIN), *arguments],
        env=os.environ | _ONE_THREAD,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIME_LIMIT_SECONDS,
    )
    if done.returncode:
        raise RuntimeError(f"crowd-kit's {arguments[0]} failed: {done.stderr[-400:]}")
    return json.loads(done.stdout)
