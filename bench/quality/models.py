"""People alone, people with a model that learns from them, and people with simulated models, honest and hostile.

`python -m bench.quality.models --json FILE` measures this section by itself; `make bench-quality` joins it to the
table.
Answers come in random order, the same for all that are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from bench.quality.crowds import Crowd, crowd_folder, folders, read_crowd
from bench.quality.drawn_models import HOSTILE, Model, by_lot, right_at
from bench.quality.measure import reached
from bench.quality.strategies import guessed
from bench.quality.translations import is_text
from piecework.quality.adaptive import Policy, infer_bought, infer_bought_with_model, replay_purchase
from piecework.quality.answers import Answers, Ints
from piecework.quality.infer import infer_labels
from piecework.quality.joining import Predictor, answers_saved, infer_with_model
from piecework.quality.predictions import predictions_of
from piecework.quality.vote import NO_LABEL
from scripts.predictions.classifier import naming_of
from scripts.predictions.features import read_tasks

SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
"""Of all answers."""
SIMULATED = (0.6, 0.75, 0.9, 0.95)
HOSTILE_SHARES = (0.1, 0.3, 1.0)
ALONE, LEARNED = "people alone", "with scikit-learn"
MOST_LARGE_SEEDS = 5
"""Of crowds above LARGE answers, which take minutes a seed."""
LARGE = 10_000
ADAPTIVE_SEEDS = 5
KNOWN_SHARE = 0.1
RIGHT_ON_KNOWN = "right_on_known_answers_only"
NOISE = 0.005
Row = tuple[str, str, str, str, str]
Maker = Callable[[Answers, np.random.Generator], Predictor]


def measure_section(paths: list[Path], seeds: int) -> dict[str, Any]:
    """By crowd. Texts are left out."""
    return {path.name: _crowd(read_crowd(path), seeds) for path in paths if _has_labels(path)}


def _has_labels(path: Path) -> bool:
    return (path / "answers.csv").is_file() and (path / "truth.csv").is_file() and not is_text(path)


def _crowd(crowd: Crowd, seeds: int) -> dict[str, Any]:
    large = crowd.answers.size > LARGE
    seeds = min(seeds, MOST_LARGE_SEEDS) if large else seeds
    makers = {f"with a simulated {share:.0%}": _fixed(crowd, right_at(share)) for share in SIMULATED}
    if (crowd.path / "tasks.csv").is_file():
        makers[LEARNED] = _learner(crowd)
    curves, trust = _curves(crowd, makers, seeds)
    return {
        "seeds": seeds,
        "curves": curves,
        "trust": trust,
        "hostile": {str(share): _hostile(crowd, share, seeds) for share in HOSTILE_SHARES},
        "adaptive": None if large else _adaptive(crowd, makers, min(seeds, ADAPTIVE_SEEDS)),
    }


def _truth(crowd: Crowd) -> Ints:
    """A label for each task: simulated models say something of tasks without a known truth too."""
    known = crowd.truth.label
    return np.where((known >= 0) & (known < crowd.answers.labels), known, 0)


def _fixed(crowd: Crowd, model: Model) -> Maker:
    def make(answers: Answers, random: np.random.Generator) -> Predictor:
        said = predictions_of(model(answers, _truth(crowd), random), tasks=answers.tasks, labels=answers.labels)
        return lambda _: said

    return make


def _learner(crowd: Crowd) -> Maker:
    naming = naming_of(read_tasks(crowd.path / "tasks.csv"), 0)
    return lambda answers, _: naming(crowd.file.task_names, list(crowd.names), answers.labels)


def _part(crowd: Crowd, share: float, seed: int) -> Answers:
    order = np.random.default_rng(seed).permutation(crowd.answers.size)
    return crowd.answers.take(np.sort(order[: max(1, round(share * crowd.answers.size))]))


def _curves(crowd: Crowd, makers: dict[str, Maker], seeds: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Mean accuracy by share of answers; and of each model: how often it was trusted, how often the interval held its
    real accuracy, and the answers saved at equal confidence with all answers (first seed)."""
    sums: dict[str, list[list[float]]] = {name: [] for name in (ALONE, *makers)}
    trust: dict[str, Any] = {}
    for share in SHARES:
        runs: dict[str, list[float]] = {name: [] for name in sums}
        for seed in range(seeds):
            part = _part(crowd, share, seed)
            runs[ALONE].append(crowd.truth.share_right(guessed(infer_labels(part).label)))
            for name, make in makers.items():
                predictor = make(part, np.random.default_rng(1000 + seed))
                said = predictor(part)
                found = infer_with_model(part, said)
                runs[name].append(crowd.truth.share_right(guessed(found.labelling.label)))
                spoken = crowd.truth.is_known() & (said.label != NO_LABEL)
                if not spoken.any():
                    continue
                real = float((said.label == crowd.truth.label)[spoken].mean())
                row = trust.setdefault(name, {}).setdefault(
                    str(share), {"runs": 0, "trusted": 0, "held": 0, "measured": 0.0, "real": 0.0}
                )
                row["runs"] += 1
                row["trusted"] += found.trust.is_trusted
                measured = found.trust.accuracy
                row["held"] += measured is not None and measured.low <= real <= measured.high
                row["measured"] += measured.value if measured else 0.0
                row["real"] += real
                if share == 1.0 and seed == 0:
                    row["answers_saved_share"] = answers_saved(part, predictor).saved / part.size
        for name, values in runs.items():
            sums[name].append([share, float(np.mean(values))])
    for rows in trust.values():
        for row in rows.values():
            row["measured"], row["real"] = (round(row[key] / row["runs"], 4) for key in ("measured", "real"))
    return {name: [[share, round(value, 5)] for share, value in curve] for name, curve in sums.items()}, trust


def _hostile(crowd: Crowd, share: float, seeds: int) -> dict[str, Any]:
    """Accuracy with each hostile model less that of people alone: mean and worst of the seeds, and times trusted."""
    found: dict[str, Any] = {}
    for name in (*(model.__name__ for model in HOSTILE), RIGHT_ON_KNOWN):
        changes, trusted = [], 0
        for seed in range(seeds):
            part, random = _part(crowd, share, seed), np.random.default_rng(2000 + seed)
            said, known = _hostile_words(name, part, _truth(crowd), random)
            joined = infer_with_model(part, predictions_of(said, tasks=part.tasks, labels=part.labels), known=known)
            alone, both = (guessed(each.label) for each in (joined.people, joined.labelling))
            changes.append(crowd.truth.share_right(both) - crowd.truth.share_right(alone))
            trusted += joined.trust.is_trusted
        figures = {"mean": float(np.mean(changes)), "worst": float(np.min(changes)), "trusted": trusted / seeds}
        found[name.replace("_", " ")] = figures
    return found


def _hostile_words(name: str, part: Answers, truth: Ints, random: np.random.Generator) -> tuple[Ints, Ints]:
    """What the model says, and the known answers, NO_LABEL where there is none: (tasks,) both."""
    known = np.full(part.tasks, NO_LABEL, dtype=np.int64)
    if name != RIGHT_ON_KNOWN:
        return next(model for model in HOSTILE if model.__name__ == name)(part, truth, random), known
    gold = random.random(part.tasks) < KNOWN_SHARE
    known[gold] = truth[gold]
    return np.where(gold, truth, by_lot(part, truth, random)), known


def _adaptive(crowd: Crowd, makers: dict[str, Maker], seeds: int) -> dict[str, Any]:
    """What buying to the default confidence takes and gives: mean share of all answers, and accuracy."""
    found: dict[str, Any] = {ALONE: _bought(crowd, None, seeds, Policy())}
    for name, make in makers.items():
        found[name] = _bought(crowd, make, seeds, Policy())
        found[f"{name}, one person enough"] = _bought(crowd, make, seeds, Policy(least_people=1))
    return found


def _bought(crowd: Crowd, make: Maker | None, seeds: int, wished: Policy) -> dict[str, float]:
    runs = []
    for seed in range(seeds):
        policy = replace(wished, seed=seed)
        predictor = make(crowd.answers, np.random.default_rng(1000 + seed)) if make else None
        bought = crowd.answers.take(replay_purchase(crowd.answers, policy, predictor))
        if predictor is None:
            label = infer_bought(bought, policy).label
        else:
            label = infer_bought_with_model(bought, policy, predictor).labelling.label
        runs.append((bought.size / crowd.answers.size, crowd.truth.share_right(guessed(label))))
    share, accuracy = np.mean(runs, axis=0).tolist()
    return {"share": round(share, 4), "accuracy": round(accuracy, 4)}


def section_rows(measured: dict[str, Any]) -> list[Row]:
    """Rows of the one table: measured, crowd, figures, goal, verdict."""
    return [row for name, crowd in measured.items() for row in _rows(name, crowd)]


def _rows(name: str, crowd: dict[str, Any]) -> Iterator[Row]:
    curves = crowd["curves"]
    for share in (0.1, 0.3, 1.0):
        told = "; ".join(f"{who} {dict(map(tuple, curve))[share]:.4f}" for who, curve in curves.items())
        yield f"accuracy with a model, {share:.0%} of the answers", name, told, "", ""
    target = dict(map(tuple, curves[ALONE]))[0.5]
    costs = {who: reached(curve, target) for who, curve in curves.items()}
    told = "; ".join(f"{who} {'never' if cost is None else f'{cost:.1%}'}" for who, cost in costs.items())
    yield f"answers to be right on {target:.4f}, as people with half of them", name, told, "", ""
    for who, rows in crowd["trust"].items():
        held, runs = (sum(row[key] for row in rows.values()) for key in ("held", "runs"))
        last = rows["1.0"]
        told = f"real {last['real']:.4f}, measured {last['measured']:.4f}; interval held it in {held} of {runs} runs"
        told += f"; answers saved at equal confidence {last['answers_saved_share']:.0%}"
        yield f"a model's accuracy, {who}", name, told, "", ""
    for share, models in crowd["hostile"].items():
        worst = min(models.values(), key=lambda each: each["mean"])
        told = "; ".join(f"{model} {each['mean'] * 100:+.2f}" for model, each in models.items())
        # On a tenth of the answers too few tasks are contested to see an echo: told, but no goal.
        goal = "" if float(share) < 0.3 else f"none below {-NOISE * 100:+.1f} points"
        met = "" if not goal else "met" if worst["mean"] >= -NOISE else "MISSED"
        yield f"hostile models, {float(share):.0%} of the answers", name, told, goal, met
    if crowd["adaptive"]:
        told = "; ".join(
            f"{who} {each['accuracy']:.4f} with {each['share']:.1%}" for who, each in crowd["adaptive"].items()
        )
        yield "stopping by itself with a model", name, told, "", ""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to write the results")
    parser.add_argument("--seeds", type=int, default=20)
    given = parser.parse_args(arguments)
    started = time.perf_counter()
    crowds = measure_section(folders(crowd_folder()), given.seeds)
    out = Console(width=200)
    for row in section_rows(crowds):
        out.print(" | ".join(cell for cell in row if cell))
    if given.json is not None:
        facts = {"seconds": round(time.perf_counter() - started, 1), "threads": os.environ.get("OMP_NUM_THREADS")}
        given.json.write_text(json.dumps({"seeds": given.seeds, **facts, "crowds": crowds}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
