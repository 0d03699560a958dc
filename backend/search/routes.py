"""Finding batches."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from functools import partial

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from backend.batches.schemas import BatchPage
from backend.dependencies import TheServices
from backend.search import service
from backend.search.schemas import Asked, parameters

router = APIRouter(prefix="/v1/batches", tags=["search"])


@router.get("", response_model=BatchPage, openapi_extra={"parameters": parameters()})
async def batches(services: TheServices, request: Request) -> Response:
    """Batches on chain, newest first.

    `q` looks in title, instructions and skills for all of its words; "words in quotes" stand side by side, -word must
    not be there, and begin* is the beginning of a word. `held_by` finds batches that ask for a skill of which the
    address holds a qualification.
    """
    asked = _asked(request)
    look = partial(copy_context().run, service.page, services, asked)
    page = await asyncio.get_running_loop().run_in_executor(services.searchers, look)
    return Response(page, media_type="application/json")


def _asked(request: Request) -> Asked:
    """Read in one go: taken one by one as parameters of the route, they cost as much as the rest of a search."""
    try:
        return Asked.model_validate(dict(request.query_params))
    except ValidationError as error:
        wrong = [{**item, "loc": ("query", *item["loc"])} for item in error.errors(include_url=False)]
        raise RequestValidationError(wrong) from None
