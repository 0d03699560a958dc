"""A real Kubo of the tests' own: an empty repository, free ports, no network."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT

BINARY = ROOT / ".tools" / "bin" / "ipfs"


def kubo_binary() -> Path:
    """The built daemon; builds it once where there is a Go toolchain, and skips where there is none."""
    found = shutil.which("ipfs")
    if not BINARY.is_file() and found:
        return Path(found)
    if not BINARY.is_file() and not shutil.which("go"):
        pytest.skip(
            "no Kubo: neither .tools/bin/ipfs, nor ipfs on the path, nor Go to build it, nor PIECEWORK_KUBO_URL"
        )
    BINARY.parent.parent.mkdir(exist_ok=True)
    with (BINARY.parent.parent / "kubo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(["make", "kubo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"make kubo failed: {done.stderr[-2000:]}"
    return BINARY


class Daemon:
    """A running daemon. `address` is its RPC API's multiaddr."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self._binary = binary
        self._folder = folder
        self._environment = os.environ | {"IPFS_PATH": str(folder / "repository")}
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ""

    def prepare(self) -> None:
        """Random ports on the loopback, no bootstrap, no peers."""
        self.run("init", "--empty-repo", "--profile", "test")

    def run(self, *words: str) -> str:
        done = subprocess.run(
            [self._binary, *words], env=self._environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, f"ipfs {' '.join(words)}: {done.stderr}"
        return done.stdout.strip()

    def start(self, seconds: float = 60.0, *, offline: bool = True) -> None:
        """Offline it speaks to nobody; else to whom it is told, for nobody else knows its random port."""
        api = self._folder / "repository" / "api"
        api.unlink(missing_ok=True)
        log = (self._folder / "daemon.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [self._binary, "daemon", *(["--offline"] if offline else [])],
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + seconds
        while not api.is_file() or not api.read_text().strip() or not self._answers():
            assert self._process.poll() is None, (self._folder / "daemon.log").read_text()
            assert time.monotonic() < end, "the daemon did not start"
            time.sleep(0.05)
        self.address = api.read_text().strip()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        done = subprocess.run([self._binary, "id"], env=self._environment, capture_output=True, check=False, timeout=60)
        return done.returncode == 0


@contextmanager
def running_kubo(folder: Path, *, offline: bool = True) -> Iterator[Daemon]:
    """A fresh daemon until the end of the block."""
    daemon = Daemon(kubo_binary(), folder)
    daemon.prepare()
    daemon.start(offline=offline)
    try:
        yield daemon
    finally:
        daemon.stop()
