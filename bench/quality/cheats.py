"""Cheats mixed into crowds: who is found, who is wrongly suspected, and what that does to the labels.

`python -m bench.quality.cheats --json FILE`. Times, payers, cheats and groups of workers are simulated (`mixing`,
`honest_crowds`); tasks, workers, difficulties and error rates are those of real crowds. `answers: honest` are drawn
anew so that nobody in them cheats; `answers: real` are the crowd's own, in which a few workers guess.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from bench.quality.honest_crowds import GROUPS, Crowd, Group, honest_copy, label_crowds, timing_of
from bench.quality.mixing import KINDS, MAIN_KINDS, Mixed, mix
from bench.quality.oracle import reach
from piecework.quality.answers import Answers, Bools
from piecework.quality.infer import infer_labels
from piecework.quality.signals.findings import NAMES
from piecework.quality.signals.together import Outlook, look

SHARES = (0.1, 0.2, 0.3)
SINGLE_LEVEL = 0.01
MOST_SEEDS = 5
_OTHER_KINDS = KINDS[len(MAIN_KINDS) :]
_GROUP_SHARE = 0.2
Sums = defaultdict[str, float]


def measure_section(paths: list[Path], seeds: int) -> dict[str, Any]:
    """Of each crowd: `mixed`, `other_kinds`, `groups` and `reachable` (see `oracle`), each figure a mean over the seeds
    and, where a name ends in "spread", their standard deviation; at most `MOST_SEEDS` seeds. Shares are of workers."""
    seeds = min(seeds, MOST_SEEDS)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return {crowd.name: measure_crowd(crowd, seeds, pool) for crowd in label_crowds(paths)}


def measure_crowd(crowd: Crowd, seeds: int, pool: Executor) -> dict[str, Any]:
    """Whatever the order in which `pool` runs them, the seeds decide the figures."""
    over = range(seeds)
    mixed = {
        f"{share:.0%}, {base}": [pool.submit(_mixed, crowd, share, base, MAIN_KINDS, seed) for seed in over]
        for share in SHARES
        for base in ("honest", "real")
    }
    other = [pool.submit(_mixed, crowd, _GROUP_SHARE, "honest", _OTHER_KINDS, seed) for seed in over]
    groups = {group.name: [pool.submit(_grouped, crowd, group, seed) for seed in over] for group in GROUPS}
    reachable = [pool.submit(reach, crowd, seed) for seed in over]
    return {
        "workers": crowd.answers.workers,
        "mixed": {name: _mean(runs) for name, runs in mixed.items()},
        "other_kinds": _mean(other),
        "groups": {name: _mean(runs) for name, runs in groups.items()},
        "reachable": _mean(reachable),
    }


def _mixed(crowd: Crowd, share: float, base: str, kinds: tuple[str, ...], seed: int) -> Sums:
    random = np.random.default_rng(seed)
    nobody = np.zeros(crowd.answers.workers, dtype=np.bool_)
    scored = honest_copy(crowd, random, GROUPS[0], nobody) if base == "honest" else crowd
    whole = _with_truths(scored)
    mixed = mix(whole, share, random, kinds)
    outlook = look(mixed.crowd.answers, timing=timing_of(mixed.crowd, random, mixed.pace), links=mixed.links)
    sums = _rates(outlook, mixed)
    sums["accuracy_without_cheats"] = _accuracy(scored, whole.answers)
    sums["accuracy_with_cheats"] = _accuracy(scored, mixed.crowd.answers)
    kept = mixed.crowd.answers.take(~outlook.flagged[mixed.crowd.answers.worker])
    sums["accuracy_flagged_left_out"] = _accuracy(scored, kept)
    return sums


def _with_truths(crowd: Crowd) -> Crowd:
    """A ring's mind needs a truth for every task: the inferred label where none is known. Scoring keeps to `truth`."""
    known = crowd.truth >= 0
    if known.all():
        return crowd
    return replace(crowd, truth=np.where(known, crowd.truth, infer_labels(crowd.answers).label))


def _rates(outlook: Outlook, mixed: Mixed) -> Sums:
    """Of the crowd's own workers and of each kind of cheat: the share flagged, and by signal named and under 0.01."""
    sums: Sums = defaultdict(float)
    honest = mixed.kind < 0
    sums["share_of_cheats"] = float((~honest).mean())
    for number, kind in enumerate(("crowd", *KINDS), start=-1):
        _count(sums, kind, outlook, mixed.kind == number)
    return sums


def _count(sums: Sums, name: str, outlook: Outlook, who: Bools) -> None:
    if not who.any():
        return
    sums[f"{name}: flagged"] = float(outlook.flagged[who].mean())
    for signal in outlook.signals:
        sums[f"{name}: {signal.name} below {SINGLE_LEVEL}"] = float((signal.p_value[who] < SINGLE_LEVEL).mean())
    for signal_name in NAMES:
        named = {finding.worker for finding in outlook.findings if finding.name == signal_name}
        sums[f"{name}: {signal_name} named"] = float(np.isin(np.flatnonzero(who), list(named)).mean())


def _grouped(crowd: Crowd, group: Group, seed: int) -> Sums:
    """A third of the workers is in the group (by lot); a fifth of all are cheats of the main kinds."""
    random = np.random.default_rng(1000 + seed)
    members = random.random(crowd.answers.workers) < 1 / 3
    mixed = mix(honest_copy(crowd, random, group, members), _GROUP_SHARE, random)
    inside = np.zeros(mixed.kind.size, dtype=np.bool_)
    inside[: members.size] = members
    timing = timing_of(mixed.crowd, random, mixed.pace * np.where(inside, group.pace, 1.0))
    outlook = look(mixed.crowd.answers, timing=timing, links=mixed.links)
    sums: Sums = defaultdict(float)
    _count(sums, "group", outlook, inside)
    _count(sums, "others", outlook, ~inside & (mixed.kind < 0))
    return sums


def _accuracy(crowd: Crowd, answers: Answers) -> float:
    """Of tasks with a known truth; a task of which no answer is left counts as wrong."""
    known = crowd.truth >= 0
    label = infer_labels(answers).label
    return float((label[known] == crowd.truth[known]).mean())


def _mean(futures: list[Future[Sums]]) -> dict[str, float]:
    """The mean of each figure, and for shares flagged and accuracies the spread over seeds."""
    runs = [future.result() for future in futures]
    found: dict[str, float] = {}
    for name in dict.fromkeys(name for run in runs for name in run):
        values = [run[name] for run in runs if name in run]
        found[name] = round(float(np.mean(values)), 5)
        if name.endswith(": flagged") or name.startswith("accuracy"):
            found[f"{name} spread"] = round(float(np.std(values)), 5)
    return found


def section_rows(measured: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """Rows of the one table: measured, crowd, figures, goal, verdict."""
    rows = []
    for name, crowd in measured.items():
        for which, found in [*crowd["mixed"].items(), ("20% twins and droppers, honest", crowd["other_kinds"])]:
            kinds = [kind for kind in KINDS if f"{kind}: flagged" in found]
            told = ", ".join(f"{kind} {_percent(found, kind)}" for kind in kinds)
            labels = [found[f"accuracy_{key}"] for key in ("without_cheats", "with_cheats", "flagged_left_out")]
            told += f" | wrongly flagged {_percent(found, 'crowd', 1)} | accuracy without cheats {labels[0]:.4f},"
            rows.append((f"cheats {which}", name, f"{told} with {labels[1]:.4f}, flagged out {labels[2]:.4f}", "", ""))
        for group, found in crowd["groups"].items():
            told = f"group {_percent(found, 'group', 1)}, others {_percent(found, 'others', 1)}"
            rows.append((f"wrongly flagged: {group}", name, told, "", ""))
        told = ", ".join(f"{what} {share:.0%}" for what, share in crowd["reachable"].items())
        rows.append(("a test that knew everything", name, told, "", ""))
    return rows


def _percent(found: dict[str, float], who: str, digits: int = 0) -> str:
    """Mean and spread over the seeds."""
    mean, spread = found.get(f"{who}: flagged", 0.0), found.get(f"{who}: flagged spread", 0.0)
    return f"{mean:.{digits}%} (±{spread:.{digits}%})"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to write the results")
    parser.add_argument("--seeds", type=int, default=MOST_SEEDS)
    given = parser.parse_args(arguments)
    folder = os.environ.get("PIECEWORK_CROWD_DIR")
    if not folder:
        Console(stderr=True).print("set PIECEWORK_CROWD_DIR to a folder of folders with answers.csv, truth.csv")
        return 1
    started = time.perf_counter()
    crowds = measure_section(sorted(Path(folder).iterdir()), given.seeds)
    out = Console(width=200)
    for row in section_rows(crowds):
        out.print(" | ".join(cell for cell in row if cell))
    if given.json is not None:
        seconds = round(time.perf_counter() - started, 1)
        results = {"seeds": min(given.seeds, MOST_SEEDS), "seconds": seconds, "crowds": crowds}
        given.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
