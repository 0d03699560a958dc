"""Batches as people read them: one batch, its events and results."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from backend.batches import repository
from backend.batches.schemas import (
    BatchView,
    EventPage,
    EventView,
    Progress,
    ResultsView,
    SettlementView,
)
from backend.batches.service import fetch_document
from backend.errors import Conflict, NotFound
from backend.ipfs.port import PayloadError
from backend.matching import repository as matching
from backend.matching.service import public_needs
from backend.paging import decode_cursor, encode_cursor
from backend.pay.service import pay_of
from backend.redundancy.book import is_adaptive
from backend.services import Services
from piecework.db.gateway import Draft
from piecework.db.mirror import ChainEvent
from piecework.domain.cid import cid_of_digest


def view(services: Services, batch_id: str) -> BatchView:
    with services.reading() as session:
        row = repository.one(session, batch_id)
        if row is None:
            raise NotFound("batch_unknown", f"the mirror has no batch {batch_id}: is it funded, and indexed yet?")
        batch, draft = row
        needs = public_needs(matching.needs(session, batch_id))
        pay = pay_of(services, session, batch)
        progress = _progress(services, session, draft) if draft else Progress(tasks=None, tasks_complete=None)
    return BatchView(
        **fields(services, batch, draft, services.clock.now()),
        instructions=draft.instructions if draft else None,
        answer_schema=draft.answer_schema if draft else None,
        terms=batch.terms,
        salt=batch.salt,
        manifest_cid=cid_of_digest(batch.terms["manifest"]),
        manifest_versions=batch.manifest_versions,
        settlements=batch.settlements,
        locked_units=batch.locked_units,
        review=draft.review if draft else None,
        needs=needs,
        pay=pay,
        pay_per_hour_units=pay.pay_per_hour_units,
        progress=progress,
    )


def _progress(services: Services, session: Session, draft: Draft) -> Progress:
    complete = repository.complete_tasks(session, draft.batch_id, draft.answers_per_task)
    if not is_adaptive(draft):
        return Progress(tasks=draft.tasks, tasks_complete=complete)
    with services.asking.room(session, draft) as room:
        stops = room.stops()
    return Progress(tasks=draft.tasks, tasks_complete=complete + stops.at_target, answers_saved=stops.answers_saved)


def manifest(services: Services, batch_id: str) -> dict[str, Any]:
    with services.reading() as session:
        row = repository.one(session, batch_id)
        digest = row[0].terms["manifest"] if row else None
        if digest is None:
            draft = repository.draft(session, batch_id)
            digest = draft.manifest_digest if draft else None
    if digest is None:
        raise NotFound("batch_unknown", f"there is no batch {batch_id}")
    return fetch_document(services, digest, "manifest")


def events(services: Services, batch_id: str, cursor: str | None, limit: int) -> EventPage:
    with services.reading() as session:
        rows = repository.events(session, batch_id, decode_cursor(cursor, (int, int)), limit)
    items = [event_view(services, row) for row in rows]
    last = encode_cursor((rows[-1].block_number, rows[-1].log_index)) if len(rows) == limit else None
    return EventPage(items=items, next_cursor=last)


def event_view(services: Services, row: ChainEvent) -> EventView:
    """One event of the mirror, with its explorer's address."""
    return EventView(
        name=row.name,
        args=row.args,
        block_number=row.block_number,
        log_index=row.log_index,
        block_timestamp=row.block_timestamp,
        transaction_hash=row.transaction_hash,
        explorer_url=services.transaction_url(row.transaction_hash),
    )


def results(services: Services, batch_id: str) -> ResultsView:
    """Labels of every settlement so far; a later one replaces an earlier one's label of the same task."""
    with services.reading() as session:
        rows = repository.settlements(session, batch_id)
    if not rows:
        raise Conflict("results_not_ready", f"batch {batch_id} has no settlement yet")
    labels: dict[str, dict[str, Any]] = {}
    better: list[dict[str, Any]] = []
    for row in rows:
        document = fetch_document(services, row.results_digest, "results")
        labels.update({label["task"]: label for label in document["labels"]})
        better += [_better(services, item) for item in document["decisions"] if "revision" in item]
    return ResultsView(
        settlements=[
            SettlementView(
                nonce=row.nonce,
                results_digest=row.results_digest,
                results_cid=cid_of_digest(row.results_digest),
                transaction_hash=row.transaction_hash,
            )
            for row in rows
        ],
        labels=list(labels.values()),
        revisions=better,
    )


def _better(services: Services, decision: dict[str, Any]) -> dict[str, Any]:
    """The better answer that a decision names; None for one whose file cannot be read: labels do not rest on it."""
    named = {name: decision[name] for name in ("task", "worker", "submission", "revision")}
    try:
        return named | {"answer": fetch_document(services, decision["revision"], "revision")["answer"]}
    except (Conflict, PayloadError):
        return named | {"answer": None}


def fields(services: Services, batch: Any, words: Any, now: int) -> dict[str, Any]:
    """A line of a list; `batch` has the mirror's columns, `words` the title and its like, if they are known."""
    is_open = batch.closed_at is None and batch.claim_by >= now and batch.free > 0
    return {
        "batch_id": batch.batch_id,
        "requester": batch.requester,
        "title": words.title if words else None,
        "task_type": words.task_type if words else None,
        "reward_units": batch.reward_units,
        "status": "open" if is_open else "ended",
        "assignments": batch.funded,
        "free": batch.free,
        "claimed": batch.claimed,
        "submitted": batch.submitted,
        "contestable": batch.contestable,
        "disputed": batch.disputed,
        "accepted": batch.accepted,
        "refunded": batch.refunded,
        "claim_by": batch.claim_by,
        "opened_at": batch.opened_at,
        "opened_block": batch.opened_block,
        "skills": words.skills if words else [],
        "languages": words.languages if words else [],
        "transaction_hash": batch.opened_transaction,
        "explorer_url": services.transaction_url(batch.opened_transaction),
    }
