"""Any OpenAI-compatible endpoint as a source of labels: bounded in time, requests and money, and resumable.

The key comes from the environment and goes into one header; no message, log or file of ours holds it.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2

from scripts.answers_file import FileInvalid
from scripts.predictions.cache import Cache, digest_of
from scripts.predictions.chat import question, reply_of
from scripts.predictions.said import Said

MOST_BYTES = 1_000_000
"""Of one reply."""
LONGEST_PAUSE_SECONDS = 60.0


class EndpointFailed(FileInvalid):
    """The endpoint cannot be used as asked; what it answered before is in the cache."""


@dataclass(frozen=True)
class Endpoint:
    """`url`: as far as `/v1`. `most_requests`: over all tasks and attempts. `parallel`: requests at a time."""

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    timeout_seconds: float = 60.0
    attempts: int = 5
    parallel: int = 4
    most_requests: int = 10_000

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise EndpointFailed("--model-url must be an http or https address, for example https://host/v1")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise EndpointFailed(
                "--model-url must hold no user, password or query: the key goes into PIECEWORK_MODEL_KEY"
            )
        if self.key is not None and not (self.key.isascii() and self.key.isprintable() and " " not in self.key):
            raise EndpointFailed("PIECEWORK_MODEL_KEY must be one line of printable ASCII without spaces")


@dataclass
class Asked:
    """`said` by task. `refused`: replies that were no label; `unasked`: tasks left out because the budget was spent."""

    said: dict[str, Said] = field(default_factory=dict)
    refused: int = 0
    unasked: int = 0
    requests: int = 0
    from_cache: int = 0


def ask_all(
    endpoint: Endpoint,
    tasks: Mapping[str, Mapping[str, str]],
    labels: Sequence[str],
    *,
    instructions: str,
    cache: Cache,
    advance: Callable[[], object] = lambda: None,
    pause: Callable[[float], object] = time.sleep,
) -> Asked:
    """What the model says of each of `tasks` (fields by task). `advance` is called for each task that is done.

    Raises EndpointFailed when the endpoint refuses the key, the model or the address, or does not answer at all.
    """
    run = _Run(endpoint, labels, instructions, cache, pause)
    headers = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
    with (
        httpx2.Client(headers=headers, timeout=endpoint.timeout_seconds, follow_redirects=False) as client,
        ThreadPoolExecutor(max_workers=endpoint.parallel) as pool,
    ):
        waiting = []
        for name, fields in tasks.items():
            done = pool.submit(run.ask, client, name, fields)
            done.add_done_callback(lambda _: advance())
            waiting.append(done)
        try:
            wait(waiting, return_when=FIRST_EXCEPTION)
        finally:
            run.stopped.set()
            for each in waiting:
                each.cancel()
    for each in waiting:
        if not each.cancelled():
            each.result()
    return run.asked


class _Run:
    """What the threads share."""

    def __init__(
        self,
        endpoint: Endpoint,
        labels: Sequence[str],
        instructions: str,
        cache: Cache,
        pause: Callable[[float], object],
    ) -> None:
        self.asked = Asked()
        self.stopped = threading.Event()
        self._endpoint = endpoint
        self._labels = labels
        self._instructions = instructions
        self._cache = cache
        self._pause = pause
        self._lock = threading.Lock()
        self._plain = False

    def ask(self, client: httpx2.Client, task: str, fields: Mapping[str, str]) -> None:
        if self.stopped.is_set():
            return
        try:
            self._ask(client, task, fields)
        except EndpointFailed:
            self.stopped.set()
            raise

    def _ask(self, client: httpx2.Client, task: str, fields: Mapping[str, str]) -> None:
        digest = digest_of(self._endpoint.url, self._question(fields))
        known = digest in self._cache
        if known:
            said = self._cache.get(digest)
        else:
            answer = self._answered(client, fields)
            if answer is None:
                with self._lock:
                    self.asked.unasked += 1
                return
            try:
                said = reply_of(answer, self._labels)
            except ValueError as error:
                raise EndpointFailed(f"{self._where()}: {error}: is it OpenAI-compatible?") from error
            try:
                self._cache.put(digest, said)
            except OSError as error:
                raise EndpointFailed(f"answers cannot be kept: {error.filename}: {error.strerror}") from error
        with self._lock:
            self.asked.from_cache += known
            self.asked.refused += said is None
            if said is not None:
                self.asked.said[task] = said

    def _answered(self, client: httpx2.Client, fields: Mapping[str, str]) -> Any:
        """The reply as JSON; None when the budget is spent or the run has stopped."""
        trouble = ""
        for attempt in range(self._endpoint.attempts):
            if self.stopped.is_set() or not self._spend():
                return None
            try:
                status, headers, body = self._post(client, self._question(fields))
            except httpx2.TransportError as error:
                trouble, seconds = type(error).__name__, _backoff(attempt)
            else:
                if status == 200:
                    return body
                if status == 400 and not self._plain:
                    # Some servers refuse parameters that others need for a confidence.
                    self._plain = True
                    continue
                if status != 429 and status < 500:
                    raise EndpointFailed(f"{self._where()} answers {status}: {_ADVICE.get(status, _OTHERWISE)}")
                trouble, seconds = f"HTTP {status}", _asked_pause(headers, attempt)
            if attempt + 1 < self._endpoint.attempts:
                self._pause(seconds)
        again = "what was answered is kept: run it again to go on"
        raise EndpointFailed(f"{self._where()} failed {self._endpoint.attempts} times, last with {trouble}; {again}")

    def _post(self, client: httpx2.Client, asked: dict[str, Any]) -> tuple[int, Mapping[str, str], Any]:
        url = self._endpoint.url.rstrip("/") + "/chat/completions"
        with client.stream("POST", url, json=asked) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise EndpointFailed(f"{self._where()} sent more than {MOST_BYTES:,} bytes for one label")
        if response.status_code != 200:
            return response.status_code, response.headers, None
        try:
            return 200, response.headers, json.loads(bytes(body))
        except (ValueError, RecursionError) as error:
            raise EndpointFailed(
                f"{self._where()} answers something that is no JSON: is it OpenAI-compatible?"
            ) from error

    def _question(self, fields: Mapping[str, str]) -> dict[str, Any]:
        return question(self._endpoint.model, self._instructions, self._labels, fields, plain=self._plain)

    def _spend(self) -> bool:
        with self._lock:
            if self.asked.requests >= self._endpoint.most_requests:
                return False
            self.asked.requests += 1
            return True

    def _where(self) -> str:
        return f"the endpoint at {urlsplit(self._endpoint.url).netloc}"


_OTHERWISE = "see what it expects"
_ADVICE = {
    400: "it refuses the request: is the model's name right?",
    401: "set PIECEWORK_MODEL_KEY to a key that it takes",
    403: "set PIECEWORK_MODEL_KEY to a key that may use this model",
    404: "is --model-url the address as far as /v1, and the model's name right?",
}


def _backoff(attempt: int) -> float:
    """Seconds: doubling, with jitter so that threads do not come back together."""
    return float(min(LONGEST_PAUSE_SECONDS, 2.0**attempt) * random.uniform(0.5, 1.0))  # noqa: S311 - no secret


def _asked_pause(headers: Mapping[str, str], attempt: int) -> float:
    """As the endpoint asks, if it asks for seconds."""
    try:
        asked = float(headers.get("retry-after", ""))
    except ValueError:
        return _backoff(attempt)
    return min(LONGEST_PAUSE_SECONDS, asked) if asked >= 0.0 else _backoff(attempt)
