"""Disputes: rejections and appeals for workers, lists for everybody, cases and votes for jurors."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from backend.dependencies import SignedIn, TheServices
from backend.disputes import appeals, juries, reading, rejections
from backend.disputes.schemas import (
    AppealIn,
    AppealToSign,
    CommitmentIn,
    DisputePage,
    DisputeView,
    FeesIn,
    JurorQueue,
    JurorTransaction,
    RejectedPage,
    RevealIn,
    SignedAppeal,
    Sponsorship,
)
from backend.idempotency import CreatingRoute
from backend.paging import MAX_LIMIT
from backend.schemas import Accepted, AddressText, DigestText

router = APIRouter(prefix="/v1", tags=["disputes"], route_class=CreatingRoute)

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


@router.get("/rejections")
def own_rejections(
    worker: SignedIn, services: TheServices, batch_id: DigestText | None = None, limit: Limit = 20
) -> RejectedPage:
    """The worker's rejections that are not final, with reasons, the end of the appeal window and how to appeal."""
    return rejections.page(services, worker, batch_id, limit)


@router.post("/appeals/draft", status_code=201)
def draft(body: AppealIn, worker: SignedIn, services: TheServices) -> AppealToSign:
    """Keeps the evidence, which is stored once the chain names it, and returns the dispute to sign."""
    return appeals.draft(services, worker, body)


@router.post("/appeals", status_code=202)
def appeal(body: SignedAppeal, services: TheServices) -> Accepted:
    """Takes a signed dispute, whoever brings it; the bond comes from the worker's account."""
    return Accepted(intent_id=appeals.take(services, body))


@router.post("/appeals/sponsorship")
def sponsorship(body: SignedAppeal, sponsor: SignedIn, services: TheServices) -> Sponsorship:
    """The transaction by which the signed-in sponsor puts up the bond of a worker's signed dispute."""
    return appeals.sponsor(services, sponsor, body)


@router.get("/disputes")
def disputes(
    services: TheServices,
    batch_id: DigestText | None = None,
    worker: AddressText | None = None,
    arbitrator: AddressText | None = None,
    state: Literal["open", "ruled", "overdue"] | None = None,
    cursor: str | None = None,
    limit: Limit = 20,
) -> DisputePage:
    """Disputes on chain, newest first."""
    return reading.page(
        services, batch_id=batch_id, worker=worker, arbitrator=arbitrator, state=state, cursor=cursor, limit=limit
    )


@router.get("/disputes/{dispute_id}")
def dispute(dispute_id: DigestText, services: TheServices) -> DisputeView:
    """One dispute with its evidence, the reasons of the rejections, and the jurors' votes."""
    return reading.view(services, dispute_id)


@router.get("/juror/queue")
def queue(juror: SignedIn, services: TheServices) -> JurorQueue:
    """Open cases of the gateway's panel with phase and deadlines, and how to compute a commitment."""
    return juries.queue(services, juror)


@router.post("/juror/cases/{dispute_id}/commitment")
def commitment(dispute_id: DigestText, body: CommitmentIn, juror: SignedIn, services: TheServices) -> JurorTransaction:
    """The juror's `commit`. Compute the commitment yourself: never send vote or salt before the reveal."""
    return JurorTransaction(transaction=juries.commit(services, juror, dispute_id, body.commitment))


@router.post("/juror/cases/{dispute_id}/reveal")
def reveal(dispute_id: DigestText, body: RevealIn, juror: SignedIn, services: TheServices) -> JurorTransaction:
    """The juror's `reveal`, once everybody committed or the time to commit is over."""
    return JurorTransaction(transaction=juries.reveal(services, juror, dispute_id, body))


@router.post("/juror/withdrawal")
def withdrawal(body: FeesIn, juror: SignedIn, services: TheServices) -> JurorTransaction:
    """The juror's `withdraw` of what it earned."""
    return JurorTransaction(transaction=juries.withdraw(services, juror, body.to or juror))
