"""Child processes that end with their parent, and are started again if they die alone."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_MAX_RESTARTS = 5
_RESTART_WINDOW_SECONDS = 60.0


@dataclass
class Child:
    """One program of the stack. `command` is asked anew at each start."""

    name: str
    command: Callable[[], tuple[list[str], dict[str, str]]]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    starts: list[float] = field(default_factory=list)

    def start(self) -> None:
        command, extra = self.command()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **extra},
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one prctl, no locks taken
            )
        self.starts.append(time.monotonic())

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def restarts_too_often(self) -> bool:
        recent = [at for at in self.starts if time.monotonic() - at < _RESTART_WINDOW_SECONDS]
        return len(recent) > _MAX_RESTARTS

    def stop(self, timeout_seconds: float = 15.0) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def remember(path: Path, children: list[Child]) -> None:
    """Notes the process ids, for a later start that finds them orphaned."""
    pids = {child.name: child.process.pid for child in children if child.process is not None}
    temporary = path.with_suffix(".tmp")  # a kill in the middle of writing must not lose the old ids
    temporary.write_text(json.dumps(pids))
    temporary.replace(path)


def end_orphans(path: Path) -> None:
    """Ends processes of an earlier start that outlived it; others that got the same id are left alone."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        for pid in json.loads(path.read_text()).values():
            if _is_ours(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                _wait_gone(pid)
        path.unlink()


def _is_ours(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"anvil" in command or b"piecework" in command or b"scripts.main" in command or b"scripts.crowd" in command


def _wait_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and Path(f"/proc/{pid}").exists():
        time.sleep(0.05)


def _die_with_parent() -> None:
    os.setpgrp()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
