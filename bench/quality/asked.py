"""Drawn crowds that are asked answer by answer until every task may stop, as a gateway asks, with a model beside them
or without.

`python -m bench.quality.asked --json FILE` tells what honest and hostile models, all simulated, change about the
answers bought and the labels.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from bench.quality.drawn_models import (
    HOSTILE,
    Model,
    copy_of_the_busiest,
    copy_of_the_worst,
    right_at,
    the_plain_vote,
)
from piecework.quality.adaptive import Assessment, Policy, assess
from piecework.quality.answers import Answers, Ints
from piecework.quality.asking import Asking
from piecework.quality.joint import Joint, assess_beside, measure_beside
from piecework.quality.predictions import Predictions, predictions_of
from piecework.quality.trust import Measured

AT_ONCE = 5
ALONE = "people alone"
COPIES = (copy_of_the_busiest, copy_of_the_worst, the_plain_vote)
CROWDS: dict[str, dict[str, Any]] = {
    "two labels, workers of 65 to 90 %": {},
    "two labels, workers of 55 to 85 %": {"skill": (0.55, 0.85)},
    "four labels, workers of 50 to 85 %": {"labels": 4, "skill": (0.5, 0.85)},
}


@dataclass(frozen=True)
class Asked:
    """How it ended. `joint`: None without a model."""

    asking: Asking
    answers: Answers
    truth: Ints
    found: Assessment
    measured: Measured | None
    joint: Joint | None

    @property
    def right(self) -> float:
        label = self.found.label if self.joint is None else self.joint.label
        return float((label == self.truth).mean())


def ask_drawn(
    model: Model | None, *, seed: int, tasks: int = 250, workers: int = 25, cap: int = 7, target: float = 0.95,
    labels: int = 2, skill: tuple[float, float] = (0.65, 0.9),
) -> Asked:  # fmt: skip
    """Workers come at random and take five tasks each. The model speaks before the first answer; one that copies
    answers anew whenever they have grown by half."""
    random, chance = np.random.default_rng(seed), np.random.default_rng(seed + 1)
    truth = random.integers(labels, size=tasks)
    right = random.uniform(*skill, size=workers)
    policy = Policy(confidence=target, seed=seed)
    asking = Asking(labels=labels, cap=cap, policy=policy, choosable=np.ones(tasks, dtype=np.bool_))

    spoken: tuple[int, Predictions] | None = None

    def said(answers: Answers) -> tuple[int, Predictions] | None:
        nonlocal spoken
        if model is None:
            return None
        if spoken is None or (model in COPIES and answers.size > 1.5 * max(spoken[0], tasks / 4)):
            label = model(answers, truth, np.random.default_rng(seed + 2))
            spoken = answers.size if model in COPIES else 0, predictions_of(label, tasks=tasks, labels=labels)
        return spoken

    given = np.zeros((workers, tasks), dtype=np.bool_)
    for _ in range(100_000):
        worker = int(random.integers(workers))
        number = worker if worker < asking.workers else None
        for task in asking.rank(number, asking.answered, given[worker], random).tasks[:AT_ONCE].tolist():
            wrong = (truth[task] + chance.integers(1, labels)) % labels
            asking.add(task, worker, int(truth[task] if chance.random() < right[worker] else wrong))
            given[worker, task] = True
        if asking.refit_is_due():
            fit(asking, said(asking.answers()))
        if asking.is_fitted and asking.is_done():
            break
    answers = asking.answers()
    found, measured = fit(asking, said(answers))
    joint = None if measured is None else assess_beside(answers, found, measured, policy)
    return Asked(asking, answers, truth, found, measured, joint)


def fit(asking: Asking, spoken: tuple[int, Predictions] | None) -> tuple[Assessment, Measured | None]:
    """Fits all answers and measures the model, as a gateway does. `spoken`: after how many answers it said what."""
    answers = asking.answers()
    found, measured = assess(answers, asking.policy), None
    if spoken is not None:
        measured = measure_beside(answers, found, spoken[1], asking.policy, spoke_after=spoken[0])
    asking.install(answers, found, measured)
    return found, measured


def measure_section(seeds: int) -> dict[str, Any]:
    """By crowd and model: mean answers bought, mean share of right labels, what both are less without the model with
    the standard error over the seeds, and how often the model was trusted at the end."""
    models: dict[str, Model | None] = {ALONE: None, "right at 95 %": right_at(0.95), "right at 85 %": right_at(0.85)}
    models |= {model.__name__: model for model in HOSTILE}
    found: dict[str, Any] = {}
    for crowd, options in CROWDS.items():
        runs = {
            name: [ask_drawn(model, seed=seed, **options) for seed in range(seeds)] for name, model in models.items()
        }
        alone = np.array([[run.asking.size, run.right] for run in runs[ALONE]])
        found[crowd] = {}
        for name, each in runs.items():
            pairs = np.array([[run.asking.size, run.right] for run in each])
            change = pairs - alone
            error = change.std(axis=0) / np.sqrt(seeds)
            found[crowd][name] = {
                "answers": round(float(pairs[:, 0].mean()), 1),
                "accuracy": round(float(pairs[:, 1].mean()), 4),
                "answers_changed": round(float(change[:, 0].mean() / alone[:, 0].mean()), 4),
                "accuracy_changed": round(float(change[:, 1].mean()), 4),
                "accuracy_error": round(float(error[1]), 4),
                "trusted": sum(run.measured is not None and run.measured.trust.is_trusted for run in each),
            }
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to write the results")
    parser.add_argument("--seeds", type=int, default=10)
    given = parser.parse_args(arguments)
    started = time.perf_counter()
    crowds = measure_section(given.seeds)
    out = Console(width=200)
    for crowd, models in crowds.items():
        for name, row in models.items():
            points = f"{row['accuracy_changed'] * 100:+.2f} ± {row['accuracy_error'] * 100:.2f} points"
            bought = f"{row['answers']:,.0f} answers ({row['answers_changed']:+.1%})"
            told = f"{row['accuracy']:.4f} ({points}) | trusted {row['trusted']} of {given.seeds}"
            out.print(f"{crowd} | {name} | {bought} | {told}")
    if given.json is not None:
        seconds = round(time.perf_counter() - started, 1)
        given.json.write_text(json.dumps({"seeds": given.seeds, "seconds": seconds, "crowds": crowds}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
