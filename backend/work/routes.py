"""Work: get tasks, claim them, answer, submit; all by signature, none of it costs gas."""

from __future__ import annotations

import time
from typing import Annotated

import anyio
from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import run_in_threadpool

from backend.dependencies import SignedIn, TheServices
from backend.idempotency import CreatingRoute
from backend.schemas import Accepted, DigestText
from backend.work import packets, service
from backend.work.schemas import (
    AnswersIn,
    AnswersToSign,
    AssignmentIn,
    AssignmentOffer,
    AssignmentPage,
    AssignmentView,
    PacketIn,
    ReturnToSign,
    Signed,
    SignedReturn,
    SignedSubmission,
)

router = APIRouter(prefix="/v1/work", tags=["work"], route_class=CreatingRoute)

AssignmentId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
_LOOK_AGAIN_SECONDS = 1.0
"""For what no event of the mirror tells, such as a packet that the relay refuses."""


@router.post("/assignments", status_code=201)
def assign(body: AssignmentIn, worker: SignedIn, services: TheServices) -> AssignmentOffer:
    """Tasks for this worker and the ticket for them. Asking again before claiming gives the same ones."""
    return service.assign(services, worker, body)


@router.get("/assignments")
def own(worker: SignedIn, services: TheServices, batch_id: DigestText | None = None) -> AssignmentPage:
    """The worker's newest assignments."""
    return service.own_page(services, worker, batch_id)


@router.get("/assignments/{assignment_id}")
async def assignment(
    assignment_id: AssignmentId,
    request: Request,
    worker: SignedIn,
    services: TheServices,
    wait: Annotated[float, Query(ge=0, le=25)] = 0,
) -> AssignmentView:
    """One assignment. With `wait`, answers when a queued packet has arrived on chain, or after so many seconds."""
    end, hub = time.monotonic() + wait, request.app.state.hub
    # However many wait, the mirror is looked at once for all of them: each is woken by what happens to its worker.
    with hub.listening([("account", worker)] if wait else ()) as told:
        while True:
            told.clear()
            found = await run_in_threadpool(service.view, services, worker, assignment_id)
            left = end - time.monotonic()
            if found.status not in service.WAITING or left <= 0 or hub.is_closing:
                return found
            with anyio.move_on_after(min(left, _LOOK_AGAIN_SECONDS)):
                await told.wait()


@router.post("/assignments/{assignment_id}/claim", status_code=202)
def claim(assignment_id: AssignmentId, body: Signed, worker: SignedIn, services: TheServices) -> Accepted:
    """Takes the signed claim."""
    return Accepted(intent_id=service.take_claim(services, worker, assignment_id, body.signature))


@router.post("/assignments/{assignment_id}/answers")
def answers(assignment_id: AssignmentId, body: AnswersIn, worker: SignedIn, services: TheServices) -> AnswersToSign:
    """Takes the answers to every task and returns the submission to sign."""
    return service.draft_answers(services, worker, assignment_id, body)


@router.post("/assignments/{assignment_id}/submission", status_code=202)
def submission(
    assignment_id: AssignmentId, body: SignedSubmission, worker: SignedIn, services: TheServices
) -> Accepted:
    """Takes the signed submission. From the moment it is on chain, time alone pays it."""
    return Accepted(intent_id=service.take_submission(services, worker, assignment_id, body))


@router.post("/assignments/{assignment_id}/return/draft")
def draft_return(assignment_id: AssignmentId, worker: SignedIn, services: TheServices) -> ReturnToSign:
    """What to sign to give the tasks back."""
    return service.draft_return(services, worker, assignment_id)


@router.post("/assignments/{assignment_id}/return", status_code=202)
def take_return(assignment_id: AssignmentId, body: SignedReturn, worker: SignedIn, services: TheServices) -> Accepted:
    """Takes the signed return."""
    return Accepted(intent_id=service.take_return(services, worker, assignment_id, body))


@router.post("/packets", status_code=202)
def packet(body: PacketIn, worker: SignedIn, services: TheServices) -> Accepted:
    """Takes a packet of the worker's own making. Answers it commits to must be kept by the worker."""
    return Accepted(intent_id=packets.take_own(services, worker, body))
