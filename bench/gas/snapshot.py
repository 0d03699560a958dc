"""Writes `snapshot.json` anew: our gas for the sizes that the test measures again."""

from __future__ import annotations

import json
from typing import Any

from bench.gas.chain import ROOT
from bench.gas.run import measure_ours

SNAPSHOT = ROOT / "bench" / "gas" / "snapshot.json"
SIZES = ((1, 1), (100, 10), (1_000, 50), (20_000, 200))
"""Smaller than the published table's largest, so that the test stays short."""


def known() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SNAPSHOT.read_text())
    return found


def moved(before: dict[str, Any], now: dict[str, Any], tolerance: float = 0.01) -> list[str]:
    """Every figure that differs by more than `tolerance`, or is on one side alone."""
    flat = [
        {
            f"{how} {size} {name}": gas
            for how, sizes in side.items()
            for size, cell in sizes.items()
            for name, gas in cell.items()
        }
        for side in (before, now)
    ]
    names = sorted(flat[0].keys() | flat[1].keys())
    found = []
    for name in names:
        old, new = flat[0].get(name), flat[1].get(name)
        if old is None or new is None or abs(new - old) > tolerance * old:
            found.append(f"{name}: {old} -> {new}")
    return found


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(measure_ours(SIZES), indent=1, sort_keys=True) + "\n")
