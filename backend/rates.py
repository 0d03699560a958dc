"""How much one client may ask for: token buckets by IP address and by signed-in address, with a cost for each route.

They are kept in this process: gateways that share a database count apart (docs/adr tells why).
"""

from __future__ import annotations

import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.clients import network_of
from backend.errors import TooMany, problem

MAX_BUCKETS = 100_000
_FREE = frozenset(("/healthz",))
_READ, _WRITE = 1.0, 5.0
_BYTES_OF_ONE_UNIT = 65_536
OWE = "piecework.owe"
"""Where a request's scope has what charges its network on credit: it takes units and gives the seconds to wait."""
_CAME = "piecework.body_bytes"
"""Where a request's scope tells how much came of a body of unknown length."""
COSTS: tuple[tuple[str, re.Pattern[str], float], ...] = tuple(
    (method, re.compile(pattern), cost)
    for method, pattern, cost in (
        ("POST", r"/v1/auth/nonce", 5.0),
        ("POST", r"/v1/auth/login", 20.0),
        ("POST", r"/v1/batches(/[^/]+/review-batch)?", 50.0),
        ("POST", r"/v1/payloads", 20.0),
        ("POST", r"/v1/reviews/batches/[^/]+/proposals", 50.0),
        ("POST", r"/v1/appeals/draft", 20.0),
        ("POST", r"/v1/faucet", 20.0),
        ("POST", r"/v1/webhooks/[^/]+/(proof|replay)", 100.0),
        ("GET", r"/v1/batches", 3.0),
        ("GET", r"/v1/batches/[^/]+/results", 5.0),
        ("GET", r"/v1/batches/[^/]+/export", 20.0),
        ("GET", r"/v1/accounts/[^/]+/receipts\.csv", 20.0),
        ("GET", r"/v1/(batches/[^/]+|workers/me)/report", 20.0),
        ("GET", r"/v1/reviewers/me/record", 20.0),
        ("GET", r"/v1/signals/.*", 20.0),
        ("GET", r"/v1/audit/(totals|events\.csv)", 20.0),
        ("GET", r"/v1/work/next", 5.0),
        ("GET", r"/v1/live/.*", 5.0),
        ("GET", r"/readyz", 10.0),
        ("GET", r"/metrics", 5.0),
    )
)
"""Method, path and units, where a request is not the usual one. A body costs one unit more for each 64 KiB."""


def cost_of(method: str, path: str, announced_bytes: int = 0) -> float:
    """Units that a request takes from its client's buckets."""
    if path in _FREE:
        return 0.0
    usual = _READ if method in ("GET", "HEAD", "OPTIONS") else _WRITE
    wanted = "GET" if method == "HEAD" else method
    found = next((cost for of, pattern, cost in COSTS if of == wanted and pattern.fullmatch(path)), usual)
    return found + announced_bytes // _BYTES_OF_ONE_UNIT


class Buckets:
    """One bucket a name, which fills at `per_second` up to `burst` units. A rate of 0 means no limit.

    Who asks for more than a whole bucket holds gets it from a full one, and waits the longer afterwards. Of more than
    `MAX_BUCKETS` names the one that asked the longest ago is forgotten.
    """

    def __init__(
        self, per_second: float, burst: float, *, now: Callable[[], float] = time.monotonic, most: int = MAX_BUCKETS
    ) -> None:
        self._rate = per_second
        self._burst = burst
        self._now = now
        self._most = most
        self._lock = Lock()
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._levels)

    def take(self, name: str, cost: float) -> float:
        """0 if the units were taken; else the seconds after which they can be, and nothing was taken."""
        if self._rate <= 0 or cost <= 0:
            return 0.0
        with self._lock:
            level, now = self._level(name)
            needed = min(cost, self._burst)
            wait = max(0.0, (needed - level) / self._rate)
            self._keep(name, level if wait else level - cost, now)
            return wait

    def owe(self, name: str, cost: float) -> float:
        """0 if the units were taken, be it on credit: what comes next then waits until they are paid back. Who is in
        debt already gets none; the seconds until it is not. For work whose cost is known only once it was begun."""
        if self._rate <= 0 or cost <= 0:
            return 0.0
        with self._lock:
            level, now = self._level(name)
            debt = max(0.0, -level / self._rate)
            self._keep(name, level if debt else level - cost, now)
            return debt

    def take_spare(self, name: str, cost: float) -> float:
        """As `take`, of the upper half of the bucket alone: the lower one is left to what else the client asks for."""
        if self._rate <= 0 or cost <= 0:
            return 0.0
        with self._lock:
            level, now = self._level(name)
            wait = max(0.0, (self._burst / 2 + min(cost, self._burst / 2) - level) / self._rate)
            self._keep(name, level if wait else level - cost, now)
            return wait

    def _level(self, name: str) -> tuple[float, float]:
        now = self._now()
        level, at = self._levels.pop(name, (self._burst, now))
        return min(self._burst, level + (now - at) * self._rate), now

    def _keep(self, name: str, level: float, now: float) -> None:
        self._levels[name] = (level, now)
        if len(self._levels) > self._most:
            self._levels.popitem(last=False)


class RateBook:
    """Both kinds of buckets."""

    def __init__(self, by_ip: Buckets, by_address: Buckets) -> None:
        self.by_ip = by_ip
        self.by_address = by_address

    def charge_address(self, address: str, cost: float) -> None:
        """Raises TooMany with the seconds to wait."""
        if wait := self.by_address.take(address, cost):
            raise TooMany("rate_limited", _detail(f"address {address}", wait), retry_after_seconds=math.ceil(wait))

    def owe(self, cost: float, *, network: str, address: str | None = None) -> None:
        """For work whose cost is known only once it was begun; on credit. Raises TooMany for who is in debt already."""
        if wait := self.by_ip.owe(network, cost):
            raise TooMany("rate_limited", _detail("your network address", wait), retry_after_seconds=math.ceil(wait))
        if address is not None and (wait := self.by_address.owe(address, cost)):
            raise TooMany("rate_limited", _detail(f"address {address}", wait), retry_after_seconds=math.ceil(wait))


class RateLimit:
    """Refuses with 429 what an IP address asks for beyond its rate, before anything is read; a body whose length was
    not announced is charged for as it arrives."""

    def __init__(self, app: ASGIApp, *, buckets: Buckets) -> None:
        self._app = app
        self._buckets = buckets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            wait = self._buckets.take(network_of(scope), request_cost(scope))
            if wait:
                detail = _detail("your network address", wait)
                seconds = math.ceil(wait)
                answer = problem(429, "rate_limited", TooMany.title, detail, retry_after_seconds=seconds)
                await answer(scope, receive, send)
                return
            scope[OWE] = lambda cost: self._buckets.owe(network_of(scope), cost)
            if _announced(scope) is None:
                receive = self._charging(scope, receive)
        await self._app(scope, receive, send)

    def _charging(self, scope: Scope, receive: Receive) -> Receive:
        scope[_CAME] = 0

        async def charged() -> Message:
            message = await receive()
            before = scope[_CAME] // _BYTES_OF_ONE_UNIT
            scope[_CAME] += len(message.get("body", b""))
            units = scope[_CAME] // _BYTES_OF_ONE_UNIT - before
            if wait := self._buckets.take(network_of(scope), units):
                raise too_dear(wait)
            return message

        return charged


def too_dear(wait: float) -> HTTPException:
    """Of the framework's kind: it passes through the reading of a body as it is."""
    return HTTPException(429, _detail("your network address", wait), {"retry-after": str(math.ceil(wait))})


def request_cost(scope: Scope) -> float:
    """Of a request by its method, path, and its body's length: as announced, else as far as it came."""
    announced = _announced(scope)
    return cost_of(scope["method"], scope["path"], scope.get(_CAME, 0) if announced is None else announced)


def _announced(scope: Scope) -> int | None:
    """Bytes of the body; None if that is not told."""
    told = dict(scope["headers"]).get(b"content-length", b"")
    return int(told) if told.isdigit() and len(told) < 19 else None


def _detail(whose: str, wait: float) -> str:
    return f"{whose} asks faster than this gateway serves one client: wait {math.ceil(wait)} s, then go on slower"
