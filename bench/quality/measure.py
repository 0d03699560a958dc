"""The measurements on crowds that give labels. Truth only scores: `Truth.share_right`, calibration."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from itertools import repeat
from typing import Any

import numpy as np

from bench.quality import peers
from bench.quality.crowds import Crowd
from bench.quality.strategies import STRATEGIES, ours_stopped, plain_dawid_skene, points
from piecework.quality.calibration import expected_calibration_error
from piecework.quality.confusion import fit_confusion
from piecework.quality.infer import infer_labels
from piecework.quality.streaming import LabelStream
from piecework.quality.vote import best_label, vote_shares

FULL_VOTE, NEAR_FULL = "full vote", "full Dawid-Skene less half a point"
"""What adaptive buying is to reach."""
GOALS = {"bluebirds": 0.12, "products": 0.33, "dogs": 0.50, "rte": 0.30}
"""Share of the answers by which the policy shall reach the full vote's accuracy."""
GOAL_NEAR_FULL = 0.70
"""Mean share by which it shall reach full Dawid-Skene less `NEAR`."""
NEAR = 0.005
_REPEATS = 5
_Say = Callable[[str], None]
_TIE = 1e-9


def full_data(crowd: Crowd, *, with_peers: bool, say: _Say) -> dict[str, Any]:
    """Accuracy and wall seconds (the best of a few runs) on all answers, and the calibration of our confidence."""
    rows: dict[str, Any] = {}
    for method in peers.METHODS if with_peers else ():
        say(f"{crowd.name}: crowd-kit {method}")
        rows[method] = peers.measure(crowd, method)
    say(f"{crowd.name}: ours")
    seconds, result = _timed(lambda: infer_labels(crowd.answers))
    plain_seconds, plain = _timed(lambda: plain_dawid_skene(crowd.answers))
    known = crowd.truth.is_known()
    right = result.label == crowd.truth.label
    rows["ours"] = {
        "accuracy": crowd.truth.share_right(result.label),
        "seconds": seconds,
        "model": result.model,
        "calibration_error": expected_calibration_error(result.confidence[known], right[known]),
    }
    rows["plain Dawid-Skene"] = {"accuracy": crowd.truth.share_right(plain), "seconds": plain_seconds}
    return rows


def streaming(crowd: Crowd) -> dict[str, Any]:
    """Answers one by one in random order, a refit when it is due: seconds, and how like a fit of all at once it is."""
    answers = crowd.answers.take(np.random.default_rng(0).permutation(crowd.answers.size))
    stream = LabelStream(answers.tasks, answers.workers, answers.labels)
    seconds: list[float] = []
    started = time.perf_counter()
    for task, worker, label in zip(answers.task.tolist(), answers.worker.tolist(), answers.label.tolist(), strict=True):
        before = time.perf_counter()
        stream.add(task, worker, label)
        seconds.append(time.perf_counter() - before)
        if stream.refit_is_due():
            stream.refit()
    mean = (time.perf_counter() - started) / answers.size
    at_once = best_label(answers, fit_confusion(answers).log_posterior)
    before_refit = stream.label()
    stream.refit()
    return {
        "median_seconds": float(np.median(seconds)),
        "seconds_99th": float(np.quantile(seconds, 0.99)),
        "mean_seconds_with_refits": mean,
        "accuracy_before_last_refit": crowd.truth.share_right(before_refit),
        "same_labels_before_last_refit": float((before_refit == at_once).mean()),
        "same_labels_after": float((stream.label() == at_once).mean()),
    }


def adaptive(crowd: Crowd, pool: Executor, *, seeds: int, say: _Say) -> dict[str, Any]:
    """Mean curves over the seeds, the cost of reaching the targets, and where ours stops by itself."""
    targets = {
        FULL_VOTE: _vote_accuracy(crowd),
        NEAR_FULL: crowd.truth.share_right(plain_dawid_skene(crowd.answers)) - NEAR,
    }
    curves: dict[str, list[list[float]]] = {}
    deviation: dict[str, list[float]] = {}
    for name in STRATEGIES:
        say(f"{crowd.name}: {name}")
        found = pool.map(points, repeat(name), repeat(crowd.answers), range(seeds))
        runs = [[(point.share, crowd.truth.share_right(point.label)) for point in each] for each in found]
        curves[name] = np.mean(runs, axis=0).tolist()
        deviation[name] = np.std(runs, axis=0)[:, 1].tolist()
    say(f"{crowd.name}: stopping by itself")
    stops = list(pool.map(ours_stopped, repeat(crowd.answers), range(seeds)))
    return {
        "targets": targets,
        "curves": curves,
        "deviation": deviation,
        "reached": {
            name: {target: reached(curve, accuracy) for target, accuracy in targets.items()}
            for name, curve in curves.items()
        },
        "at_default_confidence": {
            "share": float(np.mean([point.share for point in stops])),
            "accuracy": float(np.mean([crowd.truth.share_right(point.label) for point in stops])),
        },
    }


def reached(curve: Sequence[Sequence[float]], accuracy: float) -> float | None:
    """The cost at which the mean curve first is at `accuracy`, on straight lines between points; None if never."""
    before: Sequence[float] | None = None
    for point in curve:
        if point[1] >= accuracy - _TIE:
            if before is None:
                return point[0]
            return before[0] + (point[0] - before[0]) * (accuracy - before[1]) / (point[1] - before[1])
        before = point
    return None


def _vote_accuracy(crowd: Crowd) -> float:
    """Of the full majority vote, ties broken by lot: the expectation, not one draw."""
    shares = vote_shares(crowd.answers)
    top = shares >= shares.max(axis=1, keepdims=True) - _TIE
    chance = top / top.sum(axis=1, keepdims=True)
    known = np.flatnonzero(crowd.truth.is_known() & (crowd.truth.label < crowd.answers.labels))
    return float(chance[known, crowd.truth.label[known]].sum() / crowd.truth.is_known().sum())


def _timed(run: Callable[[], Any]) -> tuple[float, Any]:
    seconds, result = [], None
    for _ in range(_REPEATS):
        started = time.perf_counter()
        result = run()
        seconds.append(time.perf_counter() - started)
    return min(seconds), result
