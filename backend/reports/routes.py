"""Reports, as JSON or as a page: `?format=html`, or an Accept header that prefers HTML."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import HTMLResponse, JSONResponse

from backend.dependencies import SignedIn, TheServices
from backend.reports import batch_report, requester_page, worker_page, worker_report
from backend.reports.markup import policy
from backend.reports.negotiation import prefers_html
from backend.reports.schemas import RequesterReport, WorkerReport
from backend.reports.style import STYLE
from backend.schemas import DigestText

router = APIRouter(prefix="/v1", tags=["reports"])

_HEADERS = {"Vary": "Accept, Authorization", "Cache-Control": "private, no-store"}
_PAGE_HEADERS = {
    **_HEADERS,
    "Content-Security-Policy": policy(STYLE),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_PAGE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}


def wants_html(
    accept: Annotated[str | None, Header(max_length=1_000)] = None,
    wanted: Annotated[Literal["json", "html"] | None, Query(alias="format")] = None,
) -> bool:
    """What `format` says, else what Accept prefers; JSON where it says nothing."""
    return wanted == "html" if wanted else prefers_html(accept or "")


AsHtml = Annotated[bool, Depends(wants_html)]


@router.get("/batches/{batch_id}/report", response_model=RequesterReport, responses=_PAGE)
def batch(batch_id: DigestText, requester: SignedIn, services: TheServices, as_html: AsHtml) -> Response:
    """What the batch's work came to so far; for its requester."""
    found = batch_report.report(services, requester, batch_id)
    return _page(requester_page.render(found)) if as_html else _json(found)


@router.get("/workers/me/report", response_model=WorkerReport, responses=_PAGE)
def own(worker: SignedIn, services: TheServices, as_html: AsHtml) -> Response:
    """The signed-in worker's record, measured skill, and rejections with what to do about them."""
    found = worker_report.report(services, worker)
    return _page(worker_page.render(found)) if as_html else _json(found)


def _page(text: str) -> Response:
    return HTMLResponse(text, headers=_PAGE_HEADERS)


def _json(found: RequesterReport | WorkerReport) -> Response:
    return JSONResponse(found.model_dump(mode="json"), headers=_HEADERS)
