"""A draft's tasks, from its body or from an upload."""

from __future__ import annotations

from typing import Any

from backend.batches import service, turns
from backend.batches.schemas import DraftBody, DraftIn, DraftView, DraftWords, TaskIn
from backend.errors import Invalid
from backend.services import Services
from backend.uploads.service import collected, note_used, view


def draft(services: Services, requester: str, network: str, body: DraftBody) -> DraftView:
    """Drafts the batch; an upload that it came from may go then. Raises what `whole` and drafting raise."""
    wanted = whole(services, requester, body, network)
    found = service.draft(services, requester, network, wanted)
    if body.tasks_upload is not None:
        note_used(services, requester, body.tasks_upload)
    return found


def whole(services: Services, requester: str, body: DraftBody, network: str) -> DraftIn:
    """The batch with its tasks, which are paid for.

    Raises Invalid for tasks from nowhere or from two places, TooMany, and what `collected` raises.
    """
    if body.tasks_upload is None:
        if body.tasks is None:
            raise Invalid("tasks_missing", "a batch has tasks: give them, or the upload that holds them (tasks_upload)")
        turns.charge(services, requester, network, len(body.tasks))
        return _joined(body, body.tasks, {})
    if body.tasks is not None:
        raise Invalid("tasks_twice", "give tasks or tasks_upload, not both")
    turns.charge(services, requester, network, view(services, requester, body.tasks_upload).tasks)
    return _joined(body, *collected(services, requester, body.tasks_upload))


def _joined(body: DraftBody, tasks: list[TaskIn], known: dict[str, Any]) -> DraftIn:
    """Of what was checked when it came in: nothing is checked twice."""
    twice = next((task_id for task_id in known if task_id in (body.gold or {})), None)
    if twice is not None:
        raise Invalid("gold_twice", f"the answer to {twice} is known from the upload and from gold: give it once")
    words = {name: getattr(body, name) for name in DraftWords.model_fields}
    words["gold"] = {**(body.gold or {}), **known} or None
    return DraftIn.model_construct(**words, tasks=tasks)
