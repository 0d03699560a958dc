"""Large drafts: a few at a time, and paid for by what they cost.

One of 50,000 tasks takes the processor for seconds. Who waits for a turn waits without a thread, so that all threads
are there for everybody else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio.lowlevel import RunVar
from fastapi import Request
from starlette.concurrency import run_in_threadpool

from backend.batches import repository
from backend.batches.schemas import DraftBody
from backend.clients import network_of
from backend.dependencies import SignedIn, TheServices
from backend.errors import TooMany, Unavailable
from backend.schemas import DigestText
from backend.services import Services

SMALL = 1_000
"""Tasks; a draft of at most so many here is worked on at once."""
SMALL_BYTES = 1_048_576
"""Of its body."""
AT_A_TIME = 2
MOST_WAITING = 16
MOST_OF_ONE = 2
"""Large drafts of one address that wait or are worked on."""
MOST_OF_A_NETWORK = 8
TASKS_OF_ONE_UNIT = 100
_RETRY_SECONDS = 10


class _Turns:
    def __init__(self) -> None:
        self.free = anyio.Semaphore(AT_A_TIME)
        self.held: Counter[str] = Counter()
        self.inside = 0

    @asynccontextmanager
    async def taking(self, address: str, network: str) -> AsyncIterator[None]:
        """A turn, once there is one. Raises TooMany and Unavailable."""
        if self.held[address] >= MOST_OF_ONE or self.held[network] >= MOST_OF_A_NETWORK:
            detail = f"large batches of yours are being drafted: send this again in {_RETRY_SECONDS} seconds"
            raise TooMany("drafts_under_way", detail, retry_after_seconds=_RETRY_SECONDS)
        if self.inside >= AT_A_TIME + MOST_WAITING:
            detail = f"{MOST_WAITING} large batches wait to be drafted: send yours again in {_RETRY_SECONDS} seconds"
            raise Unavailable("drafts_waiting", detail, retry_after_seconds=_RETRY_SECONDS)
        self.inside += 1
        self.held.update((address, network))
        try:
            async with self.free:
                yield
        finally:
            self.inside -= 1
            self.held -= Counter((address, network))  # and what is at none is gone


_turns: RunVar[_Turns] = RunVar("large_drafts")


@asynccontextmanager
async def _turn(request: Request, requester: str, *, is_large: bool) -> AsyncIterator[None]:
    if not is_large:
        yield
        return
    try:
        turns = _turns.get()
    except LookupError:
        _turns.set(turns := _Turns())
    async with turns.taking(requester, network_of(request.scope)):
        yield


async def if_large(request: Request, requester: SignedIn, body: DraftBody) -> AsyncIterator[None]:
    """Around the work on a draft. Raises TooMany and Unavailable."""
    is_large = body.tasks_upload is not None or len(body.tasks or ()) > SMALL
    is_large = is_large or len(await request.body()) > SMALL_BYTES
    async with _turn(request, requester, is_large=is_large):
        yield


async def if_of_many(
    request: Request, requester: SignedIn, batch_id: DigestText, services: TheServices
) -> AsyncIterator[None]:
    """Around the work on a review batch, which has a task for each answer of its batch. Raises as `if_large`."""

    def answers() -> int:
        with services.reading() as session:
            draft = repository.draft(session, batch_id)
        return draft.tasks * draft.answers_per_task if draft is not None else 0

    async with _turn(request, requester, is_large=await run_in_threadpool(answers) > SMALL):
        yield


def charge(services: Services, requester: str, network: str, tasks: int) -> None:
    """What that many tasks cost beside the request itself, uploaded or drafted. Raises TooMany for who is in debt."""
    services.rates.owe(tasks // TASKS_OF_ONE_UNIT, network=network, address=requester)
