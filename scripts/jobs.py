"""What `demo` and `replay` share: a stack, a job on it, the audit, and the report."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.stack.running import running_stack


@contextmanager
def folder_or_temporary(folder: Path | None) -> Iterator[Path]:
    """The folder given, or one that is gone at the end."""
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="piecework-") as name:
        yield Path(name)


@contextmanager
def stack_of(data_dir: Path | None, *, practice: bool = False) -> Iterator[dict[str, Any]]:
    """`practice` keeps a batch open for people who look at the web app. Without a folder nothing outlives the job."""
    started = {"practice": practice, "in_memory": data_dir is None}
    with folder_or_temporary(data_dir) as folder, running_stack(folder, **started) as facts:
        yield facts


def run_audit_process(facts: Mapping[str, Any]) -> dict[str, Any]:
    """`piecework audit` as an auditor would run it: node and public files, no database."""
    command = [sys.executable, "-m", "scripts.main", "audit", "--rpc-url", facts["rpc_url"]]
    command += ["--escrow", facts["escrow"], "--payloads", facts["gateway_url"], "--json"]
    if facts.get("credentials"):
        command += ["--credentials", facts["credentials"]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return {"exit_code": done.returncode, "checked": [], "differs": [done.stderr[-500:]], "unchecked": []}
    return found


def keep_until_interrupted() -> None:
    """Sleeps until Ctrl-C."""
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return
