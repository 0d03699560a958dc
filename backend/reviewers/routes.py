"""Reviewers: one's own record."""

from __future__ import annotations

from fastapi import APIRouter

from backend.dependencies import SignedIn, TheServices
from backend.reviewers import service
from backend.reviewers.schemas import ReviewerRecord

router = APIRouter(prefix="/v1/reviewers", tags=["reviewers"])


@router.get("/me/record")
def own_record(reviewer: SignedIn, services: TheServices) -> ReviewerRecord:
    """How the signed-in reviewer's verdicts held, and what its reviews were paid. Nobody else is shown it."""
    return service.record(services, reviewer)
