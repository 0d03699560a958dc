"""Reviews: queue, submissions, proposals, signatures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from backend.dependencies import SignedIn, TheServices
from backend.idempotency import CreatingRoute
from backend.paging import MAX_LIMIT
from backend.reviews import queue, service
from backend.reviews.schemas import ProposalIn, ProposalView, Queue, SignatureIn, SubmissionPage
from backend.schemas import DigestText

router = APIRouter(prefix="/v1/reviews", tags=["reviews"], route_class=CreatingRoute)

ProposalId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


@router.get("/queue")
def own_queue(reviewer: SignedIn, services: TheServices) -> Queue:
    """Batches that wait for the signed-in reviewer; whose window ends first stands first."""
    return queue.queue(services, reviewer)


@router.get("/batches/{batch_id}/submissions")
def submissions(
    batch_id: DigestText,
    reviewer: SignedIn,
    services: TheServices,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
) -> SubmissionPage:
    """Answers beside what was asked; for the batch's reviewers and requester."""
    return queue.submissions(services, reviewer, batch_id, cursor, limit)


@router.post("/batches/{batch_id}/proposals", status_code=201)
def propose(batch_id: DigestText, body: ProposalIn, reviewer: SignedIn, services: TheServices) -> ProposalView:
    """Proposes a settlement by one's own verdicts, or by the batch's policy."""
    return service.propose(services, reviewer, batch_id, body)


@router.get("/proposals/{proposal_id}")
def proposal(proposal_id: ProposalId, services: TheServices) -> ProposalView:
    """A proposal with the message that its reviewers sign."""
    return service.view(services, proposal_id)


@router.post("/proposals/{proposal_id}/signatures")
def sign(proposal_id: ProposalId, body: SignatureIn, reviewer: SignedIn, services: TheServices) -> ProposalView:
    """Takes the signed-in reviewer's signature; with the last one needed the settlement is sent."""
    return service.sign(services, reviewer, proposal_id, body.signature)
