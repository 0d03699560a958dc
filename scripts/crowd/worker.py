"""A worker: takes tasks, claims them by signature, answers, submits by signature, and is paid. It never owns gas."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from scripts.crowd.api import Api, ApiError, Json

Answerer = Callable[[Api, Json], Any]
"""From a task (`id`, `content`) to an answer."""
Tick = Callable[[int], None]

PACKET_SIZE = 10
_MOST_NAMED = 50
_ASKED_PACKET = 5
"""Few at a time, so that what they say can save others."""
_ASK_AGAIN_SECONDS = 2.0
_IDLE_ROUNDS = 5
_WAIT_SECONDS = 20
_ROUNDS = 60
_NOTHING_LEFT = ("no_tasks_left", "batch_not_open")
"""Others may have taken, or finished, the rest of the batch meanwhile."""
_CLAIM_IS_AWAY = ("claim_not_on_chain", "not_enough_claimed", "sequence_not_next")


class WorkerStuck(Exception):
    """A packet did not reach the chain, or was refused there."""


def work_any(api: Api, batch_id: str, limit: int, answer: Answerer, tick: Tick) -> int:
    """Takes whatever the gateway gives, up to `limit` assignments; returns how many were submitted."""
    done = 0
    while done < limit:
        try:
            wanted = {"batch_id": batch_id, "count": min(PACKET_SIZE, limit - done)}
            offer = api.post("/v1/work/assignments", wanted)
        except ApiError as error:
            if error.code in _NOTHING_LEFT:
                return done
            raise
        done += _do(api, offer, answer, tick)
    return done


def work_listed(api: Api, batch_id: str, tasks: Sequence[str], answer: Answerer, tick: Tick) -> int:
    """Picks the tasks named, at most ten a packet; fewer once the gateway says that this worker may hold fewer."""
    done, size, left = 0, PACKET_SIZE, list(tasks)
    while left:
        try:
            offer = api.post("/v1/work/assignments", {"batch_id": batch_id, "tasks": left[:size]})
        except ApiError as error:
            if error.code != "signal_limit" or size == 1:
                raise
            size //= 3
            continue
        done += _do(api, offer, answer, tick)
        left = left[size:]
    return done


def work_asked(api: Api, batch_id: str, tasks: Sequence[str], answer: Answerer, tick: Tick) -> int:
    """Answers those of the tasks named that the gateway asks for; returns how many.

    Ends when the batch needs nothing more, or when for a while nobody was at work whose answer could change that.
    """
    done, left, idle = 0, list(tasks), 0
    while left and idle < _IDLE_ROUNDS:
        waits = False
        for start in range(0, len(left), _MOST_NAMED):
            named = left[start : start + _MOST_NAMED]
            try:
                wanted = {"batch_id": batch_id, "tasks": named, "count": _ASKED_PACKET}
                offer = api.post("/v1/work/assignments", wanted)
            except ApiError as error:
                if error.code not in ("no_tasks_left", "no_tasks_now"):
                    raise
                waits |= error.code == "no_tasks_now"
                continue
            done += _do(api, offer, answer, tick)
            left, idle = [task for task in left if task not in offer["tasks"]], 0
            break
        else:
            batch = api.get(f"/v1/batches/{batch_id}")
            if batch["progress"]["tasks_complete"] == batch["progress"]["tasks"]:
                return done
            idle = 0 if waits or batch["claimed"] else idle + 1
            time.sleep(_ASK_AGAIN_SECONDS)
    return done


def _do(api: Api, offer: Json, answer: Answerer, tick: Tick) -> int:
    assert api.wallet is not None  # noqa: S101 - workers have wallets
    path = f"/v1/work/assignments/{offer['assignment_id']}"
    api.post(f"{path}/claim", {"signature": api.wallet.sign_typed(offer["typed_data"])})
    claimed = _until(api, path, "claimed")
    answers = [{"task": task["id"], "answer": answer(api, task)} for task in claimed["tasks"]]
    _submit(api, path, answers)
    _until(api, path, "submitted")
    tick(len(answers))
    return len(answers)


def _submit(api: Api, path: str, answers: Sequence[Json]) -> None:
    """Signs and hands in. A chain that went back may not have the claim just now: the gateway sends it again."""
    assert api.wallet is not None  # noqa: S101 - workers have wallets
    for round_ in range(1, _ROUNDS + 1):
        try:
            draft = api.post(f"{path}/answers", {"answers": answers})
            check_digest(draft["answers"], draft["work_digest"])
            signed = {"work_digest": draft["work_digest"], "signature": api.wallet.sign_typed(draft["typed_data"])}
            api.post(f"{path}/submission", signed)
        except ApiError as error:
            if error.code not in _CLAIM_IS_AWAY or round_ == _ROUNDS:
                raise
            time.sleep(1)
        else:
            return


def _until(api: Api, path: str, status: str) -> Json:
    for _ in range(_ROUNDS):
        found: Json = api.get(path, wait=_WAIT_SECONDS)
        if found["status"] == status:
            return found
        if found["status"] not in ("queued", "submission_queued"):
            raise WorkerStuck(f"{path} is {found['status']} ({found['reason']}) instead of {status}")
    raise WorkerStuck(f"{path} did not become {status} in time")


def check_digest(document: Json, digest: str) -> None:
    """What is signed must be the hash of what was shown; plain documents in canonical form are sorted, compact JSON."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    found = "0x" + hashlib.sha256(text.encode()).hexdigest()
    if found != digest:
        raise WorkerStuck(f"the gateway asks to sign {digest}, what it shows hashes to {found}")
