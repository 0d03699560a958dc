"""Asks the operator's model about answers that wait, in batches whose requester wants it. Nothing waits for it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import structlog

from backend.prechecks import repository
from backend.prechecks.endpoint import Endpoint, NoNote, NotAboutThis
from backend.reviews.undecided import answers_of
from backend.rounds import Rounds
from backend.services import Services
from piecework.db.prechecks import PreCheck

log = structlog.get_logger("prechecks")

MAX_ATTEMPTS = 3
"""About one answer."""
_AT_ONCE = 20
_AGAIN_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class _Asked:
    batch_id: str
    submission: str
    task: str
    instructions: str
    content: Any
    answer: Any


class PreChecker(Rounds):
    """A thread of rounds; without an endpoint it does nothing. After failures it pauses longer and longer."""

    def __init__(self, services: Services) -> None:
        super().__init__("prechecks", self._pause, log, "prechecks_failed")
        self._services = services
        self._endpoint = services.precheck_endpoint
        self._failures = 0

    def start(self) -> None:
        if self._endpoint is not None:
            super().start()

    def told_of(self, error: Exception) -> dict[str, str]:
        """Without the detail, which could hold the endpoint's key."""
        return {"error": type(error).__name__}

    def _pause(self) -> float:
        pause: float = self._services.settings.precheck_poll_seconds
        return min(_LONGEST_PAUSE_SECONDS, pause * 2.0 ** min(self._failures, 12))

    def run_once(self) -> int:
        """Returns how many notes were written."""
        if self._endpoint is None:
            return 0
        count = 0
        for asked in self._due():
            if self._stop.is_set() or not self._claim(self._endpoint, asked):
                continue
            try:
                note = self._endpoint.ask(asked.instructions, asked.content, asked.answer)
            except NotAboutThis as error:
                log.warning("no_pre_check", batch_id=asked.batch_id, task=asked.task, why=str(error))
                continue  # no answer keeps the others from being looked at
            except NoNote as error:
                self._failures += 1
                log.warning("no_pre_check", batch_id=asked.batch_id, task=asked.task, why=str(error))
                break  # the endpoint may be down: the others wait for the next round
            self._failures = 0
            with self._services.writing() as session:
                row = repository.check(session, asked.batch_id, asked.submission, asked.task)
                if row is not None:
                    row.likely, row.note = note.likely, note.text
                    count += 1
        return count

    def _due(self) -> list[_Asked]:
        found = []
        with self._services.reading() as session:
            for draft in repository.waiting_batches(session):
                if not draft.review.get("pre_check"):
                    continue
                known = repository.of_batch(session, draft.batch_id)
                for item in answers_of(session, draft.batch_id).undecided:
                    submission = str(item.assignment.work_digest)
                    if not _is_due(known.get((submission, item.task))):
                        continue
                    task = repository.task(session, draft.batch_id, item.task)
                    content = task.content if task else {}
                    found.append(
                        _Asked(draft.batch_id, submission, item.task, draft.instructions, content, item.answer)
                    )
                    if len(found) == _AT_ONCE:
                        return found
        return found

    def _claim(self, endpoint: Endpoint, asked: _Asked) -> bool:
        """Whether it is ours to ask: of gateways on one database one asks at a time."""
        with self._services.writing() as session:
            row = repository.check(session, asked.batch_id, asked.submission, asked.task)
            if not _is_due(row):
                return False
            if row is None:
                row = PreCheck(
                    batch_id=asked.batch_id, submission=asked.submission, task_id=asked.task, model="", attempts=0
                )
                session.add(row)
            row.model, row.attempts, row.asked_at = endpoint.model[:200], row.attempts + 1, time.time()
        return True


def _is_due(row: PreCheck | None) -> bool:
    if row is None:
        return True
    return row.likely is None and row.attempts < MAX_ATTEMPTS and row.asked_at + _AGAIN_SECONDS < time.time()
