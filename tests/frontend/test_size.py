"""What a worker's browser must load, from the first page to a payment."""

from __future__ import annotations

import gzip
import json

from backend.web.site import BUILT

BUDGET_BYTES = 250_000
WORKER = ("src/pages/Home.tsx", "src/pages/Work.tsx", "src/pages/Earnings.tsx")
TEST_WALLET = "src/chain/burnerProvider.ts"
"""What a newcomer on a development chain loads beside."""


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


def packed_bytes(pages: tuple[str, ...]) -> dict[str, int]:
    return {name: len(gzip.compress((BUILT / name).read_bytes(), 9)) for name in files_of(pages)}


def test_the_workers_path_stays_under_250_kb_packed_with_the_test_wallet_too() -> None:
    sizes, with_test_wallet = packed_bytes(WORKER), packed_bytes((*WORKER, TEST_WALLET))

    print(f"worker's path: {sum(sizes.values()):,} bytes packed in {len(sizes)} files")
    print(f"with the test wallet: {sum(with_test_wallet.values()):,} bytes")
    assert sum(with_test_wallet.values()) < BUDGET_BYTES, with_test_wallet
    assert len(with_test_wallet) > len(sizes) >= 6
