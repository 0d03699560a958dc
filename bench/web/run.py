"""`make bench-web`: main-thread time of a worker's first steps in real Chromium, against a whole stack."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.web.main_thread import BUDGETS, measured, over_budget
from tests.e2e.running import Up
from tests.frontend.browser import Visitor, chromium, running_browser

out = Console(width=120)


def run(rounds: int) -> dict[str, Any]:
    """Starts `piecework up --practice` and a browser, and measures `rounds` newcomers."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="piecework-web-") as folder:
        up = Up(Path(folder) / "data", arguments=("--practice", "--in-memory"))
        try:
            url = up.start()["gateway_url"]
            with running_browser() as browser:
                found = measured(lambda: Visitor(browser, url), rounds)
                version = browser.version
        finally:
            up.stop()
    return {
        "newcomers": rounds,
        "floor_seconds": round(found["floor_seconds"], 4),
        "times_of_the_floor": {name: round(found[name], 2) for name in BUDGETS},
        "budgets": BUDGETS,
        "over_budget": sorted(over_budget(found)),
        "chromium": version,
        "load_average_before": round(load, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--newcomers", type=int, default=9, help="how many; the median counts (default: 9)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    if chromium() is None:
        parser.error("no Chromium on this machine: install Debian's chromium, or name one in PIECEWORK_CHROMIUM")
    found = run(given.newcomers)
    table = Table("step", "times of the loop", "budget")
    for name, most in BUDGETS.items():
        table.add_row(name, str(found["times_of_the_floor"][name]), str(most))
    out.print(table)
    out.print(f"the loop: {found['floor_seconds']} s of the main thread")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
