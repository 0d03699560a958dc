"""A stack started for another command."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_START_SECONDS = 120.0


class StackDidNotStart(Exception):
    """`piecework up` ended before it was ready."""


@contextmanager
def running_stack(data_dir: Path, *, practice: bool = False, in_memory: bool = False) -> Iterator[dict[str, Any]]:
    """`piecework up` on a free port; gives the facts of stack.json and stops everything at the end.

    `in_memory`: the chain writes no state, for a folder that nobody starts again.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    facts = data_dir / "stack.json"
    facts.unlink(missing_ok=True)
    command = [sys.executable, "-m", "scripts.main", "up", "--data-dir", str(data_dir), "--port", "0"]
    command += ["--practice"] if practice else []
    command += ["--in-memory"] if in_memory else []
    with (data_dir / "up.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not facts.is_file():
            if process.poll() is not None or time.monotonic() > deadline:
                last = (data_dir / "up.log").read_text(errors="replace").strip().splitlines()[-3:]
                raise StackDidNotStart(f"the stack did not start: {' '.join(last)}; logs lie in {data_dir}")
            time.sleep(0.1)
        yield json.loads(facts.read_text())
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
