"""Credentials: drafted for issuers and holders to sign, brought on chain by the relay, listed from the mirror."""

from __future__ import annotations

from backend.accounts.service import digest_signed_by
from backend.batches.service import as_transaction
from backend.errors import Conflict, Invalid, NotFound
from backend.paging import decode_cursor, encode_cursor
from backend.qualifications import repository
from backend.qualifications.schemas import (
    CredentialPage,
    CredentialView,
    GrantIn,
    GrantToSign,
    RefusalIn,
    RefusalToSign,
    RevocationIn,
    RevocationView,
    SignedGrant,
    SignedRefusal,
)
from backend.relay.allowance import bring, budget_of
from backend.services import Services
from piecework.chain.credentials import Credentials
from piecework.domain import credentials as messages
from piecework.domain.ids import ZERO_ADDRESS
from piecework.domain.messages import TypedData, digest


def draft_grant(services: Services, issuer: str, wanted: GrantIn) -> GrantToSign:
    """What the issuer signs to grant, or to change level or expiry."""
    registry, now = _registry(services), services.clock.now()
    _check_grant(registry, issuer, wanted.holder, wanted.on_chain, wanted.expiry, now)
    version = registry.credential(wanted.holder, issuer, wanted.on_chain).version
    deadline = now + services.settings.packet_lifetime_seconds
    wish = {"issuer": issuer, "holder": wanted.holder, "level": wanted.level, "expiry": wanted.expiry}
    data = messages.grant(registry.domain, **wish, skill=wanted.on_chain, version=version, deadline=deadline)  # type: ignore[arg-type]
    if wanted.skill is not None:
        with services.writing() as session:
            repository.remember_name(session, wanted.on_chain, wanted.skill)
    return GrantToSign.model_validate(
        {**wish, "typed_data": data, "skill_id": wanted.on_chain, "version": version, "deadline": deadline}
    )


def take_grant(services: Services, signed: SignedGrant) -> str:
    """Queues a signed grant after checking all that the contract will check; returns the intent's id."""
    registry, now = _registry(services), services.clock.now()
    _check_grant(registry, signed.issuer, signed.holder, signed.skill_id, signed.expiry, now)
    data = messages.grant(
        registry.domain,
        issuer=signed.issuer,
        holder=signed.holder,
        skill=signed.skill_id,
        level=signed.level,
        expiry=signed.expiry,
        version=registry.credential(signed.holder, signed.issuer, signed.skill_id).version,
        deadline=signed.deadline,
    )
    _check_signed(services, signed.issuer, data, signed.deadline, signed.signature, now)
    payload = {
        **signed.model_dump(mode="json", exclude={"skill_id"}),
        "skill": signed.skill_id,
        "credentials": registry.address,
    }
    return _queue(services, "grant_credential", signed.issuer, signed.signature, payload)


def draft_revocation(services: Services, issuer: str, wanted: RevocationIn) -> RevocationView:
    """`revoke`, for the issuer's own wallet. Raises Conflict if there is nothing to revoke."""
    registry = _registry(services)
    if registry.credential(wanted.holder, issuer, wanted.on_chain).granted_at == 0:
        raise Conflict("not_held", f"{wanted.holder} holds no credential of {issuer} for skill {wanted.on_chain}")
    return RevocationView(transaction=as_transaction(services, registry.revoke(wanted.holder, wanted.on_chain)))


def draft_refusal(services: Services, holder: str, wanted: RefusalIn) -> RefusalToSign:
    """What the holder signs to refuse credentials of an issuer and skill, dropping one held, or to take them."""
    registry = _registry(services)
    version = registry.credential(holder, wanted.issuer, wanted.on_chain).version
    deadline = services.clock.now() + services.settings.packet_lifetime_seconds
    wish = {"holder": holder, "issuer": wanted.issuer, "refused": wanted.refused}
    data = messages.refusal(registry.domain, **wish, skill=wanted.on_chain, version=version, deadline=deadline)  # type: ignore[arg-type]
    return RefusalToSign.model_validate(
        {**wish, "typed_data": data, "skill_id": wanted.on_chain, "version": version, "deadline": deadline}
    )


def take_refusal(services: Services, signed: SignedRefusal) -> str:
    """Queues a signed refusal; returns the intent's id."""
    registry, now = _registry(services), services.clock.now()
    data = messages.refusal(
        registry.domain,
        holder=signed.holder,
        issuer=signed.issuer,
        skill=signed.skill_id,
        refused=signed.refused,
        version=registry.credential(signed.holder, signed.issuer, signed.skill_id).version,
        deadline=signed.deadline,
    )
    _check_signed(services, signed.holder, data, signed.deadline, signed.signature, now)
    payload = {
        **signed.model_dump(mode="json", exclude={"skill_id"}),
        "skill": signed.skill_id,
        "credentials": registry.address,
    }
    return _queue(services, "set_refusal", signed.holder, signed.signature, payload)


def page(
    services: Services, *, holder: str | None, issuer: str | None, skill: str | None, cursor: str | None, limit: int
) -> CredentialPage:
    """Credentials of the mirror, revoked and refused ones too."""
    _registry(services)
    now = services.clock.now()
    with services.reading() as session:
        after = decode_cursor(cursor, (str, str, str))
        rows = repository.listed(session, holder=holder, issuer=issuer, skill=skill, after=after, limit=limit)
        names = repository.names(session, [row.skill for row in rows])
    items = [
        CredentialView(
            holder=row.holder,
            issuer=row.issuer,
            skill_id=row.skill,
            skill=names.get(row.skill),
            level=row.level,
            expiry=row.expiry,
            granted_at=row.granted_at,
            version=row.version,
            refused=row.refused,
            held=row.granted_at > 0 and (row.expiry == 0 or row.expiry >= now),
            transaction_hash=row.transaction_hash,
            explorer_url=services.transaction_url(row.transaction_hash),
        )
        for row in rows
    ]
    last = encode_cursor((rows[-1].holder, rows[-1].issuer, rows[-1].skill)) if len(rows) == limit else None
    return CredentialPage(items=items, next_cursor=last)


def _registry(services: Services) -> Credentials:
    if services.credentials is None:
        raise NotFound("credentials_absent", "this gateway serves no registry of qualifications")
    return services.credentials


def _check_grant(registry: Credentials, issuer: str, holder: str, skill: str, expiry: int, now: int) -> None:
    if holder == ZERO_ADDRESS:
        raise Invalid("holder_zero", "the zero address holds nothing")
    if expiry and expiry < now:
        raise Invalid("already_expired", f"the expiry {expiry} is over, it is {now}")
    if registry.credential(holder, issuer, skill).refused:
        raise Conflict("credential_refused", f"{holder} refuses credentials of {issuer} for skill {skill}")


def _check_signed(services: Services, signer: str, data: TypedData, deadline: int, signature: str, now: int) -> None:
    if deadline < now:
        raise Invalid("signature_expired", "the message's deadline is over: draft it anew and sign")
    if not digest_signed_by(services, signer, digest(data), signature):
        detail = f"the signature is not by {signer}, or not of this message and the credential's present version"
        raise Invalid("signature_by_another_key", detail)


def _queue(services: Services, kind: str, signer: str, signature: str, payload: dict[str, object]) -> str:
    with services.writing() as session:
        key = f"{kind}:{signature}"[:200]
        budget = budget_of(services, session, signer)
        return bring(services, session, budget, kind=kind, dedupe_key=key, payload=payload)
