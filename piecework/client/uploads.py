"""Many tasks to a gateway: in parts under a name that follows from them, so that what was sent is not sent again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from piecework.client.errors import GatewayRefused
from piecework.client.tasks import TaskList
from piecework.client.transport import Transport

TASKS_AT_ONCE = 1_000
"""Below, they go with the draft."""
BYTES_AT_ONCE = 2_000_000
_NOT_FOUND = 404
Tell = Callable[[int, int], None]


async def send(http: Transport, listed: TaskList, tell: Tell) -> str:
    """The upload's id, when all is there. Raises GatewayRefused, GatewayUnreachable; what was sent is kept there."""
    cut = list(parts(listed))
    upload_id = _name(cut)
    try:
        there = set((await http.get(f"/v1/task-uploads/{upload_id}"))["parts"])
    except GatewayRefused as error:
        if error.status != _NOT_FOUND:
            raise
        there = set()
    done, total = 0, len(listed.tasks)
    for number, part in enumerate(cut):
        if number not in there:
            await http.put(f"/v1/task-uploads/{upload_id}/parts/{number}", part)
        done += len(part["tasks"])
        tell(done, total)
    return upload_id


def is_large(listed: TaskList) -> bool:
    """Whether the tasks are better sent in parts."""
    return len(listed.tasks) > TASKS_AT_ONCE or sum(len(json.dumps(task)) for task in listed.tasks) > BYTES_AT_ONCE


def parts(listed: TaskList) -> Iterator[dict[str, Any]]:
    """Bodies of parts: the same tasks make the same ones."""
    tasks: list[dict[str, Any]] = []
    size = 0
    for task in listed.tasks:
        own = len(json.dumps(task))
        if tasks and (len(tasks) == TASKS_AT_ONCE or size + own > BYTES_AT_ONCE):
            yield _part(tasks, listed)
            tasks, size = [], 0
        tasks.append(task)
        size += own
    if tasks:
        yield _part(tasks, listed)


def _part(tasks: list[dict[str, Any]], listed: TaskList) -> dict[str, Any]:
    known = {task["id"]: listed.known[task["id"]] for task in tasks if task["id"] in listed.known}
    return {"tasks": tasks, "known": known}


def _name(cut: list[dict[str, Any]]) -> str:
    whole = hashlib.sha256()
    for part in cut:
        whole.update(hashlib.sha256(json.dumps(part, sort_keys=True).encode()).digest())
    return whole.hexdigest()
