"""Revisions: for reviewers under /v1/reviews, for workers under /v1/work."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from backend.dependencies import SignedIn, TheServices
from backend.idempotency import CreatingRoute
from backend.paging import MAX_LIMIT
from backend.revisions import service
from backend.revisions.schemas import (
    OwnRevisionList,
    OwnRevisionView,
    RevisedAnswerIn,
    RevisionIn,
    RevisionList,
    RevisionView,
)
from backend.schemas import DigestText

router = APIRouter(tags=["revisions"], route_class=CreatingRoute)

RevisionId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


@router.post("/v1/reviews/batches/{batch_id}/revisions", status_code=201)
def ask(batch_id: DigestText, body: RevisionIn, reviewer: SignedIn, services: TheServices) -> RevisionView:
    """Asks a worker for a better answer. The review window runs on, and silence pays what was submitted."""
    return service.ask(services, reviewer, batch_id, body)


@router.get("/v1/reviews/batches/{batch_id}/revisions")
def of_batch(
    batch_id: DigestText, reviewer: SignedIn, services: TheServices, cursor: str | None = None, limit: Limit = 20
) -> RevisionList:
    """What was asked in a batch, newest first; for its reviewers and requester."""
    return service.of_batch(services, reviewer, batch_id, cursor, limit)


@router.get("/v1/work/revisions")
def own(worker: SignedIn, services: TheServices, cursor: str | None = None, limit: Limit = 20) -> OwnRevisionList:
    """What the signed-in worker was asked to do better, newest first, each with the end of its window."""
    return service.own(services, worker, cursor, limit)


@router.get("/v1/work/revisions/{revision_id}")
def own_one(revision_id: RevisionId, worker: SignedIn, services: TheServices) -> OwnRevisionView:
    """One of them."""
    return service.own_one(services, worker, revision_id)


@router.post("/v1/work/revisions/{revision_id}/answer")
def answer(revision_id: RevisionId, body: RevisedAnswerIn, worker: SignedIn, services: TheServices) -> RevisionView:
    """Takes the better answer. It is recorded beside the one on chain, which stays as it was submitted."""
    return service.answer(services, worker, revision_id, body.answer)


@router.post("/v1/work/revisions/{revision_id}/refusal")
def decline(revision_id: RevisionId, worker: SignedIn, services: TheServices) -> RevisionView:
    """Leaves the answer as it was submitted. That costs nothing: it is decided, or paid by silence, all the same."""
    return service.decline(services, worker, revision_id)
