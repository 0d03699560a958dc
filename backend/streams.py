"""Tables that are sent while they are made, no faster than the units of whoever reads them last."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice

import anyio
from starlette.concurrency import run_in_threadpool

from backend.services import Services

LINES_AT_A_TIME = 300
LINES_OF_ONE_UNIT = 30


async def paced(services: Services, network: str, lines: Iterator[str]) -> AsyncIterator[str]:
    """`lines`, some hundred at a time, which `network` pays for out of the upper half of its units: the lower one is
    left to what else it asks for. Where there are none, lines wait for them, and hold no thread meanwhile."""
    while True:
        some = await run_in_threadpool(lambda: list(islice(lines, LINES_AT_A_TIME)))
        if some:
            yield "".join(some)
        if len(some) < LINES_AT_A_TIME:
            return
        while wait := services.rates.by_ip.take_spare(network, LINES_AT_A_TIME / LINES_OF_ONE_UNIT):
            await anyio.sleep(wait)
