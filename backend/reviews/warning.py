"""Says in time that a review window runs out: to reviewers and requester, before silence pays."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session

from backend.notices import repository as notices
from backend.notices.telling import tell
from backend.reviews import repository
from backend.reviews.panels import panel_of
from backend.rounds import Rounds
from backend.services import Services
from piecework.db.mirror import MirrorBatch
from piecework.db.revisions import ReviewWarning
from piecework.domain.messages import Terms

log = structlog.get_logger("reviews")

NAME = "ReviewWindowEnding"
_PART = 4
"""The last quarter of a window is its end; within a quarter of that a batch is announced once."""
LONGEST_LEAD_SECONDS = 30 * 86_400 // _PART


def lead_seconds(terms: Terms) -> int:
    """How long before its end a window is announced."""
    return terms.reviewWindow // _PART


@dataclass(frozen=True, slots=True)
class Ending:
    """Answers of one batch whose windows end from `first` to `last`, and were not announced."""

    first: int
    last: int
    answers: int
    workers: int


class Herald(Rounds):
    """A thread that announces windows; any number of gateways may run it on one database."""

    def __init__(self, services: Services) -> None:
        super().__init__("herald", lambda: services.settings.review_warning_poll_seconds, log, "herald_failed")
        self._services = services

    def run_once(self) -> int:
        """Returns how many batches were announced."""
        now, count = self._services.clock.now(), 0
        with self._services.reading() as session:
            due = repository.batches_ending(session, now, now + LONGEST_LEAD_SECONDS)
            due = [batch_id for batch_id in due if self._ending(session, batch_id, now)]
        for batch_id in due:
            with self._services.writing() as session:
                notices.lock(session)  # before looking again, so that of two gateways one announces
                found, batch = self._ending(session, batch_id, now), repository.batch(session, batch_id)
                if found is not None and batch is not None:
                    self._announce(session, batch, found, now)
                    count += 1
        return count

    def _ending(self, session: Session, batch_id: str, now: int) -> Ending | None:
        """None if nothing is to be announced now."""
        batch = repository.batch(session, batch_id)
        if batch is None:
            return None
        lead = lead_seconds(Terms.from_json(batch.terms))
        before = repository.last_warning(session, batch_id)
        if before is not None and now < before.announced_at + lead // _PART:
            return None
        covered = before.covers_until if before is not None else 0
        ends = []
        for tally in repository.tallies(session, batch_id).values():
            for count, end in ((tally.old_lot, tally.old_review_end), (tally.young_lot, tally.young_review_end)):
                if count > 0 and max(now, covered + 1) <= end <= now + lead:
                    ends.append((end, count, tally.worker))
        if not ends:
            return None
        return Ending(min(ends)[0], max(ends)[0], sum(end[1] for end in ends), len({end[2] for end in ends}))

    def _announce(self, session: Session, batch: MirrorBatch, found: Ending, now: int) -> None:
        row = ReviewWarning(
            batch_id=batch.batch_id,
            covers_until=found.last,
            review_ends_at=found.first,
            answers=found.answers,
            workers=found.workers,
            announced_at=now,
        )
        session.add(row)
        session.flush()
        told = {"review_ends_at": found.first, "answers": found.answers, "workers": found.workers}
        recipients = [batch.requester, *panel_of(self._services, batch.reviewer).members]
        tell(session, recipients, NAME, batch.batch_id, told, once=f"{batch.batch_id} {found.last}")
