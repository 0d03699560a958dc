"""`make bench-gas`: what a batch costs, beside a floor and the nearest peer, from one run.

Gas a task, with workers who are all new to the escrow and with workers who all have an account. `--json FILE` writes
the results; `--ours` measures ours alone, as the snapshot test does.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.gas import floor, human, ours
from bench.gas.chain import ROOT

SIZES = ((1, 1), (100, 10), (1_000, 50), (50_000, 500))
GOALS = {
    "direct": ((185_000, 165_000), (4_400, 2_500), (1_500, 650), (268, 97)),
    "two_packets": ((330_000, 290_000), (11_000, 9_200), (4_650, 3_800), (880, 710)),
    "one_packet": (None, None, None, (730, 560)),
    "packet_an_answer": (None, None, None, None),
}
"""Set in the protocol's cost table: new and returning workers."""
NAMES = {
    "human": "HUMAN (no claims, no disputes)",
    "floor": "floor: one slot, one event a worker",
    "direct": "ours, direct settlement",
    "two_packets": "ours, claim + submission + settlement",
    "one_packet": "ours, claim and submission in one packet + settlement",
    "packet_an_answer": "ours, one packet an answer + settlement",
}
_TOO_MANY = 1_000
"""Tasks above which one packet an answer is not measured: 50,000 packets would be 2.5 billion gas."""


def measure_ours(sizes: tuple[tuple[int, int], ...] = SIZES, *, progress: Any = None) -> dict[str, Any]:
    """`{how: {"N/W": {"new": gas, "returning": gas}}}`, gas of the whole batch."""
    found: dict[str, Any] = {}
    for how in GOALS:
        for tasks, workers in sizes:
            if how == "packet_an_answer" and tasks > _TOO_MANY:
                continue
            cell = {}
            for name in ("new", "returning"):
                cell[name] = ours.measure(how, tasks, workers, returning=name == "returning")["gas"]
                if progress is not None:
                    progress()
            found.setdefault(how, {})[f"{tasks}/{workers}"] = cell
    return found


def measure_others(sizes: tuple[tuple[int, int], ...] = SIZES, *, progress: Any = None) -> dict[str, Any]:
    """The floor, and the peer if its package is installed."""
    found: dict[str, Any] = {}
    rows: dict[str, Any] = {"floor": floor.measure}
    if human.version() is not None:
        rows["human"] = human.measure
    for how, measure in rows.items():
        for tasks, workers in sizes:
            cell = {
                name: measure(tasks, workers, returning=name == "returning")["gas"] for name in ("new", "returning")
            }
            found.setdefault(how, {})[f"{tasks}/{workers}"] = cell
            if progress is not None:
                progress()
    return found


def facts() -> dict[str, Any]:
    """What the figures depend on."""
    config = json.loads((ROOT / "hardhat.config.json").read_text())["solidity"]
    packages = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    return {
        "solc": config["version"],
        "settings": config["settings"],
        "anvil": packages["@foundry-rs/anvil"],
        "human_protocol_core": human.version(),
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


def table(gas: dict[str, Any]) -> Table:
    """Gas a task, new / returning workers; in brackets the goal."""
    drawn = Table(title="Gas a task: all workers new / all returning [goal]")
    drawn.add_column("")
    for tasks, workers in SIZES:
        drawn.add_column(f"N={tasks:,} W={workers}", justify="right")
    for how, name in NAMES.items():
        if how not in gas:
            continue
        cells = []
        for number, (tasks, workers) in enumerate(SIZES):
            cell = gas[how].get(f"{tasks}/{workers}")
            goal = GOALS.get(how, (None,) * len(SIZES))[number]
            text = "-" if cell is None else f"{cell['new'] // tasks:,} / {cell['returning'] // tasks:,}"
            cells.append(text + (f" [{goal[0]:,} / {goal[1]:,}]".replace("[", "\\[") if goal else ""))
        drawn.add_row(name, *cells)
    return drawn


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to write the results")
    parser.add_argument("--ours", action="store_true", help="leave floor and peer out")
    given = parser.parse_args(arguments)
    err, out = Console(stderr=True), Console(width=160)
    with Progress(console=err, disable=not err.is_terminal) as bars:
        task = bars.add_task("measuring", total=None)

        def tick() -> None:
            bars.advance(task)

        gas = measure_ours(progress=tick)
        permit = ours.measure("direct", 1, 1, returning=True, permit=True)["gas"]
        if not given.ours:
            gas |= measure_others(progress=tick)
    out.print(table(gas))
    out.print(
        f"With a permit in the opening transaction instead of an earlier approval: {permit:,} gas for N=1, direct."
    )
    if human.version() is None and not given.ours:
        out.print("HUMAN was not measured: its package is not installed; `make bench-gas` does that.")
    if given.json is not None:
        results = {"format": "piecework/bench-gas/1", "gas": gas, "gas_n1_direct_with_permit": permit, "facts": facts()}
        given.json.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
