"""Signals: what a reviewer should look at, and what a worker reads about itself."""

from __future__ import annotations

from fastapi import APIRouter

from backend.dependencies import SignedIn, TheServices
from backend.schemas import DigestText
from backend.signals import service
from backend.signals.schemas import BatchSignals, OwnSignals

router = APIRouter(prefix="/v1/signals", tags=["signals"])


@router.get("/batches/{batch_id}")
def batch_signals(batch_id: DigestText, reader: SignedIn, services: TheServices) -> BatchSignals:
    """Workers to look at before deciding; for the batch's reviewers and requester."""
    return service.of_batch(services, reader, batch_id)


@router.get("/batches/{batch_id}/own")
def own_signals(batch_id: DigestText, worker: SignedIn, services: TheServices) -> OwnSignals:
    """What was seen in the signed-in worker's answers, why, and how to answer it. It costs nothing by itself."""
    return service.of_worker(services, worker, batch_id)
