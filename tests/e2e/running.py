"""`piecework up` as a process of a test, to be killed in part or as a whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

START_SECONDS = 180.0


def until(done: Callable[[], Any], what: str, seconds: float = 120.0) -> Any:
    """What `done` gives once it is true; fails after the deadline."""
    deadline = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.05)
    return found


def is_alive(pid: int) -> bool:
    """Zombies are dead."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@dataclass
class Up:
    """One data folder and the command on it."""

    folder: Path
    port: int = 0
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def start(self) -> dict[str, Any]:
        """Runs it until stack.json is there anew; gives its facts."""
        stack = self.folder / "stack.json"
        stack.unlink(missing_ok=True)
        command = [sys.executable, "-m", "scripts.main", "up", "--data-dir", str(self.folder), "--port", str(self.port)]
        command += self.arguments
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "up.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        process = self.process

        def ready() -> bool:
            assert process.poll() is None, (self.folder / "up.log").read_text()[-1000:]
            return stack.is_file()

        until(ready, "the stack starts", START_SECONDS)
        self.facts = json.loads(stack.read_text())
        return self.facts

    def children(self) -> dict[str, int]:
        """Process ids by part."""
        found: dict[str, int] = json.loads((self.folder / "processes.json").read_text())
        return found

    def kill(self, part: str) -> None:
        """`kill -9` of one part, and waits until it is started again."""
        old = self.children()[part]
        os.kill(old, signal.SIGKILL)
        until(lambda: self.children()[part] != old, f"{part} is started again")

    def kill_all(self) -> None:
        """`kill -9` of everything, the command first."""
        assert self.process is not None
        pids = [self.process.pid, *self.children().values()]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        for pid in pids:
            until(lambda pid=pid: not is_alive(pid), f"process {pid} is gone")

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=60)
