"""Work without a pause for minutes, and how much memory the gateway holds meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import linear_regression, median
from threading import Event, Thread
from typing import Any, NamedTuple

MOST_GROWTH = 0.05
"""Of the last third's median over the one before; the first third is the warming up."""


class Sample(NamedTuple):
    """`answers` that had come in when the process held `own_bytes`."""

    answers: int
    own_bytes: int


def own_bytes(pid: int) -> int:
    """Memory of the process alone: files that it maps are not counted."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1_024
    raise ValueError(f"the kernel tells no RssAnon of process {pid}")


class Watch:
    """Samples a process in a thread of its own, between `with` and its end. `answers` is counted up by others."""

    def __init__(self, pid: int, seconds: float) -> None:
        self.answers = 0
        self.samples = [Sample(0, own_bytes(pid))]
        self._pid = pid
        self._seconds = seconds
        self._over = Event()
        self._thread = Thread(target=self._run)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._seconds):
            self.samples.append(Sample(self.answers, own_bytes(self._pid)))


def thirds(samples: Sequence[Sample]) -> list[float]:
    """The median of each third, in bytes."""
    size, held = max(1, len(samples) // 3), [sample.own_bytes for sample in samples]
    return [median(part) for part in (held[:size], held[size : 2 * size] or held, held[-size:])]


def is_flat(samples: Sequence[Sample]) -> bool:
    _, middle, last = thirds(samples)
    return last <= middle * (1 + MOST_GROWTH)


def bytes_an_answer(samples: Sequence[Sample]) -> float | None:
    """How much more is held with each answer, by least squares over all but the first third; None of one place."""
    warm = samples[len(samples) // 3 :]
    if len({sample.answers for sample in warm}) < 2:
        return None
    return linear_regression(*zip(*warm, strict=True)).slope


def soaked(
    pid: int, job: Callable[[], int], seconds: float, *, say: Callable[[str], None], sample_seconds: float = 2.0
) -> dict[str, Any]:
    """Does the job again and again for so long. `job` gives how many answers it brought in, and raises what fails."""
    begun, rounds = time.monotonic(), 0
    with Watch(pid, sample_seconds) as watch:
        while time.monotonic() - begun < seconds:
            watch.answers += job()
            rounds += 1
            gone = time.monotonic() - begun
            held = watch.samples[-1].own_bytes >> 20
            say(f"soak: {gone:.0f} of {seconds:.0f} s, {watch.answers:,} answers, {held} MiB")
    took, slope = time.monotonic() - begun, bytes_an_answer(watch.samples)
    return {
        "seconds": round(took, 1),
        "rounds": rounds,
        "answers": watch.answers,
        "answers_a_second": round(watch.answers / took, 1),
        "own_memory_mib_by_thirds": [round(part / 2**20, 1) for part in thirds(watch.samples)],
        "mib_more_for_1000_answers": None if slope is None else round(slope * 1_000 / 2**20, 2),
        "is_flat": is_flat(watch.samples),
    }
