"""Signals: what a reviewer should look at, and what a worker reads about itself."""

from __future__ import annotations

from fastapi import APIRouter

from backend.dependencies import SignedIn, TheServices
from backend.idempotency import CreatingRoute
from backend.schemas import DigestText
from backend.signals import service
from backend.signals.schemas import BatchSignals, Closed, ClosingIn, OwnSignals

router = APIRouter(prefix="/v1/signals", tags=["signals"], route_class=CreatingRoute)


@router.get("/batches/{batch_id}")
def batch_signals(batch_id: DigestText, reader: SignedIn, services: TheServices) -> BatchSignals:
    """Workers to look at before deciding; for the batch's reviewers and requester."""
    return service.of_batch(services, reader, batch_id)


@router.get("/batches/{batch_id}/own")
def own_signals(batch_id: DigestText, worker: SignedIn, services: TheServices) -> OwnSignals:
    """What was seen in the signed-in worker's answers, why, and how to answer it. It costs nothing by itself."""
    return service.of_worker(services, worker, batch_id)


@router.post("/batches/{batch_id}/closed", status_code=201)
def close_signal(batch_id: DigestText, body: ClosingIn, reviewer: SignedIn, services: TheServices) -> Closed:
    """Closes a signal that a reviewer looked at and found nothing wrong with: the worker's limits lift, and the worker
    reads the reason. It comes back only if answers handed in later show it by themselves."""
    return service.close(services, reviewer, batch_id, body)
