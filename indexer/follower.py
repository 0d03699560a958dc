"""Follows one escrow, and one registry of qualifications if given.

Each step fetches a range, applies it and moves the checkpoint, all or nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from indexer.errors import (
    DatabaseFailed,
    HandlerFailed,
    NodeInconsistent,
    ReorgTooDeep,
    StartBlockAhead,
    TwoWriters,
    WrongDatabase,
)
from indexer.handlers import credentials
from indexer.handlers.task_escrow import HANDLERS, Handler
from indexer.mirror import Mirror, undo_above
from indexer.source import ChainMoved, Header, LogSource
from piecework.chain.logs import DecodedEvent
from piecework.db.engine import write_engine
from piecework.db.mirror import ChainEvent, Checkpoint, IndexedBlock, UndoEntry

UNDO_BLOCKS = 1_024
"""Blocks below the head that can be undone."""
_TRIES = 40
_PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did. `undone` counts rows taken back; `reorganised` blocks that had been indexed."""

    block_number: int
    head: int
    events: int
    undone: int = 0
    reorganised: int = 0

    @property
    def done(self) -> bool:
        return self.block_number >= self.head


class Follower:
    """Applies the contracts' events to a database that nobody else mirrors into. `handlers` are the escrow's."""

    def __init__(
        self,
        engine: Engine,
        source: LogSource,
        *,
        start_block: int = 0,
        undo_blocks: int = UNDO_BLOCKS,
        handlers: dict[str, Handler] | None = None,
    ) -> None:
        self._engine = write_engine(engine)
        self._source = source
        self._start_block = start_block
        self._undo_blocks = undo_blocks
        self._handlers = {source.escrow.lower(): HANDLERS if handlers is None else handlers}
        if source.credentials is not None:
            self._handlers[source.credentials.lower()] = credentials.HANDLERS

    def prepare(self) -> int:
        """Checks that node, escrow and database belong together; returns the checkpoint's block.

        Raises ContractMissing, WrongDatabase, StartBlockAhead or DatabaseFailed.
        """
        self._source.check_contract()
        chain_id = self._source.rpc.chain_id()
        genesis = self._source.header(0)
        before = self._source.header(max(0, self._start_block - 1))
        genesis_hash = genesis.block_hash if genesis else ""
        try:
            with self._engine.begin() as connection:
                point = connection.execute(select(Checkpoint)).first()
                if point is None:
                    if before is None:
                        raise StartBlockAhead(self._start_block)
                    self._begin(connection, chain_id, genesis_hash, before)
                    return before.block_number
        except SQLAlchemyError as error:
            raise DatabaseFailed(error) from error
        expected = (
            ("chain", chain_id),
            ("genesis block", genesis_hash),
            ("escrow", self._source.escrow),
            ("credentials", self._source.credentials),
        )
        found = (point.chain_id, point.genesis_hash, point.contract, point.credentials)
        for (what, wanted), have in zip(expected, found, strict=True):
            if wanted != have:
                raise WrongDatabase(what, wanted, have)
        return int(point.block_number)

    def _begin(self, connection: Connection, chain_id: int, genesis_hash: str, before: Header) -> None:
        point = {
            "contract": self._source.escrow,
            "credentials": self._source.credentials,
            "chain_id": chain_id,
            "genesis_hash": genesis_hash,
            "start_block": self._start_block,
            "block_number": before.block_number,
            "block_hash": before.block_hash,
            "block_timestamp": before.timestamp,
        }
        connection.execute(insert(Checkpoint), [point])
        connection.execute(insert(IndexedBlock), [_indexed(before)])

    def step(self) -> Step:
        """Goes one range further, or back to where the chain parted.

        Raises HandlerFailed, ReorgTooDeep, NodeInconsistent, TwoWriters, DatabaseFailed, UndecodableLog, and what the
        node raises; then nothing changed.
        """
        why = ""
        for _ in range(_TRIES):
            try:
                return self._step()
            except ChainMoved as moved:
                why = str(moved)
                time.sleep(_PAUSE_SECONDS)
            except SQLAlchemyError as error:
                raise DatabaseFailed(error) from error
        raise NodeInconsistent(_TRIES, why)

    def _step(self) -> Step:
        head = self._source.header("latest")
        if head is None:
            raise ChainMoved("there is no latest block")
        with self._engine.connect() as connection:
            point = connection.execute(select(Checkpoint)).one()
        canonical = self._source.header(point.block_number)
        if canonical is None or canonical.block_hash != point.block_hash:
            return self._go_back(point, head)
        if point.block_number >= head.block_number:
            return Step(point.block_number, head.block_number, 0)
        first = point.block_number + 1
        last, events = self._source.events(first, head.block_number)
        undo_from = head.block_number - self._undo_blocks
        wanted = {event.block_number for event in events} | {last} | set(range(max(first, undo_from), last + 1))
        headers = self._source.headers(wanted)
        _check_chain(headers, events, point.block_number, point.block_hash)
        with self._engine.begin() as connection:
            _move_checkpoint(connection, point, headers[last])
            self._apply(connection, events, headers, undo_from)
            kept = [_indexed(header) for number, header in headers.items() if number >= undo_from or number == last]
            connection.execute(insert(IndexedBlock), kept)
            connection.execute(delete(UndoEntry).where(UndoEntry.block_number < undo_from))
            connection.execute(delete(IndexedBlock).where(IndexedBlock.block_number < min(undo_from, last)))
        return Step(last, head.block_number, len(events))

    def _apply(
        self, connection: Connection, events: list[DecodedEvent], headers: dict[int, Header], undo_from: int
    ) -> None:
        mirror = Mirror(connection)
        for event in events:
            timestamp = headers[event.block_number].timestamp
            mirror.begin_block(event.block_number, record_undo=event.block_number >= undo_from)
            try:
                self._handlers[event.contract.lower()][event.name](mirror, event, timestamp)
                mirror.put(ChainEvent, _raw(event, timestamp))
            except SQLAlchemyError:
                raise
            except Exception as error:
                raise HandlerFailed(event, error) from error
        mirror.flush()

    def _go_back(self, point: Row[Any], head: Header) -> Step:
        """Finds the newest indexed block that is still canonical and undoes what lies above it."""
        with self._engine.connect() as connection:
            newest_first = select(IndexedBlock).order_by(IndexedBlock.block_number.desc())
            blocks = connection.execute(newest_first).all()
        for block in blocks:
            header = self._source.header(block.block_number) if block.block_number <= head.block_number else None
            if header is not None and header.block_hash == block.block_hash:
                return self._undo(point, header, head)
        raise ReorgTooDeep(point.block_number, self._undo_blocks)

    def _undo(self, point: Row[Any], ancestor: Header, head: Header) -> Step:
        with self._engine.begin() as connection:
            _move_checkpoint(connection, point, ancestor)
            above = IndexedBlock.block_number > ancestor.block_number
            count = connection.execute(select(func.count()).select_from(IndexedBlock).where(above)).scalar_one()
            rows = undo_above(connection, ancestor.block_number)
            connection.execute(delete(IndexedBlock).where(above))
        return Step(ancestor.block_number, head.block_number, 0, undone=rows, reorganised=count)


def _check_chain(headers: dict[int, Header], events: list[DecodedEvent], checkpoint: int, checkpoint_hash: str) -> None:
    """Raises ChainMoved unless headers, logs and checkpoint are of one chain."""
    known = {checkpoint: checkpoint_hash} | {number: header.block_hash for number, header in headers.items()}
    for number, header in headers.items():
        if number - 1 in known and known[number - 1] != header.parent_hash:
            raise ChainMoved(f"block {number} has another parent")
    if any(headers[event.block_number].block_hash != event.block_hash for event in events):
        raise ChainMoved("logs are of other blocks than the headers")


def _move_checkpoint(connection: Connection, old: Row[Any], new: Header) -> None:
    """First write of every transaction: whoever finds the checkpoint elsewhere writes nothing. Raises TwoWriters."""
    unmoved = Checkpoint.block_number == old.block_number, Checkpoint.block_hash == old.block_hash
    moved = connection.execute(
        update(Checkpoint)
        .where(*unmoved)
        .values(block_number=new.block_number, block_hash=new.block_hash, block_timestamp=new.timestamp)
    )
    if moved.rowcount != 1:
        raise TwoWriters(old.block_number)


def _indexed(header: Header) -> dict[str, object]:
    return {
        "block_number": header.block_number,
        "block_hash": header.block_hash,
        "parent_hash": header.parent_hash,
    }


def _raw(event: DecodedEvent, timestamp: int) -> dict[str, object]:
    return {
        "block_number": event.block_number,
        "log_index": event.log_index,
        "block_hash": event.block_hash,
        "block_timestamp": timestamp,
        "transaction_hash": event.transaction_hash,
        "contract": event.contract,
        "name": event.name,
        "batch_id": event.batch_id,
        "account": event.account,
        "args": event.json_args(),
    }
