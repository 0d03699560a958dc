"""Profiles and lists: what their owners say, kept, shown to them and forgotten; and who may work on a batch."""

from __future__ import annotations

import secrets
import time
from typing import Any

from sqlalchemy.orm import Session

from backend.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.matching import repository
from backend.matching.eligibility import BY_LIST, BatchRules, WorkerFacts, refusals
from backend.matching.schemas import (
    MAX_MEMBERS,
    CredentialHeld,
    KeptNeeds,
    ListIn,
    ListPage,
    ListView,
    MemberPage,
    Needs,
    Profile,
    ProfileIn,
    PublicNeeds,
)
from backend.paging import decode_cursor, encode_cursor
from backend.services import Services
from piecework.db.people import BatchNeeds, WorkerList, WorkerProfile

_MAX_LISTS = 200


# --------------------------------------------------------------------- profile


def read_profile(services: Services, address: str) -> Profile:
    """What the worker said, and what the chain knows; empty for who said nothing."""
    now = services.clock.now()
    with services.reading() as session:
        return _profile(session, address, now)


def write_profile(services: Services, address: str, given: ProfileIn) -> Profile:
    """Replaces the whole profile."""
    _check_unique(given)
    now = services.clock.now()
    with services.writing() as session:
        row = WorkerProfile(address=address, profile=given.model_dump(mode="json"), updated_at=time.time())
        session.merge(row)
        session.flush()
        return _profile(session, address, now)


def forget_profile(services: Services, address: str) -> None:
    """Deletes it; record and credentials stand on chain and stay."""
    with services.writing() as session:
        repository.forget_profile(session, address)


def facts(session: Session, address: str, now: int) -> WorkerFacts:
    """All that decides who fits."""
    row, account = repository.profile(session, address), repository.record(session, address)
    lists, named = repository.lists_naming(session, address), repository.naming(session, address)
    held = repository.credentials(session, address, now)
    return WorkerFacts(
        address=address,
        profile=ProfileIn.model_validate(row.profile) if row else ProfileIn(),
        accepted=account.accepted if account else 0,
        rejected=account.rejected if account else 0,
        credentials={(row.issuer, row.skill): row.level for row in held},
        lists=frozenset(row.list_id for row in lists if row.kind == "pool"),
        blocked_by=frozenset(row.requester for row in lists if row.kind == "block"),
        allowed_in=frozenset(row.batch_id for row in named if row.allowed),
        blocked_in=frozenset(row.batch_id for row in named if not row.allowed),
    )


def check_eligible(
    session: Session, batch_id: str, requester: str, worker: str, now: int, *, is_drawn: bool = False
) -> None:
    """Raises NotAllowed with every reason why this worker gets no task of the batch; its code is the first one's.

    `is_drawn`: the requester's lists count no more, or it could take away one drawn reviewer after the other.
    """
    rules = BatchRules(batch_id, requester, needs_of(repository.needs(session, batch_id)))
    found = refusals(facts(session, worker, now), rules)
    if is_drawn:
        found = [reason for reason in found if reason.code not in BY_LIST]
    if found:
        reasons = [reason.model_dump() for reason in found]
        raise NotAllowed(found[0].code, "; ".join(reason.text for reason in found), reasons=reasons)


def needs_of(row: BatchNeeds | None) -> KeptNeeds:
    return KeptNeeds.model_validate(row.needs) if row else KeptNeeds()


def public_needs(row: BatchNeeds | None) -> PublicNeeds:
    """Without the names of workers and pools."""
    found = needs_of(row)
    return PublicNeeds(**found.model_dump(exclude={"pools", "only_named"}), private=found.only_named)


def check_needs(services: Services, session: Session, requester: str, wanted: Needs) -> None:
    """What a draft asks for can be looked up. Raises NotFound for another's pool, Invalid without a registry."""
    strange = sorted(set(wanted.pools) - repository.owned_pools(session, requester, wanted.pools))
    if strange:
        raise NotFound("pool_unknown", f"{requester} has no pool {strange[0]}: make it with POST /v1/lists")
    if wanted.credentials and services.credentials is None:
        raise Invalid("credentials_absent", "this gateway serves no registry of qualifications: ask for none")


def _profile(session: Session, address: str, now: int) -> Profile:
    found, row = facts(session, address, now), repository.profile(session, address)
    held = [
        CredentialHeld(issuer=issuer, skill_id=skill, level=level)
        for (issuer, skill), level in sorted(found.credentials.items())
    ]
    said: dict[str, Any] = found.profile.model_dump()
    return Profile(
        **said,
        address=address,
        updated_at=row.updated_at if row else None,
        credentials=held,
        accepted=found.accepted,
        rejected=found.rejected,
    )


def _check_unique(given: ProfileIn) -> None:
    codes = [language.code for language in given.languages]
    if len(set(codes)) != len(codes):
        raise Invalid("language_twice", "a language stands twice in the profile: give each with one level")


# ----------------------------------------------------------------------- lists


def own_lists(services: Services, requester: str) -> ListPage:
    with services.reading() as session:
        return ListPage(items=[_view(row, count) for row, count in repository.lists(session, requester)])


def make_list(services: Services, requester: str, wanted: ListIn) -> ListView:
    with services.writing() as session:
        if repository.list_named(session, requester, wanted.name) is not None:
            raise Conflict("list_name_taken", f"you have a list named {wanted.name!r}: add to it, or name another")
        if len(repository.lists(session, requester)) >= _MAX_LISTS:
            raise Conflict("too_many_lists", f"a requester keeps at most {_MAX_LISTS} lists: delete one")
        row = WorkerList(
            list_id=secrets.token_hex(16),
            requester=requester,
            name=wanted.name,
            kind=wanted.kind,
            created_at=time.time(),
        )
        session.add(row)
        return _view(row, 0)


def drop_list(services: Services, requester: str, list_id: str) -> None:
    """Batches kept for a deleted pool are then for nobody else: only for their other pools and named workers."""
    with services.writing() as session:
        row = _own(session, requester, list_id)
        repository.drop_members(session, list_id, None)
        session.delete(row)


def list_members(services: Services, requester: str, list_id: str, cursor: str | None, limit: int) -> MemberPage:
    key = decode_cursor(cursor, (str,))
    with services.reading() as session:
        _own(session, requester, list_id)
        found = repository.members(session, list_id, str(key[0]) if key else None, limit)
    return MemberPage(items=list(found), next_cursor=encode_cursor((found[-1],)) if len(found) == limit else None)


def add_members(services: Services, requester: str, list_id: str, workers: list[str]) -> ListView:
    """Who is on the list already stays on it."""
    with services.writing() as session:
        row = _own(session, requester, list_id)
        new = set(workers) - repository.members_among(session, list_id, workers)
        count = repository.member_count(session, list_id) + len(new)
        if count > MAX_MEMBERS:
            raise Conflict("list_full", f"a list holds at most {MAX_MEMBERS} workers: begin another")
        repository.add_members(session, list_id, sorted(new))
        return _view(row, count)


def drop_members(services: Services, requester: str, list_id: str, workers: list[str]) -> ListView:
    with services.writing() as session:
        row = _own(session, requester, list_id)
        repository.drop_members(session, list_id, workers)
        return _view(row, repository.member_count(session, list_id))


def _own(session: Session, requester: str, list_id: str) -> WorkerList:
    row = repository.worker_list(session, list_id)
    if row is None or row.requester != requester:
        raise NotFound("list_unknown", f"you have no list {list_id}")
    return row


def _view(row: WorkerList, members: int) -> ListView:
    return ListView.model_validate(
        {
            "list_id": row.list_id,
            "name": row.name,
            "kind": row.kind,
            "members": members,
            "created_at": row.created_at,
        }
    )
