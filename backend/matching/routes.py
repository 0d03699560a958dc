"""Matching: own profile, own lists, next work."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from backend.dependencies import SignedIn, TheServices
from backend.idempotency import CreatingRoute
from backend.matching import nextwork, service
from backend.matching.schemas import (
    ListIn,
    ListPage,
    ListView,
    MemberPage,
    MembersIn,
    NextPage,
    Profile,
    ProfileIn,
)
from backend.paging import MAX_LIMIT

router = APIRouter(tags=["matching"], route_class=CreatingRoute)

ListIdPath = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


@router.get("/v1/work/next")
def next_work(
    worker: SignedIn,
    services: TheServices,
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
    explain: bool = False,
) -> NextPage:
    """The best next work for this worker; with `explain`, also what is not for it, and why."""
    return nextwork.next_work(services, worker, limit=limit, explain=explain)


@router.get("/v1/profile")
def profile(worker: SignedIn, services: TheServices) -> Profile:
    """One's own profile, with the record and the credentials that the chain has."""
    return service.read_profile(services, worker)


@router.put("/v1/profile")
def write_profile(body: ProfileIn, worker: SignedIn, services: TheServices) -> Profile:
    """Replaces one's own profile."""
    return service.write_profile(services, worker, body)


@router.delete("/v1/profile", status_code=204)
def forget_profile(worker: SignedIn, services: TheServices) -> None:
    """Deletes one's own profile. What stands on chain stays."""
    service.forget_profile(services, worker)


@router.get("/v1/lists")
def lists(requester: SignedIn, services: TheServices) -> ListPage:
    """One's own pools and block lists."""
    return service.own_lists(services, requester)


@router.post("/v1/lists", status_code=201)
def make_list(body: ListIn, requester: SignedIn, services: TheServices) -> ListView:
    """Begins a pool that batches can be kept for, or a block list that holds for all one's batches."""
    return service.make_list(services, requester, body)


@router.delete("/v1/lists/{list_id}", status_code=204)
def drop_list(list_id: ListIdPath, requester: SignedIn, services: TheServices) -> None:
    """Deletes a list."""
    service.drop_list(services, requester, list_id)


@router.get("/v1/lists/{list_id}/members")
def members(
    list_id: ListIdPath, requester: SignedIn, services: TheServices, cursor: str | None = None, limit: Limit = 100
) -> MemberPage:
    """Who is on a list, by address."""
    return service.list_members(services, requester, list_id, cursor, limit)


@router.post("/v1/lists/{list_id}/members")
def add_members(list_id: ListIdPath, body: MembersIn, requester: SignedIn, services: TheServices) -> ListView:
    """Adds workers to a list."""
    return service.add_members(services, requester, list_id, body.workers)


@router.post("/v1/lists/{list_id}/members/removal")
def drop_members(list_id: ListIdPath, body: MembersIn, requester: SignedIn, services: TheServices) -> ListView:
    """Takes workers off a list."""
    return service.drop_members(services, requester, list_id, body.workers)
