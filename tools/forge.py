"""Runs the real forge binary: the shim in node_modules/.bin exits 0 when tests fail."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def forge_binary() -> Path:
    """The platform's own binary. Raises FileNotFoundError if it is not installed."""
    systems = {"Linux": "linux", "Darwin": "darwin"}
    machines = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
    package = f"forge-{systems.get(platform.system())}-{machines.get(platform.machine())}"
    binary = ROOT / "node_modules" / "@foundry-rs" / package / "bin" / "forge"
    if not binary.is_file():
        raise FileNotFoundError(f"{binary} is not there: run `make setup`")
    return binary


if __name__ == "__main__":
    sys.exit(subprocess.run([str(forge_binary()), *sys.argv[1:]], cwd=ROOT, check=False).returncode)
