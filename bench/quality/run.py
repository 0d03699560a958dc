"""`make bench-quality`: labels, money and trust on real crowds, beside crowd-kit, from one run.

Every folder of `PIECEWORK_CROWD_DIR` with `answers.csv` and `truth.csv` is measured. `--json FILE` writes the results
and, beside it, `table.md` and `curves.svg`; what is measured so far stands in `FILE.part`
until then. `--seeds`, `--crowds` and `--no-peers` make a quicker run.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.quality import blind, chart, measure, peers, report, translations
from bench.quality.crowds import ROOT, crowd_folder, folders, read_crowd
from bench.quality.strategies import STRATEGIES

SEEDS = 20
FORMAT = "piecework/bench-quality/1"


def run(
    paths: list[Path],
    *,
    seeds: int,
    with_peers: bool,
    say: Callable[[str], None],
    keep: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:
    """All sections; `keep` is given the results after each.

    What is timed comes first, while nothing else of ours runs; then the seeds share the cores.
    """
    results: dict[str, Any] = {
        "format": FORMAT,
        "seeds": seeds,
        "crowds": {},
        "texts": {},
        "joined": {},
        "facts": facts(),
    }
    texts = [path for path in paths if translations.is_text(path)]
    crowds = [read_crowd(path) for path in paths if path not in texts]
    for crowd in crowds:
        results["crowds"][crowd.name] = {
            "tasks": crowd.answers.tasks,
            "workers": crowd.answers.workers,
            "labels": len(crowd.names),
            "answers": crowd.answers.size,
            "full": measure.full_data(crowd, with_peers=with_peers, say=say),
            "streaming": measure.streaming(crowd),
        }
        keep(results)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for crowd in crowds:
            results["crowds"][crowd.name]["adaptive"] = measure.adaptive(crowd, pool, seeds=seeds, say=say)
            keep(results)
    for path in texts:
        say(f"{path.name}: texts")
        results["texts"][path.name] = translations.measure(path)
        keep(results)
    say("shuffled truths")
    results["looks_at_truth"] = {
        f"{path.name}, {name}": blind.looks_at_truth(path, method)
        for path in filter(blind.can_shuffle, paths)
        for name, method in (blind.TEXT_METHODS if path in texts else blind.LABEL_METHODS).items()
    }
    for name, module in report.joined().items():
        say(name)
        results["joined"][name] = module.measure_section(paths, seeds)
        keep(results)
    results["goals_met"] = report.goals(results)
    return results


def facts() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "commit": _git("rev-parse", "HEAD"),
        "changed_since": bool(_git("status", "--porcelain", "--", "piecework", "bench/quality/*.py", "scripts")),
        "python": platform.python_version(),
        "numpy": importlib.metadata.version("numpy"),
        "peers": peers.versions(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS", "not set"),
        "load_at_start": os.getloadavg()[0],
    }


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to write the results")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--crowds", help="names of folders, with commas; all without it")
    parser.add_argument("--no-peers", action="store_true", help="leave crowd-kit out")
    given = parser.parse_args(arguments)
    err, out = Console(stderr=True), Console(width=160)
    wanted = given.crowds.split(",") if given.crowds else None
    paths = [path for path in folders(crowd_folder()) if wanted is None or path.name in wanted]
    if not paths:
        err.print(
            f"no crowd in {crowd_folder()}: set PIECEWORK_CROWD_DIR to a folder of folders with answers.csv, truth.csv"
        )
        return 1
    with_peers = not given.no_peers and peers.versions() is not None
    part = given.json.with_name(given.json.name + ".part") if given.json is not None else None

    def keep(results: dict[str, Any]) -> None:
        if part is not None:
            part.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")

    started = time.perf_counter()
    with err.status("measuring") as status:
        results = run(paths, seeds=given.seeds, with_peers=with_peers, say=status.update, keep=keep)
    results["seconds"] = round(time.perf_counter() - started, 1)
    out.print(report.table(results))
    if not with_peers:
        out.print("crowd-kit was not measured: `make bench-quality` installs it into an environment of its own.")
    if given.json is not None:
        given.json.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
        curves = {name: crowd["adaptive"] for name, crowd in results["crowds"].items()}
        given.json.with_name("curves.svg").write_text(chart.draw(curves, list(STRATEGIES)))
        given.json.with_name("table.md").write_text(report.markdown(results))
    if part is not None:
        part.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
