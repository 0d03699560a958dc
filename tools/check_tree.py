"""What no linter looks for: lock files without hosts, no machine's paths, no file that grew a second subject.

Exit code 1 with a line for each finding.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "package-lock.json", "frontend/package-lock.json")
MAX_LINES = 450
LONG_FILES_ALLOWED = {
    "scripts/audit/ledger.py",  # one rule an event, read in one piece
    "piecework/domain/messages.py",  # every signed message, in one home
}
GENERATED = ("piecework/chain/abi/", "piecework/db/migrations/versions/")
_HOST = re.compile(
    r'"resolved":|--index-url|--extra-index-url|--find-links|https?://[^\s"]*(?:pypi|pythonhosted|npmjs)'
)
_MACHINE_PATH = re.compile(r"(?<![\w.`])/(?:root|home/\w+|work|Users/\w+)/")


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def findings(files: list[str]) -> Iterator[str]:
    for name in files:
        path = ROOT / name
        if not path.is_file():
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        if name in LOCKS and _HOST.search(text):
            yield f"{name} names a registry's host"
        if name in LOCKS or name.startswith(GENERATED):
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if _MACHINE_PATH.search(line):
                yield f"{name}:{number} holds a path of one machine"
        length = text.count("\n")
        if (
            path.suffix in (".py", ".sol")
            and not name.startswith("tests/")
            and length > MAX_LINES
            and name not in LONG_FILES_ALLOWED
        ):
            yield f"{name} has {length} lines: what second thing moved in?"


def main() -> int:
    found = list(findings(tracked()))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
