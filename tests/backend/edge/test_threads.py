"""Who holds the write lock never waits for a thread: those who wait for the lock may have them all."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest

from backend.idempotency import CreatingRoute, Keeping
from piecework.db import engine as engines
from tests.backend.edge.test_idempotency import lists_of, send
from tests.backend.house import House

THREADS, ASKING = 3, 12


def crowded(house: House, wallet: Any) -> Counter[int]:
    """The statuses of creating requests that come at the same moment, four for each thread that there is."""
    portal = house.client.portal
    assert portal is not None

    def of_threads(count: float) -> float:
        limiter = anyio.to_thread.current_default_thread_limiter()
        before, limiter.total_tokens = limiter.total_tokens, count
        return before

    token, start, found = house.token(wallet), threading.Barrier(ASKING), Counter[int]()

    def ask(number: int) -> None:
        start.wait()
        found[send(house.client, token, f"friends {number}", f"key {number}").status_code] += 1

    asking = [threading.Thread(target=ask, args=(number,)) for number in range(ASKING)]
    before = portal.call(of_threads, THREADS)
    try:
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
    finally:
        portal.call(of_threads, before)
    return found


def test_more_creating_requests_than_threads_are_all_answered(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_WAIT_SECONDS", 5)
    requester = house.wallet()

    assert crowded(house, requester) == {201: ASKING}
    assert lists_of(house, requester) == ASKING


def test_a_transaction_that_another_thread_ends_would_be_found(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: the answer is kept by whichever thread comes free, while the lock is held."""
    monkeypatch.setattr(engines, "_WAIT_SECONDS", 2)
    keep = Keeping.keep

    def keep_elsewhere(self: Keeping, *given: Any) -> None:
        anyio.from_thread.run(anyio.to_thread.run_sync, lambda: keep(self, *given))

    monkeypatch.setattr(Keeping, "keep", keep_elsewhere)

    assert crowded(house, house.wallet())[201] < ASKING


def test_what_creates_is_no_coroutine() -> None:
    async def creates() -> None:
        """Would end its transaction in a thread of its own."""

    with pytest.raises(TypeError, match="runs in one thread"):
        CreatingRoute("/planted", creates, status_code=201, methods=["POST"])
