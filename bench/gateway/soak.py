"""Work without a pause for minutes, and how much memory the gateway holds meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Any

MOST_GROWTH = 0.1
"""Of the last third's median over the one before; the first third is the warming up."""


def own_bytes(pid: int) -> int:
    """Memory of the process alone: files that it maps are not counted."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1_024
    raise ValueError(f"the kernel tells no RssAnon of process {pid}")


class Watch:
    """Samples a process in a thread of its own, between `with` and its end."""

    def __init__(self, pid: int, seconds: float) -> None:
        self.samples = [own_bytes(pid)]
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
            self.samples.append(own_bytes(self._pid))


def thirds(samples: Sequence[int]) -> list[float]:
    """The median of each third."""
    size = max(1, len(samples) // 3)
    return [median(part) for part in (samples[:size], samples[size : 2 * size] or samples, samples[-size:])]


def is_flat(samples: Sequence[int]) -> bool:
    _, middle, last = thirds(samples)
    return last <= middle * (1 + MOST_GROWTH)


def soaked(
    pid: int, job: Callable[[], int], seconds: float, *, say: Callable[[str], None], sample_seconds: float = 2.0
) -> dict[str, Any]:
    """Does the job again and again for so long. `job` gives how many answers it brought in, and raises what fails."""
    begun, answers, rounds = time.monotonic(), 0, 0
    with Watch(pid, sample_seconds) as watch:
        while time.monotonic() - begun < seconds:
            answers += job()
            rounds += 1
            gone = time.monotonic() - begun
            say(f"soak: {gone:.0f} of {seconds:.0f} s, {answers:,} answers, {watch.samples[-1] >> 20} MiB")
    took = time.monotonic() - begun
    return {
        "seconds": round(took, 1),
        "rounds": rounds,
        "answers": answers,
        "answers_a_second": round(answers / took, 1),
        "own_memory_mib_by_thirds": [round(part / 2**20, 1) for part in thirds(watch.samples)],
        "is_flat": is_flat(watch.samples),
    }
