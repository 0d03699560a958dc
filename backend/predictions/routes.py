"""A model's answers to a batch's tasks. Never in the path of a request: the requester, or a command, brings them."""

from __future__ import annotations

from fastapi import APIRouter

from backend.dependencies import SignedIn, TheServices
from backend.idempotency import CreatingRoute
from backend.predictions import service
from backend.predictions.schemas import PredictionsIn, PredictionsView
from backend.schemas import DigestText

router = APIRouter(prefix="/v1/batches", tags=["batches"], route_class=CreatingRoute)


@router.post("/{batch_id}/model-answers", status_code=201)
def take(batch_id: DigestText, body: PredictionsIn, requester: SignedIn, services: TheServices) -> PredictionsView:
    """Brings a model's answers, in place of earlier ones. They count as one more worker's as far as people's answers
    measure them; nobody is paid or rejected by them."""
    return service.take(services, requester, batch_id, body)


@router.get("/{batch_id}/model-answers")
def view(batch_id: DigestText, requester: SignedIn, services: TheServices) -> PredictionsView:
    """Which model's answers the batch has; for its requester alone."""
    return service.view(services, requester, batch_id)
