"""Keeps the search table and its index in step with the mirror: the only writer of both."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, delete
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backend.schemas import MAX_UNITS
from backend.search import repository, rows
from backend.search.entry import Facts, entry_of
from backend.search.wanted import index_for
from piecework.db.engine import write_engine
from piecework.db.gateway import Draft
from piecework.db.mirror import MirrorBatch
from piecework.db.search import SearchBatch

log = structlog.get_logger("search")

CHUNK = 200
"""Batches written in one transaction."""
_CHUNKS_A_SEARCH = 5
"""What a search takes in before it answers; a new database is filled by the thread that keeps the catalog."""
_LOOK_SECONDS = 0.02
"""So long a search trusts that the mirror has nothing newer."""
_HOUR = 3_600


class Catalog:
    """What can be found. `index` holds the words, the table the rest."""

    def __init__(self, engine: Engine) -> None:
        self.index = index_for(engine.dialect.name)
        self._engine = engine
        self._writer = write_engine(engine)
        self._lock = threading.Lock()
        self._newest = -1
        self._looked_at = 0.0

    def prepare(self) -> None:
        """Creates the index where there is none; it is filled by `reconcile`, and by searches."""
        with Session(self._writer) as session, session.begin():
            if self.index.prepare(session.connection()):
                session.execute(delete(SearchBatch))
            self._newest = rows.newest(session)

    def rebuild(self, now: int) -> int:
        """Forgets everything and builds it again from the mirror; manifests are fetched again bit by bit."""
        with Session(self._writer) as session, session.begin():
            self.index.begin_writing(session.connection())
            self.index.clear(session.connection())
            session.execute(delete(SearchBatch))
        self._newest = -1
        return self.reconcile(now)

    def reconcile(self, now: int) -> int:
        """Compares every row with the mirror: at start and after a reorg."""
        with Session(self._engine) as session:
            batch_ids = rows.differing(session, now)
            known = rows.requesters(session)
            self._newest = max(self._newest, rows.newest(session))
        written = self.refresh(batch_ids, now)
        for requester in known:
            self._spread_record(requester, now)
        return written

    def catch_up(self, connection: Connection, now: int) -> None:
        """Takes in what was opened since, so that a search shows what the mirror shows; a failure leaves it.

        Whether there is anything is asked on the search's own connection. Raises OperationalError where that is lost.
        """
        asked_at = time.monotonic()
        if asked_at - self._looked_at < _LOOK_SECONDS:
            return
        with self._lock:
            if self._looked_at >= asked_at:
                return  # somebody looked while this one waited
            looked_at = time.monotonic()
            is_behind = repository.is_behind(connection, self._newest)
            try:
                for _ in range(_CHUNKS_A_SEARCH if is_behind else 0):
                    fresh = self._opened()
                    if not fresh:
                        break
                    self._write([batch_id for batch_id, _ in fresh], now)
                    self._newest = fresh[-1][1]
            except SQLAlchemyError as error:
                log.error("search_behind", error=type(error).__name__)
            self._looked_at = looked_at

    def refresh(self, batch_ids: Iterable[str], now: int) -> int:
        """Writes the rows of these batches anew where something changed; returns how many were."""
        wanted = sorted(set(batch_ids))
        changed: set[str] = set()
        written = 0
        with self._lock:
            for start in range(0, len(wanted), CHUNK):
                with Session(self._engine) as session:
                    differing = _differing(session, wanted[start : start + CHUNK], now)
                if not differing:
                    continue
                done, requesters = self._write(differing, now)
                written += done
                changed |= requesters
        for requester in sorted(changed):
            self._spread_record(requester, now)
        return written

    def manifest_found(self, batch_id: str, manifest: dict[str, Any] | None, now: int) -> None:
        """Takes the words of a fetched manifest; None for what is no manifest."""
        with Session(self._writer) as session, session.begin():
            self.index.begin_writing(session.connection())
            for row in rows.known(session, [batch_id]):
                row.retry_at = None
                row.source = "manifest" if manifest else row.source if row.title else "unreadable"
                if manifest:
                    _take(row, manifest)
                for batch, _ in rows.batches(session, [batch_id]):
                    if manifest and not row.pay_is_measured:
                        pay = batch.reward_units * _HOUR // manifest["estimated_seconds_per_task"]
                        row.pay_units_per_hour = min(pay, MAX_UNITS)
                    self._index([(row, batch)], session)

    def manifest_missing(self, batch_id: str) -> None:
        """Looks again later, each time later."""
        with Session(self._writer) as session, session.begin():
            for row in rows.known(session, [batch_id]):
                row.attempts += 1
                row.retry_at = time.time() + min(_HOUR, 5 * 2 ** min(row.attempts, 10))

    def set_pay(self, batch_id: str, units_per_hour: int) -> None:
        """What the batch pays an hour by measured times, for the filter."""
        with Session(self._writer) as session, session.begin():
            self.index.begin_writing(session.connection())
            for row in rows.known(session, [batch_id]):
                row.pay_units_per_hour, row.pay_is_measured = units_per_hour, True
                self._index([(row, batch) for batch, _ in rows.batches(session, [batch_id])], session)

    # ------------------------------------------------------------------ inside

    def _opened(self) -> Sequence[Any]:
        with Session(self._engine) as session:
            return rows.opened_after(session, self._newest, CHUNK)

    def _spread_record(self, requester: str, now: int) -> None:
        """Writes the requester's record into all of its rows."""
        while True:
            with Session(self._engine) as session:
                record = rows.records(session, [requester]).get(requester, rows.Record())
                behind = rows.with_older_record(session, requester, record, CHUNK)
            if not behind:
                return
            with self._lock:
                self._write(behind, now)

    def _write(self, batch_ids: Sequence[str], now: int) -> tuple[int, set[str]]:
        """One transaction; the requesters whose record changed."""
        with Session(self._writer) as session, session.begin():
            self.index.begin_writing(session.connection())
            found = rows.batches(session, batch_ids)
            known = {row.batch_id: row for row in rows.known(session, batch_ids)}
            records = rows.records(session, [batch.requester for batch, _ in found])
            here = {batch.batch_id: rows.place_of(batch) for batch, _ in found}
            gone = [row for row in known.values() if here.get(row.batch_id) != row.seq]
            self.index.remove(session.connection(), [row.seq for row in gone])
            for row in gone:
                session.delete(row)
                del known[row.batch_id]
            session.flush()
            changed, requesters = [], set()
            for batch, draft in found:
                record = records.get(batch.requester, rows.Record())
                before = _seen(known[batch.batch_id]) if batch.batch_id in known else None
                row = known.get(batch.batch_id) or _new_row(batch, draft)
                session.add(row)
                row.is_live = _is_live(batch, now)
                row.requester_paid, row.requester_approval_percent = record.paid, record.approval_percent
                if before != _seen(row):
                    changed.append((row, batch))
                    requesters.add(batch.requester)
            self._index(changed, session)
        return len(changed) + len(gone), requesters

    def _index(self, found: Sequence[tuple[SearchBatch, MirrorBatch]], session: Session) -> None:
        session.flush()
        self.index.write(session.connection(), {row.seq: entry_of(_facts(row, batch)) for row, batch in found})


def _new_row(batch: MirrorBatch, draft: Draft | None) -> SearchBatch:
    row = SearchBatch(
        seq=rows.place_of(batch),
        batch_id=batch.batch_id,
        requester=batch.requester,
        manifest=batch.terms["manifest"],
        source="draft" if draft else "none",
        retry_at=0.0,
        attempts=0,
        skills=[],
        languages=[],
        countries=[],
        pay_is_measured=False,
        claim_by=batch.claim_by,
    )
    if draft is not None:
        words = {name: getattr(draft, name) for name in ("title", "instructions", "task_type", "skills", "languages")}
        _take(row, words)
    return row


def _take(row: SearchBatch, manifest: dict[str, Any]) -> None:
    row.title, row.instructions = manifest["title"], manifest["instructions"]
    row.task_type, row.skills, row.languages = manifest["task_type"], manifest["skills"], manifest["languages"]


def _differing(session: Session, batch_ids: Sequence[str], now: int) -> list[str]:
    """Those whose rows are not as the mirror has them; found out before the lock that all writers wait for."""
    found = {batch.batch_id: batch for batch, _ in rows.batches(session, batch_ids)}
    known = {row.batch_id: row for row in rows.known(session, batch_ids)}
    records = rows.records(session, [batch.requester for batch in found.values()])
    differing = [batch_id for batch_id in known if batch_id not in found]
    for batch in found.values():
        record, row = records.get(batch.requester, rows.Record()), known.get(batch.batch_id)
        wanted = _is_live(batch, now), record.paid, record.approval_percent
        if row is None or row.seq != rows.place_of(batch) or _seen(row) != wanted:
            differing.append(batch.batch_id)
    return sorted(differing)


def _is_live(batch: MirrorBatch, now: int) -> bool:
    return batch.closed_at is None and batch.claim_by >= now


def _seen(row: SearchBatch) -> tuple[Any, ...]:
    return row.is_live, row.requester_paid, row.requester_approval_percent


def _facts(row: SearchBatch, batch: MirrorBatch) -> Facts:
    return Facts(
        texts=tuple(text for text in (row.title, row.instructions, *row.skills) if text),
        requester=row.requester,
        reward_units=batch.reward_units,
        task_type=row.task_type,
        skills=tuple(row.skills),
        languages=tuple(row.languages),
        countries=tuple(row.countries),
        pay_units_per_hour=row.pay_units_per_hour,
        requester_paid=row.requester_paid,
        is_live=row.is_live,
    )
