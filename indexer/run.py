"""The indexer as a program: follow until told to stop, or once to the head."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from indexer.errors import DatabaseFailed, IndexedElsewhere, TwoWriters
from indexer.follower import Follower, Step
from indexer.source import LogSource
from piecework.chain.errors import NodeUnreachable
from piecework.chain.rpc import Rpc, RpcError
from piecework.db.engine import open_engine, upgrade
from piecework.db.ownership import Ownership

log = structlog.get_logger("indexer")

_OWNER_SECONDS = 0.5

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

    Of several processes on one database one writes, and the others wait for it to end: then one of them goes on where
    it stopped. With `once` nobody waits: raises IndexedElsewhere.
    A node that does not answer, or answers with an error, is asked again, ever more slowly; `once` gives up after
    `retries` with NodeUnreachable or RpcError.
    Raises IndexerError or ChainError when going on would be wrong; the database then stands at the last good block.
    """
    stop = stop or threading.Event()
    engine = open_engine(settings.database_url)
    ownership = Ownership(engine, f"indexer-{settings.escrow}")
    rpc = Rpc(settings.rpc_url)
    try:
        _upgrade(engine)
        follower = Follower(
            engine, LogSource(rpc, settings.escrow, credentials=settings.credentials), start_block=settings.start_block
        )
        failures = 0
        prepared = False
        while not stop.is_set():
            if not _owns(ownership):
                if once:
                    raise IndexedElsewhere
                prepared = False
                _wait_for_turn(ownership, stop)
                continue
            try:
                if not prepared:
                    log.info("indexing", escrow=settings.escrow, from_block=follower.prepare() + 1)
                    prepared, failures = True, 0
                step = follower.step()
            except TwoWriters:
                if once or ownership.is_held():
                    raise
                continue  # the lock went with its connection, and another took over
            except (NodeUnreachable, RpcError) as error:
                failures += 1
                if once and failures >= settings.retries:
                    raise
                log.warning("node_failed", error=str(error), tries=failures)
                stop.wait(min(10.0, 0.2 * 2 ** min(failures, 6)))
                continue
            failures = 0
            _tell(step)
            if progress is not None:
                progress(step)
            if step.done:
                if once:
                    return
                stop.wait(settings.poll_seconds)
    finally:
        ownership.release()
        rpc.close()
        engine.dispose()


def _owns(ownership: Ownership) -> bool:
    try:
        return ownership.is_held() or ownership.acquire()
    except SQLAlchemyError as error:
        raise DatabaseFailed(error) from error


def _wait_for_turn(ownership: Ownership, stop: threading.Event) -> None:
    log.info("another_process_indexes")
    while not stop.wait(_OWNER_SECONDS) and not _owns(ownership):
        pass


def _tell(step: Step) -> None:
    if step.reorganised:
        log.warning("reorg", blocks=step.reorganised, rows=step.undone, back_to=step.block_number)
    elif step.events:
        log.info("indexed", block_number=step.block_number, head=step.head, events=step.events)


def _upgrade(engine: Engine) -> None:
    try:
        upgrade(engine)
    except SQLAlchemyError as error:
        raise DatabaseFailed(error) from error
