"""Batches as people read them: one batch, its events and results."""

from __future__ import annotations

from collections.abc import Sequence
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
from backend.batches.service import document_text, document_units, fetch_document
from backend.errors import Conflict, NotFound
from backend.ipfs.port import PayloadError
from backend.matching import repository as matching
from backend.matching.service import public_needs
from backend.paging import decode_cursor, encode_cursor
from backend.pay.service import pay_of
from backend.redundancy.book import is_adaptive
from backend.services import Services
from piecework.db.gateway import Draft
from piecework.db.mirror import ChainEvent, MirrorSettlement
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


def manifest(services: Services, batch_id: str, network: str) -> bytes:
    """The pinned bytes. One that was drafted elsewhere is read as a whole at first, which costs `network` more.

    Raises NotFound, Conflict for what is no manifest, TooMany.
    """
    with services.reading() as session:
        row = repository.one(session, batch_id)
        batch, draft = (row[0], row[1]) if row else (None, repository.draft(session, batch_id))
    own = draft.manifest_digest if draft else None
    digest = batch.terms["manifest"] if batch else own
    if digest is None:
        raise NotFound("batch_unknown", f"there is no batch {batch_id}")
    if digest != own and services.whole_manifests.get(digest) is None:
        services.rates.owe(document_units(services, [digest], "manifest"), network=network)
        fetch_document(services, digest, "manifest")
        services.whole_manifests.put(digest, digest.encode())
    return document_text(services, digest, "manifest")


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


def results(services: Services, batch_id: str, network: str) -> bytes:
    """Labels of every settlement so far, as JSON of a ResultsView; a later one replaces an earlier one's label of the
    same task. Reading the files costs `network` what they hold, once for all who ask until there are more.

    Raises NotFound, Conflict, TooMany.
    """
    with services.reading() as session:
        rows = repository.settlements(session, batch_id)
    if not rows:
        raise Conflict("results_not_ready", f"batch {batch_id} has no settlement yet")
    key = (batch_id, *((each.nonce, each.results_digest, each.transaction_hash) for each in rows))
    found = services.results.get(key)
    if found is None:
        units = document_units(services, [each.results_digest for each in rows], "results")
        services.rates.owe(units, network=network)
        view = _results(services, rows)
        found = view.model_dump_json().encode()
        if all(each["answer"] is not None for each in view.revisions):
            services.results.put(key, found)
    return found


def _results(services: Services, rows: Sequence[MirrorSettlement]) -> ResultsView:
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
