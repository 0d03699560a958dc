"""Reviewers by draw."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from backend.batches.turns import if_of_many
from backend.clients import network_of
from backend.dependencies import SignedIn, TheServices
from backend.draws import candidacies, service
from backend.draws.schemas import (
    CandidacyView,
    DrawList,
    DrawnReviews,
    OpenReviewPage,
    ReviewBatchIn,
    ReviewBatchView,
)
from backend.idempotency import CreatingRoute
from backend.paging import MAX_LIMIT
from backend.schemas import DigestText

router = APIRouter(tags=["draws"], route_class=CreatingRoute)


@router.post(
    "/v1/batches/{batch_id}/review-batch", status_code=201, dependencies=[Depends(if_of_many, scope="function")]
)
def review_batch(
    request: Request, batch_id: DigestText, body: ReviewBatchIn, requester: SignedIn, services: TheServices
) -> ReviewBatchView:
    """Drafts the batch that pays the drawn reviewers of one's batch; fund it, and work can begin."""
    return service.draft_review_batch(services, requester, network_of(request.scope), batch_id, body)


@router.put("/v1/reviews/batches/{batch_id}/candidacy")
def enrol(batch_id: DigestText, reviewer: SignedIn, services: TheServices) -> CandidacyView:
    """Enrols the signed-in address: it can be drawn for what is handed out from now on. Asked again it changes nothing
    and gives a receipt of that time, which shows any list in between that leaves the address out."""
    return service.enrol(services, reviewer, batch_id)


@router.delete("/v1/reviews/batches/{batch_id}/candidacy", status_code=204)
def leave(batch_id: DigestText, reviewer: SignedIn, services: TheServices) -> None:
    """Ends it for what is drawn from now on."""
    service.leave(services, reviewer, batch_id)


@router.get("/v1/reviews/candidacies")
def open_reviews(
    reviewer: SignedIn,
    services: TheServices,
    batch_id: DigestText | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
) -> OpenReviewPage:
    """Review batches that are funded and open, or that of one batch, and whether the signed-in address enrolled."""
    return candidacies.open_reviews(services, reviewer, batch_id, cursor, limit)


@router.get("/v1/reviews/drawn")
def own(reviewer: SignedIn, services: TheServices) -> DrawnReviews:
    """What the signed-in reviewer was drawn for and has not judged; whose window ends first stands first."""
    return service.own(services, reviewer)


@router.get("/v1/reviews/batches/{batch_id}/draws")
def of_batch(batch_id: DigestText, reviewer: SignedIn, services: TheServices) -> DrawList:
    """Every draw of a batch, for its reviewers and requester."""
    return service.of_batch(services, reviewer, batch_id)
