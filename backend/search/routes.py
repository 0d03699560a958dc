"""Finding batches."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from backend.batches.schemas import BatchPage
from backend.dependencies import TheServices
from backend.paging import MAX_LIMIT
from backend.schemas import AddressText
from backend.search import service
from backend.search.schemas import Filters

router = APIRouter(prefix="/v1/batches", tags=["search"])

Units = Annotated[int, Query(ge=0, lt=2**96)]
Name = Annotated[str | None, Query(min_length=1, max_length=100)]


@router.get("", response_model=BatchPage)
def batches(
    services: TheServices,
    q: Annotated[str | None, Query(max_length=200)] = None,
    status: Literal["open", "ended", "all"] = "open",
    requester: AddressText | None = None,
    task_type: Name = None,
    language: Name = None,
    country: Name = None,
    skill: Name = None,
    held_by: AddressText | None = None,
    min_reward_units: Units = 0,
    min_pay_units_per_hour: Units = 0,
    min_requester_paid: Annotated[int, Query(ge=0, lt=2**53)] = 0,
    min_requester_approval_percent: Annotated[int, Query(ge=0, le=100)] = 0,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
) -> Response:
    """Batches on chain, newest first.

    `q` looks in title, instructions and skills for all of its words; "words in quotes" stand side by side, -word must
    not be there, and begin* is the beginning of a word. `held_by` finds batches that ask for a skill of which the
    address holds a qualification.
    """
    filters = Filters(
        now=services.clock.now(),
        status=status,
        requester=requester,
        task_type=task_type,
        language=language,
        country=country,
        skill=skill,
        held_by=held_by,
        min_reward_units=min_reward_units,
        min_pay_units_per_hour=min_pay_units_per_hour,
        min_requester_paid=min_requester_paid,
        min_requester_approval_percent=min_requester_approval_percent,
    )
    # Written here: handed back as a model, the page would be checked anew and wait for a second thread.
    page = service.page(services, q, filters, cursor, limit)
    return Response(page.model_dump_json(), media_type="application/json")
