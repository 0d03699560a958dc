"""One process of the gateway's search for the benchmark: the real route behind all that guards it, and a trivial one.

`python -m bench.search.serving DATABASE_URL` prints its port and serves until its standard input ends.
"""

from __future__ import annotations

import sys
import threading
from types import SimpleNamespace
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from backend import errors
from backend.app import guard
from backend.search.routes import router
from backend.services import Services
from bench.search.market import NOW
from piecework.db.engine import open_engine

RATES = tuple(f"rate_{what}_by_{who}" for what in ("units_per_second", "burst_units") for who in ("ip", "address"))
ENOUGH = 1e9
"""Rates are counted, and never reached: all load comes from one address."""


class Trivial(BaseModel):
    ok: bool


class FixedClock:
    """The market's time."""

    def now(self) -> int:
        return NOW


def app(database_url: str) -> FastAPI:
    """What `backend.app` puts together, without a chain and its relay."""
    missing: Any = None
    settings: Any = SimpleNamespace(
        explorer_url="https://explorer.example",
        public_url="https://gateway.example",
        trusted_proxies="",
        max_body_bytes=2**20,
        max_small_body_bytes=2**16,
        max_body_seconds=30.0,
        **dict.fromkeys(RATES, ENOUGH),
    )
    clock: Any = FixedClock()
    services = Services(
        settings=settings,
        engine=open_engine(database_url),
        escrow=missing,
        token=missing,
        token_info=missing,
        store=missing,
        assigner=missing,
        outbox=missing,
        clock=clock,
        relayer_address="0x" + "00" * 20,
    )
    services.catalog.prepare()
    built = FastAPI()
    built.state.services = services
    errors.install(built)
    guard(built, services)
    built.include_router(router)

    @built.get("/trivial")
    async def trivial() -> Trivial:
        return Trivial(ok=True)

    return built


def main(database_url: str) -> None:
    config = uvicorn.Config(app(database_url), port=0, log_level="warning", access_log=False)
    server = uvicorn.Server(config)

    def end_with_parent() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=end_with_parent, daemon=True).start()
    socket = config.bind_socket()
    sys.stdout.write(f"{socket.getsockname()[1]}\n")
    sys.stdout.flush()
    server.run([socket])


if __name__ == "__main__":
    main(sys.argv[1])
