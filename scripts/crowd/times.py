"""How long a gateway took for each kind of request that a worker makes, as the worker sees it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import quantiles
from threading import Lock

_PIECE = "/v1/work/assignments"
_KINDS = {
    "/v1/auth/nonce": "sign in",
    "/v1/auth/login": "sign in",
    _PIECE: "ticket",
    f"{_PIECE}/*/claim": "claim",
    f"{_PIECE}/*/answers": "answers",
    f"{_PIECE}/*/submission": "submission",
    "/v1/withdrawals/draft": "pay out",
    "/v1/withdrawals": "pay out",
    "/v1/sweeps/draft": "pay out",
    "/v1/sweeps": "pay out",
}
_ID = re.compile(rf"(?<={_PIECE}/)[^/]+")


def kind_of(method: str, path: str) -> str | None:
    """None: reads, which mostly wait for the chain, so that their time says nothing of the gateway."""
    return _KINDS.get(_ID.sub("*", path)) if method == "POST" else None


def spread(values: Sequence[float]) -> dict[str, float]:
    """At least one value."""
    cuts = quantiles(values, n=100, method="inclusive") if len(values) > 1 else [values[0]] * 99
    return {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2), "count": len(values)}


class Times:
    """Milliseconds from asking to the answer, whatever it says; many threads or tasks may count in it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._milliseconds: dict[str, list[float]] = {}

    @contextmanager
    def counted(self, method: str, path: str) -> Iterator[None]:
        kind, begun = kind_of(method, path), time.perf_counter()
        try:
            yield
        finally:
            if kind is not None:
                took = (time.perf_counter() - begun) * 1_000
                with self._lock:
                    self._milliseconds.setdefault(kind, []).append(took)

    def spreads(self) -> dict[str, dict[str, float]]:
        """By kind `p50` and `p99` in milliseconds, and `count`."""
        with self._lock:
            return {kind: spread(values) for kind, values in self._milliseconds.items()}
