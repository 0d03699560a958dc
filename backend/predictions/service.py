"""Taking a model's answers: before anything is decided, so that nobody picks a model by what it would change."""

from __future__ import annotations

import time

from backend.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.predictions import repository
from backend.predictions.schemas import PredictionsIn, PredictionsView
from backend.reviews import inference
from backend.reviews.kinds import kind_of
from backend.reviews.repository import locked_draft
from backend.services import Services
from backend.waiting.room import admit_more
from piecework.db.gateway import Draft, ModelAnswers
from piecework.domain import documents
from piecework.domain.answers import AnswerInvalid, check_answer
from piecework.domain.canonical import new_salt
from piecework.domain.documents import DocumentError


def take(services: Services, requester: str, batch_id: str, wanted: PredictionsIn) -> PredictionsView:
    """Stores them, in place of earlier ones. Raises NotFound, NotAllowed, Invalid, and Conflict once something was
    proposed for decision."""
    with services.writing() as session:
        draft = _checked(locked_draft(session, batch_id), requester, batch_id)  # one replacement at a time is counted
        _check_policy(draft)
        if repository.is_proposed(session, batch_id):
            detail = f"decisions of batch {batch_id} were proposed already: a model must speak before it"
            raise Conflict("model_too_late", detail)
        _check(draft, repository.task_ids(session, batch_id), wanted)
        document = {
            "format": documents.format_name("model-answers"),
            "salt": new_salt(),
            "batch_id": batch_id,
            "name": wanted.name,
            "answers_before": repository.answers_on_chain(session, batch_id),
            "answers": [item.model_dump() for item in wanted.answers],
        }
        try:
            packed = documents.pack(document, "model-answers")
        except DocumentError as error:
            raise Invalid("model_answers_malformed", str(error)) from error
        row = ModelAnswers(batch_id=batch_id, digest=packed.digest, document=document, created_at=time.time())
        before = repository.found(session, batch_id)
        replaced = _size(documents.pack(before.document, "model-answers")) if before is not None else 0
        admit_more(services, session, batch_id, _size(packed), instead_of=replaced)
        repository.replace(session, row)
        return _view(row)


def _size(packed: documents.Packed) -> int:
    return sum(len(block.data) for block in packed.blocks)


def view(services: Services, requester: str, batch_id: str) -> PredictionsView:
    """For the batch's requester alone: who works on it must not see what a model says."""
    with services.reading() as session:
        _checked(repository.draft(session, batch_id), requester, batch_id)
        row = repository.found(session, batch_id)
        if row is None:
            raise NotFound("no_model_answers", f"batch {batch_id} has no model's answers: bring some with POST")
        return _view(row)


def _checked(draft: Draft | None, requester: str, batch_id: str) -> Draft:
    if draft is None:
        raise NotFound("draft_unknown", f"there is no draft {batch_id}")
    if draft.requester != requester:
        raise NotAllowed("not_your_draft", f"draft {batch_id} belongs to {draft.requester}")
    return draft


def _check_policy(draft: Draft) -> None:
    if draft.review["policy"] != inference.NAME:
        detail = f"the policy of batch {draft.batch_id} is {draft.review['policy']}: only inference weighs a model"
        raise Invalid("model_needs_inference", detail)
    kind = kind_of(draft.answer_schema)
    if kind != "labels":
        detail = f"the answers of batch {draft.batch_id} are {kind}: a model's answers count beside labels alone"
        raise Invalid("model_needs_labels", detail)


def _check(draft: Draft, tasks: set[str], wanted: PredictionsIn) -> None:
    seen: set[str] = set()
    for item in wanted.answers:
        if item.task not in tasks:
            raise Invalid("task_unknown", f"batch {draft.batch_id} has no task {item.task}")
        if item.task in seen:
            raise Invalid("task_id_twice", f"two answers are given for task {item.task}: a model says one thing of it")
        seen.add(item.task)
        try:
            check_answer(item.answer, draft.answer_schema)
        except AnswerInvalid as error:
            raise Invalid("answer_invalid", f"the model's answer to {item.task}: {error}") from error


def _view(row: ModelAnswers) -> PredictionsView:
    return PredictionsView(
        batch_id=row.batch_id,
        name=row.document["name"],
        digest=row.digest,
        answers=len(row.document["answers"]),
        answers_before=row.document["answers_before"],
        created_at=row.created_at,
    )
