"""Large drafts: a few at a time, and paid for by what they cost.

One of 50,000 tasks takes the processor for seconds. Who waits for a turn waits without a thread, so that all threads
are there for everybody else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio.lowlevel import RunVar

from backend.batches.schemas import DraftBody
from backend.errors import Unavailable
from backend.services import Services

SMALL = 1_000
"""Tasks; a draft of at most so many here is worked on at once."""
AT_A_TIME = 2
MOST_WAITING = 16
TASKS_OF_ONE_UNIT = 100
_RETRY_SECONDS = 10
_turns: RunVar[anyio.Semaphore] = RunVar("large_drafts")


@asynccontextmanager
async def _turn() -> AsyncIterator[None]:
    try:
        turns = _turns.get()
    except LookupError:
        _turns.set(turns := anyio.Semaphore(AT_A_TIME))
    if turns.statistics().tasks_waiting >= MOST_WAITING:
        detail = f"{MOST_WAITING} large batches wait to be drafted here: send yours again in {_RETRY_SECONDS} seconds"
        raise Unavailable("drafts_waiting", detail, retry_after_seconds=_RETRY_SECONDS)
    async with turns:
        yield


async def in_turn() -> AsyncIterator[None]:
    """Around work that may be large. Raises Unavailable where too many wait already."""
    async with _turn():
        yield


async def if_large(body: DraftBody) -> AsyncIterator[None]:
    """Around the work on a draft. Raises as `in_turn`."""
    if body.tasks_upload is None and len(body.tasks or ()) <= SMALL:
        yield
    else:
        async with _turn():
            yield


def charge(services: Services, requester: str, network: str, tasks: int) -> None:
    """What that many tasks cost beside the request itself, uploaded or drafted. Raises TooMany with the seconds to
    wait."""
    cost = tasks // TASKS_OF_ONE_UNIT
    services.rates.charge_network(network, cost)
    services.rates.charge_address(requester, cost)
