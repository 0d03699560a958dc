"""`make bench-release`: releases of 50 batches at once through a relay that dies at every network write in turn.

Measured in one run: the same number of releases without any trouble, and then with lost replies, a restarted node, and
a `kill -9` at each network write, once before the node has it and once after.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.backend.relay import running
from tests.backend.relay.releases import Ground, every_write, ground, weather

GOAL_SECONDS = 30
out = Console(width=140)


def undisturbed(place: Ground, count: int) -> float:
    """Seconds from the first release asked for to the last one confirmed, by one relay that nothing happens to."""
    releases = place.releases(count)
    begun = time.monotonic()
    releases.queue()
    process = running.start(running.place_of(releases.room, place.node.rpc_url, place.folder / "gateway.db"))
    while not releases.are_done():
        time.sleep(0.02)
    seconds = time.monotonic() - begun
    process.kill()
    process.join()
    releases.check()
    return seconds


def measured(count: int, seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="piecework-release-") as folder, ground(Path(folder)) as place:
        quiet = undisturbed(place, count)
    with tempfile.TemporaryDirectory(prefix="piecework-release-") as folder, ground(Path(folder)) as place:
        releases = place.releases(count)
        storm = weather(place, releases, seed=seed, moments=every_write())
        releases.check()
    return {
        "releases": count,
        "seconds_undisturbed": round(quiet, 2),
        "seconds_in_the_storm": round(storm.seconds, 2),
        "seconds_a_life": round(storm.seconds / (storm.deaths + 1), 2),
        "kills": storm.deaths,
        "network_writes_killed_at": storm.writes,
        "calls_lost": storm.lost,
        "node_restarts": storm.restarts,
        "gaps": 0,
        "doubles": 0,
        "load_average_after": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--releases", type=int, default=50)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = measured(given.releases, given.seed)
    table = Table("what", "figure")
    for name, value in found.items():
        table.add_row(name.replace("_", " "), str(value))
    out.print(table)
    out.print(f"the goal is {GOAL_SECONDS} s for all of them in the storm")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
