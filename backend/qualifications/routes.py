"""Qualifications: grant, revoke, refuse, list."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from backend.dependencies import SignedIn, TheServices
from backend.idempotency import CreatingRoute
from backend.paging import MAX_LIMIT
from backend.qualifications import service
from backend.qualifications.schemas import (
    CredentialPage,
    GrantIn,
    GrantToSign,
    RefusalIn,
    RefusalToSign,
    RevocationIn,
    RevocationView,
    SignedGrant,
    SignedRefusal,
)
from backend.schemas import Accepted, AddressText, DigestText

router = APIRouter(prefix="/v1/credentials", tags=["qualifications"], route_class=CreatingRoute)

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


@router.get("")
def credentials(
    services: TheServices,
    holder: AddressText | None = None,
    issuer: AddressText | None = None,
    skill_id: DigestText | None = None,
    cursor: str | None = None,
    limit: Limit = 20,
) -> CredentialPage:
    """Credentials by holder, issuer and skill. Whether an issuer is worth anything is for whoever asks to know."""
    return service.page(services, holder=holder, issuer=issuer, skill=skill_id, cursor=cursor, limit=limit)


@router.post("/grants/draft")
def draft_grant(body: GrantIn, issuer: SignedIn, services: TheServices) -> GrantToSign:
    """What the signed-in issuer signs to grant a credential; it costs no gas."""
    return service.draft_grant(services, issuer, body)


@router.post("/grants", status_code=202)
def grant(body: SignedGrant, services: TheServices) -> Accepted:
    """Takes a signed grant, whoever brings it."""
    return Accepted(intent_id=service.take_grant(services, body))


@router.post("/revocations/draft")
def revoke(body: RevocationIn, issuer: SignedIn, services: TheServices) -> RevocationView:
    """Unsigned `revoke`, for the signed-in issuer's own wallet."""
    return service.draft_revocation(services, issuer, body)


@router.post("/refusals/draft")
def draft_refusal(body: RefusalIn, holder: SignedIn, services: TheServices) -> RefusalToSign:
    """What the signed-in holder signs to refuse an issuer's credentials for a skill, or to take them again."""
    return service.draft_refusal(services, holder, body)


@router.post("/refusals", status_code=202)
def refuse(body: SignedRefusal, services: TheServices) -> Accepted:
    """Takes a signed refusal, whoever brings it."""
    return Accepted(intent_id=service.take_refusal(services, body))
