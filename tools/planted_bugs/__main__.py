"""Plants one bug after another into the contracts, and wants each caught by the check that is named for it.

    python -m tools.planted_bugs [--only WORDS] [--jobs N]

Everything happens in scratch copies under `.cache/`. First the contracts run as they are, built the same way, and must
pass.
Prints a table; exit code 1 if a bug survives, if another than the named check fails first, or if an entry has rotted.
"""

from __future__ import annotations

import argparse
import queue
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tools.forge import forge_binary
from tools.planted_bugs.catalogue import ROOT, Bug, catalogue, unproved_laws
from tools.planted_bugs.workshop import Workshop, caught

CONTROL_RUNS = 20
SEED = "0x5eed"


def try_bug(bug: Bug, shops: queue.Queue[Workshop]) -> tuple[Bug, str, float]:
    """Who caught `bug`, and the seconds it took."""
    text = bug.plant()
    shop = shops.get()
    started = time.monotonic()
    try:
        shop.build(bug.file, text)
        name = "invariant_every_law_holds" if bug.law else bug.test.partition(":")[2]
        passed, output = shop.run(bug.contract, name, bug.runs, bug.seed)
        if Path(bug.file).stem in shop.stand_alone:
            shop.build(bug.file, (ROOT / bug.file).read_text())
        return bug, caught(bug, passed, output), time.monotonic() - started
    finally:
        shops.put(shop)


def control(bugs: list[Bug], shop: Workshop) -> list[str]:
    """What fails although nothing is planted."""
    failures = []
    for contract in sorted({bug.contract for bug in bugs}):
        named = {
            "invariant_every_law_holds" if bug.law else bug.test.partition(":")[2]
            for bug in bugs
            if bug.contract == contract
        }
        passed, output = shop.run(contract, f"({'|'.join(sorted(named))})", CONTROL_RUNS, SEED)
        if not passed:
            failures.append(f"{contract} fails without a bug:\n{output[-1500:]}")
        failures += [f"{contract} has no test {name}" for name in sorted(named) if f"] {name}(" not in output]
    return failures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="bugs whose name, file or check contains this")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    started = time.monotonic()
    bugs = [bug for bug in catalogue() if options.only in f"{bug.name} {bug.file} {bug.caught_by}"]
    for bug in bugs:
        bug.plant()
    subprocess.run([str(forge_binary()), "build", "--offline"], cwd=ROOT, check=True, capture_output=True)
    shops: queue.Queue[Workshop] = queue.Queue()
    all_shops = [Workshop(ROOT / ".cache" / "planted-bugs" / str(number)) for number in range(options.jobs)]
    for shop in all_shops:
        shop.build()
        shops.put(shop)
    failures = [] if options.only else [f"no bug is there to break {law}" for law in unproved_laws(bugs)]
    try:
        failures += control(bugs, all_shops[0])
        with ThreadPoolExecutor(options.jobs) as pool:
            for done in as_completed([pool.submit(try_bug, bug, shops) for bug in bugs]):
                bug, by, seconds = done.result()
                well = by == bug.caught_by
                print(f"{'caught' if well else 'NOT CAUGHT':10}  {bug.name:62}  {by}  ({seconds:.0f} s)", flush=True)
                if not well:
                    failures.append(f"{bug.name}: expected {bug.caught_by}, got {by}")
    finally:
        for shop in all_shops:
            shop.close()
    print(f"{len(bugs)} bugs, {len(failures)} failures, {time.monotonic() - started:.0f} s")
    print("\n".join(failures), file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
