"""The indexer as a program: follow until told to stop, or once to the head."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from indexer.errors import DatabaseFailed
from indexer.follower import Follower, Step
from indexer.source import LogSource
from piecework.chain.errors import NodeUnreachable
from piecework.chain.rpc import Rpc, RpcError
from piecework.db.engine import open_engine, upgrade

log = structlog.get_logger("indexer")

Progress = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class IndexerSettings:
    """Where to read and where to write."""

    rpc_url: str
    database_url: str
    escrow: str
    credentials: str | None = None
    """The registry of qualifications, if it is to be followed too."""
    start_block: int = 0
    poll_seconds: float = 0.2
    retries: int = 5
    """How often `once` asks a node that does not answer."""


def run_indexer(
    settings: IndexerSettings,
    *,
    once: bool = False,
    stop: threading.Event | None = None,
    progress: Progress | None = None,
) -> None:
    """Follows the escrow until `stop` is set, or with `once` until the head is reached.

    A node that does not answer, or answers with an error, is asked again, ever more slowly; `once` gives up after
    `retries` with NodeUnreachable or RpcError.
    Raises IndexerError or ChainError when going on would be wrong; the database then stands at the last good block.
    """
    stop = stop or threading.Event()
    engine = open_engine(settings.database_url)
    rpc = Rpc(settings.rpc_url)
    try:
        _upgrade(engine)
        follower = Follower(
            engine, LogSource(rpc, settings.escrow, credentials=settings.credentials), start_block=settings.start_block
        )
        failures = 0
        prepared = False
        while not stop.is_set():
            try:
                if not prepared:
                    log.info("indexing", escrow=settings.escrow, from_block=follower.prepare() + 1)
                    prepared, failures = True, 0
                step = follower.step()
            except (NodeUnreachable, RpcError) as error:
                failures += 1
                if once and failures >= settings.retries:
                    raise
                log.warning("node_failed", error=str(error), tries=failures)
                stop.wait(min(10.0, 0.2 * 2 ** min(failures, 6)))
                continue
            failures = 0
            if step.reorganised:
                log.warning("reorg", blocks=step.reorganised, rows=step.undone, back_to=step.block_number)
            elif step.events:
                log.info("indexed", block_number=step.block_number, head=step.head, events=step.events)
            if progress is not None:
                progress(step)
            if step.done:
                if once:
                    return
                stop.wait(settings.poll_seconds)
    finally:
        rpc.close()
        engine.dispose()


def _upgrade(engine: Engine) -> None:
    try:
        upgrade(engine)
    except SQLAlchemyError as error:
        raise DatabaseFailed(error) from error
