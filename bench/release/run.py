"""`make bench-release`: releases of 50 batches at once through a relay that dies at every network write in turn.

Measured in one run: the same number of releases without any trouble, and then several times with lost replies, a
restarted node, and a `kill -9` at each network write: before the node has it, after, and in the middle of a list.
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
from tests.backend.relay.releases import Ground, Storm, every_write, ground, weather

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


def stormy(count: int, seed: int) -> Storm:
    with tempfile.TemporaryDirectory(prefix="piecework-release-") as folder, ground(Path(folder)) as place:
        releases = place.releases(count)
        storm = weather(place, releases, seed=seed, moments=every_write())
        releases.check()
    return storm


def measured(count: int, seeds: range) -> dict[str, Any]:
    """Figures of the longest of the storms; kills and all that follows are of all of them together."""
    with tempfile.TemporaryDirectory(prefix="piecework-release-") as folder, ground(Path(folder)) as place:
        quiet = undisturbed(place, count)
    storms = [stormy(count, seed) for seed in seeds]
    lives = sum(storm.deaths + 1 for storm in storms)
    return {
        "releases": count,
        "seconds_undisturbed": round(quiet, 2),
        "storms": len(storms),
        "seconds_in_the_longest_storm": round(max(storm.seconds for storm in storms), 2),
        "seconds_in_each": [round(storm.seconds, 2) for storm in storms],
        "seconds_a_life": round(sum(storm.seconds for storm in storms) / lives, 2),
        "of_which_until_its_first_request": round(sum(storm.starting for storm in storms) / lives, 2),
        "kills": sum(storm.deaths for storm in storms),
        "kills_in_the_middle_of_a_list": sum(storm.halves for storm in storms),
        "network_writes_killed_at": [storm.writes for storm in storms],
        "requests_lost": sum(storm.lost for storm in storms),
        "node_restarts": sum(storm.restarts for storm in storms),
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
    parser.add_argument("--storms", type=int, default=3)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = measured(given.releases, range(given.storms))
    table = Table("what", "figure")
    for name, value in found.items():
        table.add_row(name.replace("_", " "), str(value))
    out.print(table)
    out.print(f"the goal is {GOAL_SECONDS} s for all of them in the storm")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
