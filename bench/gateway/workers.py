"""A thousand wallets at work over HTTP, each with a connection of its own, and how long the gateway took for them."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2

from scripts.crowd.times import Times
from scripts.crowd.wallet import Wallet

_WAIT_SECONDS = 20


@dataclass
class Ledger:
    """Times of each kind of request, seconds of each step that the chain is part of, and what went wrong."""

    requests: Times = field(default_factory=Times)
    steps: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    submitted: int = 0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.steps[name].append(time.perf_counter() - begun)


class Refused(Exception):
    """An answer other than the one that a worker can go on with."""


class Worker:
    """One wallet. Whatever is refused is an error of the run."""

    def __init__(self, url: str, chain_id: int, ledger: Ledger) -> None:
        self.wallet = Wallet()
        self._url = url
        self._chain_id = chain_id
        self._ledger = ledger
        self._http = httpx2.AsyncClient(base_url=url, timeout=120.0)

    async def close(self) -> None:
        await self._http.aclose()

    async def sign_in(self) -> None:
        nonce = (await self._ask("POST", "/v1/auth/nonce", {}))["nonce"]
        issued = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        host = self._url.partition("://")[2]
        message = (
            f"{host} wants you to sign in with your Ethereum account:\n{self.wallet.address}\n\n"
            f"Work on Piecework.\n\nURI: {self._url}\nVersion: 1\nChain ID: {self._chain_id}\nNonce: {nonce}\n"
            f"Issued At: {issued}"
        )
        body = {"message": message, "signature": self.wallet.sign_text(message)}
        token = (await self._ask("POST", "/v1/auth/login", body))["token"]
        self._http.headers["authorization"] = f"Bearer {token}"

    async def work(self, batch_id: str, rounds: int, count: int) -> None:
        """`rounds` times: claims `count` tasks, fetches them once they are claimed on chain, answers, hands in."""
        for _ in range(rounds):
            try:
                await self._round(batch_id, count)
            except (Refused, httpx2.HTTPError) as error:
                self._ledger.errors.append(f"{type(error).__name__}: {error}"[:300])
                return

    async def _round(self, batch_id: str, count: int) -> None:
        offer = await self._ask("POST", "/v1/work/assignments", {"batch_id": batch_id, "count": count})
        path = f"/v1/work/assignments/{offer['assignment_id']}"
        with self._ledger.step("claim on chain"):
            signature = self.wallet.sign_typed(offer["typed_data"])
            await self._ask("POST", f"{path}/claim", {"signature": signature})
            claimed = await self._until(path, "claimed")
        answers = [{"task": task["id"], "answer": "even"} for task in claimed["tasks"]]
        with self._ledger.step("answers on chain"):
            drafted = await self._ask("POST", f"{path}/answers", {"answers": answers})
            signed = {"work_digest": drafted["work_digest"]}
            signed["signature"] = self.wallet.sign_typed(drafted["typed_data"])
            await self._ask("POST", f"{path}/submission", signed)
            await self._until(path, "submitted")
        self._ledger.submitted += len(answers)

    async def _until(self, path: str, status: str) -> Any:
        while True:
            found = await self._ask("GET", f"{path}?wait={_WAIT_SECONDS}", None)
            if found["status"] == status:
                return found
            if found["status"] not in ("queued", "submission_queued"):
                raise Refused(f"{path} is {found['status']} ({found['reason']}) instead of {status}")

    async def _ask(self, method: str, path: str, body: Any) -> Any:
        headers = {"idempotency-key": secrets.token_hex(16)} if method == "POST" else {}  # as every client sends it
        with self._ledger.requests.counted(method, path):
            answer = await self._http.request(method, path, json=body, headers=headers)
        if answer.status_code >= 400:
            raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer.json()


async def run_workers(url: str, chain_id: int, batch_id: str, workers: int, rounds: int, count: int) -> Any:
    """All of them at once. Gives their addresses, the ledger, and the seconds that signing in and work took."""
    ledger = Ledger()
    crowd = [Worker(url, chain_id, ledger) for _ in range(workers)]
    begun = time.perf_counter()
    await asyncio.gather(*(worker.sign_in() for worker in crowd))
    signed_in = time.perf_counter()
    await asyncio.gather(*(worker.work(batch_id, rounds, count) for worker in crowd))
    done = time.perf_counter()
    await asyncio.gather(*(worker.close() for worker in crowd))
    return [worker.wallet.address for worker in crowd], ledger, signed_in - begun, done - signed_in
