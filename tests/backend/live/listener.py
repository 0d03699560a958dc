"""A gateway on a real socket over rows that the test writes as the indexer does, and clients that listen to it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import httpx2
import uvicorn
from fastapi import APIRouter, FastAPI
from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from backend import errors
from backend.live.hub import Hub
from backend.live.routes import router
from backend.live.seats import Seats
from backend.services import Services
from piecework.db.mirror import ChainEvent
from scripts.serve import Server

SETTINGS = {"live_poll_seconds": 0.02, "live_heartbeat_seconds": 5.0, "live_stream_seconds": 60.0}


@dataclass
class Room:
    """A running gateway that knows live streams alone."""

    url: str
    engine: Engine
    server: Server
    thread: threading.Thread
    hub: Hub
    seats: Seats

    def happens(self, block: int, log: int = 0, *, branch: str = "a", **changes: Any) -> str:
        """Writes an event as the indexer does; returns its id. `branch` changes the block's hash."""
        mark = f"{block:015x}{branch}"
        values = {"name": "Claimed", "batch_id": batch_id(1), "account": address(1), "args": {"n": block}} | changes
        row = ChainEvent(
            block_number=block,
            log_index=log,
            block_hash="0x" + mark + "0" * 48,
            block_timestamp=1_700_000_000 + block,
            transaction_hash="0x" + "00" * 32,
            contract=address(99),
            **values,
        )
        with Session(self.engine) as session, session.begin():
            session.add(row)
        return f"{block}-{log}-{mark}"

    def is_undone_from(self, block: int) -> None:
        """A reorg took back every event from that block on."""
        with Session(self.engine) as session, session.begin():
            session.execute(delete(ChainEvent).where(ChainEvent.block_number >= block))

    @contextmanager
    def listening(self, path: str, last_event_id: str | None = None, token: str = "") -> Iterator[Messages]:
        """The messages of a stream, as they come."""
        headers = {"last-event-id": last_event_id} if last_event_id else {}
        headers |= {"authorization": f"Bearer {token}"} if token else {}
        with (
            httpx2.Client(base_url=self.url, timeout=30) as client,
            client.stream("GET", "/v1/live" + path, headers=headers) as answer,
        ):
            if answer.status_code != 200:
                answer.read()
            yield Messages(answer, answer.iter_lines() if answer.status_code == 200 else iter(()))

    def get(self, path: str, token: str) -> httpx2.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx2.get(self.url + path, headers=headers, timeout=30)


@dataclass
class Messages:
    """What a client of server-sent events reads."""

    answer: httpx2.Response
    lines: Iterator[str]
    comments: list[str] = field(default_factory=list)

    def next(self) -> tuple[str, Any, str | None]:
        """`(event, data, id)` of the next message."""
        found: dict[str, str] = {}
        for line in self.lines:
            if line.startswith(":"):
                self.comments.append(line)
            elif line:
                name, _, value = line.partition(": ")
                found[name] = value
            elif found:
                return found["event"], json.loads(found["data"]), found.get("id")
        raise EOFError

    def rest(self) -> list[tuple[str, Any, str | None]]:
        """Every message to the end of the stream."""
        found = []
        while True:
            try:
                found.append(self.next())
            except EOFError:
                return found


@contextmanager
def open_room(
    engine: Engine, *, total: int = 50, each: int = 20, routers: Sequence[APIRouter] = (), **changes: Any
) -> Iterator[Room]:
    """On a free port, until the end of the block; with `routers` beside live streams."""
    nothing: Any = None
    settings: Any = SimpleNamespace(**(SETTINGS | changes))
    services = Services(settings, engine, nothing, nothing, nothing, nothing, nothing, nothing, nothing, address(0))
    app = FastAPI()
    hub, seats = Hub(services), Seats(total, each)
    app.state.services, app.state.hub, app.state.seats = services, hub, seats
    errors.install(app)
    for each_router in (router, *routers):
        app.include_router(each_router)
    app.router.lifespan_context = lambda _: following(hub)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False)
    server = Server(config)
    socket = config.bind_socket()
    thread = threading.Thread(target=server.run, args=([socket],), daemon=True)
    thread.start()
    port = socket.getsockname()[1]
    deadline = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive() and time.monotonic() < deadline, "the server did not start"
        time.sleep(0.005)
    try:
        yield Room(f"http://127.0.0.1:{port}", engine, server, thread, hub, seats)
    finally:
        server.handle_exit(2, None)
        thread.join()
        socket.close()


class following:  # noqa: N801 - used like a function
    """The hub's task for the time of the application."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def __aenter__(self) -> None:
        import asyncio

        self._task = asyncio.create_task(self._hub.run())

    async def __aexit__(self, *_: object) -> None:
        import asyncio

        self._hub.close()
        self._task.cancel()
        # A look that is under way ends before the engine is disposed of.
        await asyncio.gather(self._task, return_exceptions=True)


def batch_id(number: int) -> str:
    return f"0x{number:064x}"


def address(number: int) -> str:
    return f"0x{number:040x}"
