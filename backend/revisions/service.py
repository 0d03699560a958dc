"""Asking for a better answer, giving it, leaving it. Nothing here moves money, stops a window or changes a submission.

A better answer is what its worker told this gateway under its own sign-in. The chain keeps the digest of what was
submitted; the results file that decides it names the better answer's file too, so that everybody can read both.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from backend.errors import Conflict, Invalid, NotFound
from backend.notices.telling import tell
from backend.paging import decode_cursor, encode_cursor
from backend.reviews.repository import locked_draft
from backend.reviews.service import require_reviewer
from backend.reviews.undecided import Undecided, answers_of
from backend.revisions import repository
from backend.revisions.schemas import (
    OwnRevisionList,
    OwnRevisionView,
    RevisionIn,
    RevisionList,
    RevisionState,
    RevisionView,
)
from backend.services import Services
from backend.waiting.store import keep_named
from piecework.db.gateway import Draft
from piecework.db.revisions import Revision
from piecework.domain import documents
from piecework.domain.answers import AnswerInvalid, check_answer
from piecework.domain.canonical import NotCanonical, new_salt, read_back
from piecework.domain.task_types import AnswerRefused, check_task_answer

MAX_REQUESTS = 3
"""About one answer."""
_FILES = 10
"""That an answer can name and so keep."""

Waiting = dict[tuple[str, str], Undecided]


def ask(services: Services, address: str, batch_id: str, wanted: RevisionIn) -> RevisionView:
    """A reviewer or the requester asks. Raises Conflict if the answer waits for no decision, or is asked about."""
    if not wanted.reason.strip():
        raise Invalid("reason_missing", "say what would make the answer better")
    now = services.clock.now()
    with services.reading() as session:
        require_reviewer(services, session, batch_id, address)
    with services.writing() as session:
        if locked_draft(session, batch_id) is None:
            raise Conflict("answers_elsewhere", f"the answers of batch {batch_id} are not with this gateway")
        found = _decidable(session, batch_id, wanted.task, wanted.worker, now)
        earlier = repository.of_answer(session, batch_id, wanted.task, wanted.worker)
        if any(row.state == "open" for row in earlier):
            raise Conflict(
                "revision_open", f"{wanted.worker} was asked about {wanted.task} already: wait for the answer"
            )
        if len(earlier) >= MAX_REQUESTS:
            raise Conflict("too_many_revisions", f"an answer is asked about {MAX_REQUESTS} times at most: decide it")
        row = Revision(
            revision_id=secrets.token_hex(16),
            batch_id=batch_id,
            assignment_id=found.assignment.assignment_id,
            task_id=wanted.task,
            worker=wanted.worker,
            submission=str(found.assignment.work_digest),
            asked_by=address,
            reason=wanted.reason.strip(),
            state="open",
            asked_at=int(time.time() * 1_000) / 1_000,
        )
        session.add(row)
        session.flush()
        told: dict[str, Any] = {"revision_id": row.revision_id, "task": row.task_id, "reason": row.reason}
        told["review_ends_at"] = found.review_end
        tell(session, [row.worker], "RevisionAsked", batch_id, told, once=row.revision_id)
        return _view(row, {(row.task_id, row.worker): found}, now)


def answer(services: Services, worker: str, revision_id: str, given: Any) -> RevisionView:
    """The worker's better answer, once, as long as the one on chain can still be decided."""
    now = services.clock.now()
    with services.reading() as session:
        _open(session, worker, revision_id, now)
    keep_named(services.store, json.dumps(given).encode(), _FILES)
    with services.writing() as session:
        row, draft, found = _open(session, worker, revision_id, now)
        content = repository.task(session, row.batch_id, row.task_id)
        assert content is not None  # noqa: S101 - it was answered
        try:
            check_answer(given, draft.answer_schema)
            check_task_answer(draft.task_type, content.content, given, draft.answer_schema)
        except (AnswerInvalid, AnswerRefused) as error:
            raise Invalid("answer_invalid", f"the answer to {row.task_id} does not fit: {error}") from error
        document = {
            "format": documents.format_name("revision"),
            "salt": new_salt(),
            "batch_id": row.batch_id,
            "worker": worker,
            "submission": row.submission,
            "task": row.task_id,
            "reason": row.reason,
            "answer": given,
        }
        try:
            packed = documents.pack(document, "revision")
            row.document, row.digest = read_back(document), packed.digest
        except NotCanonical as error:
            raise Invalid("document_refused", str(error)) from error
        if len(packed.blocks) > 1:
            raise Invalid("answers_too_large", f"the answer has more than {documents.MAX_BLOCK_BYTES} bytes")
        return _end(session, row, "answered", found, now)


def decline(services: Services, worker: str, revision_id: str) -> RevisionView:
    """The worker stays with what it submitted."""
    now = services.clock.now()
    with services.writing() as session:
        row, _, found = _open(session, worker, revision_id, now)
        return _end(session, row, "declined", found, now)


def of_batch(services: Services, address: str, batch_id: str, cursor: str | None, limit: int) -> RevisionList:
    """For the batch's reviewers and requester, newest first."""
    now, key = services.clock.now(), decode_cursor(cursor, (int, str))
    with services.reading() as session:
        require_reviewer(services, session, batch_id, address)
        rows = repository.page(session, key, limit + 1, batch_id=batch_id)
        waiting = _waiting(session, batch_id) if rows else {}
        items = [_view(row, waiting, now) for row in rows[:limit]]
    return RevisionList(items=items, next_cursor=_cursor(rows, limit))


def own(services: Services, worker: str, cursor: str | None, limit: int) -> OwnRevisionList:
    """What a worker was asked, newest first."""
    now, key = services.clock.now(), decode_cursor(cursor, (int, str))
    with services.reading() as session:
        rows = repository.page(session, key, limit + 1, worker=worker)
        waiting = {batch_id: _waiting(session, batch_id) for batch_id in {row.batch_id for row in rows[:limit]}}
        items = [_own_view(session, row, waiting[row.batch_id], now) for row in rows[:limit]]
    return OwnRevisionList(items=items, next_cursor=_cursor(rows, limit))


def own_one(services: Services, worker: str, revision_id: str) -> OwnRevisionView:
    now = services.clock.now()
    with services.reading() as session:
        row = _own(session, worker, revision_id)
        return _own_view(session, row, _waiting(session, row.batch_id), now)


@dataclass(frozen=True, slots=True)
class Newest:
    """Of each answer the newest request, as reviewers see it."""

    rows: dict[tuple[str, str], Revision]
    waiting: Waiting
    now: int

    def of(self, task: str, worker: str) -> RevisionView | None:
        row = self.rows.get((task, worker))
        return _view(row, self.waiting, self.now) if row else None


def newest(session: Session, batch_id: str, assignment_ids: Sequence[str], now: int) -> Newest:
    rows = repository.newest_by_answer(session, batch_id, assignment_ids)
    return Newest(rows, _waiting(session, batch_id) if rows else {}, now)


def _waiting(session: Session, batch_id: str) -> Waiting:
    return {(item.task, item.worker): item for item in answers_of(session, batch_id).undecided}


def _decidable(session: Session, batch_id: str, task: str, worker: str, now: int) -> Undecided:
    """The answer on chain, if reviewers can still decide it and are not doing so. Raises Conflict."""
    found = _waiting(session, batch_id).get((task, worker))
    if found is None:
        raise Conflict("nothing_to_decide", f"{worker} has no answer to task {task} that waits for a decision")
    if found.review_end < now:
        raise Conflict("review_over", f"the review window ended at {found.review_end}, it is {now}: silence pays")
    if repository.is_being_decided(session, batch_id, task, worker):
        raise Conflict("decision_under_way", f"reviewers are signing a decision about the answer to {task}")
    return found


def _own(session: Session, worker: str, revision_id: str) -> Revision:
    row = repository.revision(session, revision_id)
    if row is None or row.worker != worker:
        raise NotFound("revision_unknown", f"nobody asked this worker for revision {revision_id}")
    return row


def _open(session: Session, worker: str, revision_id: str, now: int) -> tuple[Revision, Draft, Undecided]:
    row = _own(session, worker, revision_id)
    draft = locked_draft(session, row.batch_id)
    assert draft is not None  # noqa: S101 - asked for in a draft alone
    session.refresh(row)  # somebody may have ended it before we had the lock
    if row.state != "open":
        raise Conflict(f"revision_{row.state}", f"revision {revision_id} is {row.state} already")
    return row, draft, _decidable(session, row.batch_id, row.task_id, worker, now)


def _end(session: Session, row: Revision, state: str, found: Undecided, now: int) -> RevisionView:
    row.state, row.ended_at = state, time.time()
    session.flush()
    batch = repository.batch(session, row.batch_id)
    recipients = [row.asked_by, *([batch.requester] if batch else [])]
    told: dict[str, Any] = {"revision_id": row.revision_id, "task": row.task_id, "worker": row.worker}
    told["review_ends_at"] = found.review_end
    name = "RevisionAnswered" if state == "answered" else "RevisionDeclined"
    tell(session, recipients, name, row.batch_id, told, once=row.revision_id)
    return _view(row, {(row.task_id, row.worker): found}, now)


def _view(row: Revision, waiting: Waiting, now: int) -> RevisionView:
    return RevisionView.model_validate(_fields(row, waiting, now))


def _own_view(session: Session, row: Revision, waiting: Waiting, now: int) -> OwnRevisionView:
    draft, task = repository.draft(session, row.batch_id), repository.task(session, row.batch_id, row.task_id)
    assignment = repository.assignment(session, row.assignment_id)
    assert draft and task and assignment and assignment.answers  # noqa: S101 - it was asked about one
    (submitted,) = (a["answer"] for a in assignment.answers["answers"] if a["task"] == row.task_id)
    more = {"title": draft.title, "instructions": draft.instructions, "answer_schema": draft.answer_schema}
    more |= {"content": task.content, "submitted_answer": submitted}
    return OwnRevisionView.model_validate(_fields(row, waiting, now) | more)


def _fields(row: Revision, waiting: Waiting, now: int) -> dict[str, Any]:
    found = waiting.get((row.task_id, row.worker))
    is_over = found is None or found.review_end < now
    state: RevisionState = "over" if row.state == "open" and is_over else row.state  # type: ignore[assignment]
    return {
        "revision_id": row.revision_id,
        "batch_id": row.batch_id,
        "assignment_id": row.assignment_id,
        "task": row.task_id,
        "worker": row.worker,
        "submission": row.submission,
        "asked_by": row.asked_by,
        "reason": row.reason,
        "state": state,
        "asked_at": row.asked_at,
        "ended_at": row.ended_at,
        "review_ends_at": found.review_end if found else None,
        "answer": row.document["answer"] if row.document else None,
        "document_digest": row.digest,
    }


def _cursor(rows: Sequence[Revision], limit: int) -> str | None:
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return encode_cursor([round(last.asked_at * 1_000), last.revision_id])
