"""Parts of a batch's tasks: kept until they expire, so that whatever is cut off goes on with the parts that miss."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.batches import turns
from backend.batches.schemas import TaskIn
from backend.errors import Conflict, Invalid, NotFound
from backend.services import Services
from backend.uploads import repository
from backend.uploads.repository import Place
from backend.uploads.room import counted, make_room
from backend.uploads.schemas import PartIn, UploadView
from piecework.db.gateway import TaskUploadPart
from piecework.domain.canonical import NotCanonical, canonical_bytes

_MAX_TASKS = 50_000


def put(services: Services, requester: str, network: str, upload_id: str, number: int, body: PartIn) -> UploadView:
    """Keeps a part; the same part again changes nothing. `network`: where it comes from.

    Raises Conflict for another one, Invalid beyond the requester's limit, NoRoom beyond the gateway's, TooMany for who
    has not paid for earlier ones yet.
    """
    turns.charge(services, requester, network, len(body.tasks))
    return _put(services, requester, network, upload_id, number, body)


def _put(services: Services, requester: str, network: str, upload_id: str, number: int, body: PartIn) -> UploadView:
    content = body.model_dump()
    try:
        data = canonical_bytes(content)
    except NotCanonical as error:
        raise Invalid("document_refused", str(error)) from error
    digest = hashlib.sha256(data).hexdigest()
    now = time.time()
    try:
        with services.writing() as session:
            repository.lock(session)
            repository.remove_expired(session, now)
            found = repository.part(session, requester, upload_id, number)
            if found is None:
                _check_room(services, session, requester, len(data))
                make_room(services, session, counted(len(data)), network, Place(requester, upload_id))
                row = TaskUploadPart(
                    requester=requester, upload_id=upload_id, number=number, digest=digest, tasks=len(body.tasks),
                    size=len(data), network=network, counted_bytes=counted(len(data)), content=content,
                    expires_at=now + services.settings.upload_lifetime_seconds,
                )  # fmt: skip
                session.add(row)
                session.flush()
            elif found.digest != digest:
                detail = f"part {number} of upload {upload_id} is another one: take a new upload id for other tasks"
                raise Conflict("part_differs", detail)
    except IntegrityError:
        # The same part at the same moment: one of the two is kept, and this one is compared with it.
        return _put(services, requester, network, upload_id, number, body)
    return view(services, requester, upload_id)


def _check_room(services: Services, session: Session, requester: str, size: int) -> None:
    most = services.settings.max_upload_bytes
    held = repository.held_bytes(session, requester)
    if held + size > most:
        detail = (
            f"your uploads hold {held} bytes, with this part more than {most}: remove one that you need no more "
            "(DELETE /v1/task-uploads/ID), or make several batches"
        )
        raise Invalid("upload_too_large", detail)


def view(services: Services, requester: str, upload_id: str) -> UploadView:
    """Raises NotFound if there is nothing, or nothing any more."""
    with services.reading() as session:
        rows = [row for row in repository.parts(session, requester, upload_id) if row.expires_at >= time.time()]
    if not rows:
        raise NotFound("upload_unknown", f"there is no upload {upload_id} of yours: send its parts")
    return UploadView(
        upload_id=upload_id,
        parts=[row.number for row in rows],
        tasks=sum(row.tasks for row in rows),
        bytes=sum(row.size for row in rows),
        expires_at=min(row.expires_at for row in rows),
    )


def remove(services: Services, requester: str, upload_id: str) -> None:
    """Raises NotFound."""
    view(services, requester, upload_id)
    with services.writing() as session:
        repository.remove(session, requester, upload_id)


def note_used(services: Services, requester: str, upload_id: str) -> None:
    """A batch was drafted from it: it is the first to go where room is short."""
    with services.writing() as session:
        repository.note_used(session, requester, upload_id)


def collected(services: Services, requester: str, upload_id: str) -> tuple[list[TaskIn], dict[str, Any]]:
    """All tasks and known answers. Raises NotFound, Conflict while a part is missing, Invalid for too many tasks."""
    found = view(services, requester, upload_id)
    if found.parts != list(range(len(found.parts))):
        missing = next(number for number in range(len(found.parts)) if number not in found.parts)
        raise Conflict("upload_incomplete", f"part {missing} of upload {upload_id} is missing: send it first")
    if found.tasks > _MAX_TASKS:
        raise Invalid("too_many_tasks", f"upload {upload_id} has {found.tasks} tasks, a batch takes {_MAX_TASKS}")
    tasks: list[TaskIn] = []
    known: dict[str, Any] = {}
    with services.reading() as session:
        for (content,) in repository.contents(session, requester, upload_id):
            tasks += [TaskIn.model_construct(**task) for task in content["tasks"]]
            known |= content["known"]
    return tasks, known
