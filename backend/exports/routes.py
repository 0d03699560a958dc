"""Results as files: streamed, and gone on with where they broke off."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse, StreamingResponse

from backend.clients import network_of
from backend.dependencies import TheServices
from backend.exports import service
from backend.schemas import DigestText
from backend.streams import paced

router = APIRouter(prefix="/v1/batches", tags=["exports"])

_WRITERS = {
    "jsonl": (service.json_lines, "application/x-ndjson", "jsonl"),
    "csv": (service.task_table, "text/csv; charset=utf-8", "csv"),
    "answers-csv": (service.answer_table, "text/csv; charset=utf-8", "answers.csv"),
    "label-studio": (service.label_studio, "application/json", "label-studio.json"),
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/x-ndjson": {}, "text/csv": {}, "application/json": {}}}
}


@router.get("/{batch_id}/export", response_class=StreamingResponse, responses=_FILE)
def export(
    request: Request,
    batch_id: DigestText,
    services: TheServices,
    wanted: Annotated[Literal["jsonl", "csv", "answers-csv", "label-studio"], Query(alias="format")] = "jsonl",
    after: Annotated[str | None, Query(max_length=64, description="The last task that you have whole.")] = None,
) -> StreamingResponse:
    """Every task with its label, and the answers that results files judge, in the batch's order."""
    network = network_of(request.scope)
    found = service.opened(services, batch_id, after, network)
    write, media_type, ending = _WRITERS[wanted]
    name = f"piecework-{batch_id[2:10]}.{ending}"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "piecework-tasks": str(found.tasks),
        "piecework-results": found.version,
    }
    lines = paced(services, network, iter(write(services, found)))
    return StreamingResponse(lines, media_type=media_type, headers=headers)


@router.get("/{batch_id}/label-studio.xml", response_class=PlainTextResponse)
def label_studio_config(batch_id: DigestText, services: TheServices) -> PlainTextResponse:
    """The labelling interface for the batch's export to Label Studio."""
    return PlainTextResponse(service.label_studio_config(services, batch_id))
