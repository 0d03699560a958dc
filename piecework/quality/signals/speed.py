"""Too fast to have read it: measured times against the batch's own and against the length of the text.

Both must say so: the worker is far below what this batch's workers take for texts of such length, and faster than
twice the speed at which people read (238 words a minute, silently: M. Brysbaert, "How Many Words Do We Read per
Minute?", 2019; with six signs a word, 24 signs a second). Where there is nothing to read, two fifths of the
batch's usual time stand for the second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from piecework.quality.answers import Floats, Ints
from piecework.quality.signals.chances import normal_tail
from piecework.quality.signals.findings import SHOWN_BELOW, TOO_FAST, Evidence, Signal

READING_SIGNS_PER_SECOND = 24.0
TIMES_READING = 2.0
UNUSUAL = 0.4
LEAST_WORKERS = 5
_LEAST_SPREAD = 0.15
# Clocks are no finer: two times of one block differ by nothing.
_SHORTEST = 0.05
_BIN = 30
_MOST_TASKS = 20
# The sampling variance of a median against that of a mean.
_MEDIAN = 1.57


@dataclass(frozen=True)
class Timing:
    """One entry a stretch of work: `worker`, `first_task` (a number to show), `tasks`, `seconds` from getting the tasks
    to handing in, `signs` to read in all of them (0 if there is no text); all (stretches,)."""

    worker: Ints
    first_task: Ints
    tasks: Ints
    seconds: Floats
    signs: Floats


def too_fast(timing: Timing, workers: int) -> Signal:
    """By each worker's median stretch, so that one quick packet is no signal."""
    if timing.worker.size == 0:
        return Signal(TOO_FAST, np.ones(workers), {})
    per_task = np.maximum(timing.seconds, _SHORTEST) / np.maximum(timing.tasks, 1)
    signs = timing.signs / np.maximum(timing.tasks, 1)
    apart = np.log(per_task)
    apart = apart - _usual(apart, timing.worker, signs)
    pace = _medians(apart, timing.worker, workers)
    # Seconds a task above what reading at twice the usual speed takes.
    spare = _medians(per_task - signs / (TIMES_READING * READING_SIGNS_PER_SECOND), timing.worker, workers)
    had_text = np.bincount(timing.worker, weights=timing.signs, minlength=workers) > 0
    unread = np.where(had_text, spare < 0.0, pace < np.log(UNUSUAL))
    measured = np.isfinite(pace)
    p_value = np.ones(workers)
    if measured.sum() >= LEAST_WORKERS:
        given = np.bincount(timing.worker, minlength=workers)[measured]
        p_value[measured] = _tail(pace[measured], given, _noise(apart, timing.worker, pace))
        p_value[~unread] = 1.0
    evidence = {}
    for worker in np.flatnonzero(p_value < SHOWN_BELOW):
        own = np.flatnonzero(timing.worker == worker)
        own = own[np.argsort(apart[own], kind="stable")]
        seconds = float(np.median(per_task[own]))
        numbers = {
            "seconds_a_task": round(seconds, 2),
            "usual_seconds_a_task": round(seconds / float(np.exp(pace[worker])), 2),
            "signs_a_task": round(float(np.median(signs[own])), 1),
        }
        evidence[int(worker)] = Evidence(tuple(int(t) for t in timing.first_task[own][:_MOST_TASKS]), (), numbers)
    return Signal(TOO_FAST, p_value, evidence)


def _medians(value: Floats, worker: Ints, workers: int) -> Floats:
    """Each worker's median, (workers,), no number for who has none."""
    found = np.full(workers, np.nan)
    order = np.argsort(worker, kind="stable")
    for own in np.split(order, np.cumsum(np.bincount(worker, minlength=workers))[:-1]):
        if own.size:
            found[worker[own[0]]] = np.median(value[own])
    return found


def _usual(apart: Floats, worker: Ints, signs: Floats) -> Floats:
    """The batch's middle time for texts of about the same length, (stretches,): the median worker's, so that one who
    did most of the work does not set it."""
    bins = max(1, min(5, apart.size // _BIN))
    place = np.searchsorted(np.quantile(signs, np.linspace(0, 1, bins + 1)[1:-1]), signs, side="right")
    usual = np.zeros(apart.size)
    for number in range(bins):
        here = np.flatnonzero(place == number)
        if here.size:
            usual[here] = np.nanmedian(_medians(apart[here], worker[here], int(worker.max()) + 1))
    return usual


def _noise(apart: Floats, worker: Ints, pace: Floats) -> float:
    """Standard deviation of one worker's stretches around their median."""
    count = np.bincount(worker, minlength=pace.size)
    several = count[worker] > 1
    if not several.any():
        return 0.0
    return 1.4826 * float(np.median(np.abs(apart[several] - pace[worker[several]])))


def _tail(pace: Floats, given: Ints, noise: float) -> Floats:
    """The quick sit below the median, so the upper half tells how far honest workers spread."""
    middle, high = np.quantile(pace, [0.5, 0.84])
    spread = max(_LEAST_SPREAD, float(high - middle))
    return normal_tail((middle - pace) / np.sqrt(spread**2 + _MEDIAN * noise**2 / given))
