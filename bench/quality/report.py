"""The one table: each goal beside what was measured, and the figures behind it."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
from rich.table import Table

from bench.quality.measure import FULL_VOTE, GOAL_NEAR_FULL, GOALS, NEAR_FULL
from bench.quality.peers import METHODS
from bench.quality.strategies import STRATEGIES
from bench.quality.translations import LIKENESS

COLUMNS = ("measured", "crowd", "figures", "goal", "verdict")
Row = tuple[str, str, str, str, str]
_SPEED_GOAL = 50.0
_CALIBRATION_GOAL = 0.05
_STREAMING_GOAL_SECONDS = 0.001
JOINED = ("alpha", "cheats", "models")
"""Modules beside this one whose sections join the table when they are there: `measure_section(paths, seeds)` gives what
goes into the JSON, `section_rows(measured)` its rows."""


def joined() -> dict[str, ModuleType]:
    """Those of JOINED that are there and have a section to give."""
    names = {name: f"bench.quality.{name}" for name in JOINED}
    there = {name: importlib.import_module(path) for name, path in names.items() if importlib.util.find_spec(path)}
    return {name: module for name, module in there.items() if hasattr(module, "measure_section")}


def table(results: dict[str, Any]) -> Table:
    """Of what `run` wrote."""
    drawn = Table(title="Quality: ours beside crowd-kit and other ways to buy answers")
    for name in COLUMNS:
        drawn.add_column(name, overflow="fold")
    for section in sections(results):
        for row in section:
            drawn.add_row(*row)
        drawn.add_section()
    return drawn


def markdown(results: dict[str, Any]) -> str:
    """The same table for a page, with what it was measured on."""
    rows = [row for section in sections(results) for row in section]
    lines = [" | ".join(cell.replace("|", "/") for cell in row) for row in (COLUMNS, ("---",) * len(COLUMNS), *rows)]
    facts = results["facts"]
    peers = facts["peers"] or {}
    changed = " with changes that were not committed" if facts["changed_since"] else ""
    head = (
        f"Measured at commit `{facts['commit'][:12]}`{changed}: {results['seeds']} seeds, one thread a method,"
        f" {facts['processor']} ({facts['cores']} cores, load {facts['load_at_start']:.1f} at the start),"
        f" Python {facts['python']}, numpy {facts['numpy']}, crowd-kit {peers.get('crowd-kit', 'none')};"
        f" {results['seconds']:.0f} s in all."
    )
    return "\n".join([head, "", *(f"| {line} |" for line in lines), ""])


def sections(results: dict[str, Any]) -> list[list[Row]]:
    """All rows, by section."""
    own = (_accuracy, _speed, _streaming, _calibration, _adaptive, _stopped, _translations, _blind)
    found = [list(section(results)) for section in own]
    modules = joined()
    others = [list(modules[name].section_rows(each)) for name, each in results["joined"].items() if name in modules]
    return found + others


def goals(results: dict[str, Any]) -> dict[str, bool]:
    """Each goal that the results speak of: met or not."""
    rows = [row for section in sections(results) for row in section]
    return {f"{measured}, {crowd}": verdict == "met" for measured, crowd, _, goal, verdict in rows if goal}


def _row(measured: str, crowd: str, figures: str, goal: str = "", met: bool | None = None) -> Row:
    return measured, crowd, figures, goal, "" if met is None else "met" if met else "MISSED"


def _accuracy(results: dict[str, Any]) -> Iterator[Row]:
    full = {name: crowd["full"] for name, crowd in results["crowds"].items()}
    for name, rows in full.items():
        peers = {method: rows[method]["accuracy"] for method in METHODS if method in rows}
        told = " ".join(f"{method} {accuracy:.4f}" for method, accuracy in peers.items())
        ours = rows["ours"]["accuracy"]
        goal = f">= {max(peers.values()):.4f}" if peers else ""
        yield _row(
            "accuracy, all answers",
            name,
            f"ours {ours:.4f} | {told}",
            goal,
            ours >= max(peers.values()) - 1e-9 if peers else None,
        )
    if full and all(METHODS[0] in rows for rows in full.values()):
        means = {m: float(np.mean([rows[m]["accuracy"] for rows in full.values()])) for m in ("ours", *METHODS)}
        best = max(means[m] for m in METHODS)
        told = " ".join(f"{m} {means[m]:.4f}" for m in METHODS)
        yield _row(
            "accuracy, all answers",
            "mean",
            f"ours {means['ours']:.4f} | {told}",
            f">= {best:.4f}",
            means["ours"] >= best - 1e-9,
        )


def _speed(results: dict[str, Any]) -> Iterator[Row]:
    for name, crowd in results["crowds"].items():
        rows = crowd["full"]
        ours, plain = rows["ours"]["seconds"], rows["plain Dawid-Skene"]["seconds"]
        told = f"ours {ours:.3f} s, our Dawid-Skene alone {plain:.3f} s for {crowd['answers']:,} answers"
        if "DawidSkene" not in rows:
            yield _row("wall time", name, told)
            continue
        ratio = rows["DawidSkene"]["seconds"] / rows["ours"]["seconds"]
        told += " | " + " ".join(f"{m} {rows[m]['seconds']:.2f} s" for m in METHODS)
        goal = f">= {_SPEED_GOAL:.0f} times" if name == "products" else ""
        yield _row("wall time", name, f"{told} | {ratio:.0f} times", goal, ratio >= _SPEED_GOAL if goal else None)


def _streaming(results: dict[str, Any]) -> Iterator[Row]:
    for name, crowd in results["crowds"].items():
        stream = crowd["streaming"]
        told = (
            f"median {stream['median_seconds'] * 1e3:.3f} ms, 99 of 100 under {stream['seconds_99th'] * 1e3:.3f} ms,"
            f" mean with refits {stream['mean_seconds_with_refits'] * 1e3:.3f} ms | labels as fitted at once:"
            f" {stream['same_labels_before_last_refit']:.2%} before the last refit,"
            f" {stream['same_labels_after']:.2%} after"
        )
        met = stream["median_seconds"] < _STREAMING_GOAL_SECONDS and stream["same_labels_after"] == 1.0
        yield _row("one more answer", name, told, "< 1 ms; refit agrees", met)


def _blind(results: dict[str, Any]) -> Iterator[Row]:
    for name, looks in results["looks_at_truth"].items():
        crowd, _, method = name.partition(", ")
        told = "labels changed" if looks else "labels did not change"
        yield _row(f"truth file shuffled, {method}", crowd, told, "no change", not looks)


def _calibration(results: dict[str, Any]) -> Iterator[Row]:
    errors = {name: crowd["full"]["ours"]["calibration_error"] for name, crowd in results["crowds"].items()}
    if errors:
        mean = float(np.mean(list(errors.values())))
        told = f"{mean:.4f} | " + " ".join(f"{name} {error:.4f}" for name, error in errors.items())
        yield _row("calibration error", "mean", told, f"< {_CALIBRATION_GOAL}", mean < _CALIBRATION_GOAL)


def _adaptive(results: dict[str, Any]) -> Iterator[Row]:
    crowds = {name: crowd["adaptive"] for name, crowd in results["crowds"].items() if "adaptive" in crowd}
    for target in (FULL_VOTE, NEAR_FULL):
        for name, crowd in crowds.items():
            costs = {strategy: crowd["reached"][strategy][target] for strategy in STRATEGIES}
            told = " ".join(f"{strategy} {_share(cost)};" for strategy, cost in costs.items())
            limit = GOALS.get(name) if target == FULL_VOTE else None
            met = limit is not None and costs["ours"] is not None and costs["ours"] <= limit + 1e-9
            goal = "" if limit is None else f"<= {limit:.0%}"
            yield _row(f"answers to reach {target}", name, told, goal, met if goal else None)
    if crowds:
        costs = [crowd["reached"]["ours"][NEAR_FULL] or 1.0 for crowd in crowds.values()]
        mean = float(np.mean(costs))
        yield _row(
            f"answers to reach {NEAR_FULL}",
            "mean",
            f"ours {mean:.1%}",
            f"<= {GOAL_NEAR_FULL:.0%}",
            mean <= GOAL_NEAR_FULL,
        )


def _stopped(results: dict[str, Any]) -> Iterator[Row]:
    for name, crowd in results["crowds"].items():
        if "adaptive" in crowd:
            stop = crowd["adaptive"]["at_default_confidence"]
            target = crowd["adaptive"]["targets"][NEAR_FULL]
            told = f"accuracy {stop['accuracy']:.4f} with {stop['share']:.1%} of the answers (target {target:.4f})"
            yield _row("stopping by itself", name, told)


def _translations(results: dict[str, Any]) -> Iterator[Row]:
    for name, measured in results["texts"].items():
        for way in LIKENESS:
            likeness = measured[way]
            told = " ".join(f"{who.replace('_', ' ')} {value:.4f};" for who, value in likeness.items())
            goal = "above random, longest-common" if way == "chrF" else ""
            met = likeness["chosen"] > max(likeness["random_worker"], likeness["longest_common"])
            yield _row(f"{way} to the reference", name, told, goal, met if goal else None)


def _share(cost: float | None) -> str:
    return "never" if cost is None else f"{cost:.1%}"
