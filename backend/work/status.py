"""Where an assignment stands: read off the mirror and the outbox, never off what the gateway hopes."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session

from backend.work import repository
from backend.work.schemas import AssignmentStatus
from piecework.db.gateway import Assignment, RelayIntent

FINAL: dict[str, AssignmentStatus] = {
    "submitted": "submitted",
    "expired": "expired",
    "returned": "returned",
    "skipped": "skipped",
}


class Standing(NamedTuple):
    """A status, and why if something was refused."""

    status: AssignmentStatus
    reason: str | None = None


def standing(session: Session, row: Assignment, now: int) -> Standing:
    """`now` is chain time."""
    if row.state in FINAL:
        return Standing(FINAL[row.state])
    if row.submit_intent and repository.is_submitted(session, row):
        return Standing("submitted")
    if repository.claim_of(session, row) is None:
        return _before_claim(session, row, now)
    refused = None
    if row.submit_intent:
        intent = repository.intent(session, row.submit_intent)
        refused = _refusal(intent)
        if refused is None:
            return Standing("submission_queued")
    if repository.is_given_back(session, row) and not repository.is_submitted(session, row):
        return Standing("returned")
    if row.lease_end < now:
        return Standing("expired", refused)
    return Standing("claimed", refused)


def refresh(session: Session, row: Assignment, now: int) -> Standing:
    """The standing, kept if it is final; tasks of an assignment that ended without answers are free again."""
    found = standing(session, row, now)
    if row.state == "open" and found.status in FINAL:
        row.state = found.status
        if found.status != "submitted":
            repository.release(session, row)
    return found


def _before_claim(session: Session, row: Assignment, now: int) -> Standing:
    if row.claim_intent:
        intent = repository.intent(session, row.claim_intent)
        refused = _refusal(intent)
        # A claim that the chain confirmed is waited for until the mirror shows it.
        return Standing("queued") if refused is None else Standing("skipped", refused)
    if row.deadline < now:
        return Standing("expired", "ticket_expired")
    return Standing("ticketed")


def _refusal(intent: RelayIntent | None) -> str | None:
    if intent is None or intent.status in ("failed", "skipped"):
        return intent.error_code if intent is not None else "intent_lost"
    return None
