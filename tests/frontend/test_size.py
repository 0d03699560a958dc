"""What a worker's browser must load, from the first page to a payment."""

from __future__ import annotations

import gzip
import json

from backend.web.site import BUILT

BUDGET_BYTES = 250_000
WORKER = ("src/pages/Home.tsx", "src/pages/Work.tsx", "src/pages/Earnings.tsx")


def files_of(pages: tuple[str, ...]) -> set[str]:
    """The entry, these pages, and everything that they import before they can run."""
    manifest = json.loads((BUILT / ".vite" / "manifest.json").read_text())
    left, seen, files = ["index.html", *pages], set[str](), {"index.html", "frame.html"}
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        files |= {manifest[name]["file"], *manifest[name].get("css", [])}
        left += manifest[name].get("imports", [])
    return files


def test_the_workers_path_stays_under_250_kb_packed() -> None:
    sizes = {name: len(gzip.compress((BUILT / name).read_bytes(), 9)) for name in files_of(WORKER)}

    print(f"worker's path: {sum(sizes.values()):,} bytes packed in {len(sizes)} files")
    assert sum(sizes.values()) < BUDGET_BYTES, sizes
    assert len(sizes) >= 6
