"""Proposes by itself where the policy can decide: when a batch is complete, or half of a review window is over."""

from __future__ import annotations

import structlog
from sqlalchemy.orm import Session

from backend.draws.deciding import NAME as DRAWN
from backend.draws.deciding import drawn_of
from backend.errors import GatewayError
from backend.reviews import repository, service
from backend.reviews.completion import is_final
from backend.reviews.judging import AUTOMATIC
from backend.reviews.undecided import answers_of
from backend.rounds import Rounds
from backend.services import Services
from piecework.db.gateway import Draft
from piecework.db.mirror import MirrorBatch
from piecework.domain.messages import Terms

log = structlog.get_logger("reviews")


class Proposer(Rounds):
    """A thread that follows proposals under way and makes new ones."""

    def __init__(self, services: Services) -> None:
        super().__init__("proposer", lambda: services.settings.proposer_poll_seconds, log, "proposer_failed")
        self._services = services
        self._obstacles: dict[str, str] = {}
        """What was told of batches that still wait for a proposal."""

    def run_once(self) -> int:
        """Returns how many proposals were made."""
        now = self._services.clock.now()
        with self._services.reading() as session:
            has_ended = service.has_ended(self._services, session)
        if has_ended:
            with self._services.writing() as session:
                service.follow(self._services, session)
        made = 0
        with self._services.reading() as session:
            rows = repository.candidates(session)
            turns = {batch.batch_id: self._turn(session, batch, draft, now) for batch, draft in rows}
        for batch_id, (is_due, final) in turns.items():
            if not is_due:
                continue
            try:
                made += self._propose(batch_id, now, final=final)
                self._obstacles.pop(batch_id, None)
            except GatewayError as error:
                if self._obstacles.get(batch_id) != error.code:
                    log.info("no_proposal", batch_id=batch_id, code=error.code, detail=error.detail)
                self._obstacles[batch_id] = error.code
        self._obstacles = {batch_id: code for batch_id, code in self._obstacles.items() if batch_id in turns}
        return made

    def _propose(self, batch_id: str, now: int, *, final: bool) -> bool:
        """Whether it is still its turn under the lock: somebody may have been handed a task meanwhile."""
        with self._services.reading() as session:
            found = repository.batch(session, batch_id)
        if found is None:
            return False
        ahead = service.look_ahead(self._services, found)
        ahead = service.prepare(self._services, batch_id, None, final=final, ahead=ahead)
        with self._services.writing() as session:
            batch, draft = repository.batch(session, batch_id), repository.locked_draft(session, batch_id)
            if batch is None or draft is None:
                return False
            is_due, final = self._turn(session, batch, draft, now, newest=True)
            if not is_due:
                return False
            row = service.build(self._services, session, batch, None, final=final, ahead=ahead)
            log.info("proposed", batch_id=batch_id, nonce=row.nonce, workers=len(row.verdicts))
        return True

    def _turn(
        self, session: Session, batch: MirrorBatch, draft: Draft, now: int, *, newest: bool = False
    ) -> tuple[bool, bool]:
        """Whether to propose now, and whether that file is the last one."""
        if draft.review["policy"] not in AUTOMATIC:
            return False, False
        if draft.review["policy"] == DRAWN:
            return self._drawn_turn(session, batch, draft, now), False
        if is_final(self._services, session, batch, draft, now, newest=newest):
            return True, True
        review_end = repository.earliest_review_end(session, batch.batch_id)
        return self._half_over(review_end, batch.terms, now), False

    def _drawn_turn(self, session: Session, batch: MirrorBatch, draft: Draft, now: int) -> bool:
        """Once drawn reviewers are through with all that waits; from half of a window on with what they decided."""
        drawn, waiting = drawn_of(session, draft), answers_of(session, batch.batch_id).undecided
        decisions, keys = drawn.decisions(), [(item.task, item.worker) for item in waiting]
        if not any(key in decisions for key in keys):
            return False
        end = min(item.review_end for item in waiting)
        return all(drawn.is_settled(key) for key in keys) or self._half_over(end, batch.terms, now)

    def _half_over(self, review_end: int | None, terms: dict[str, object], now: int) -> bool:
        if review_end is None:
            return False
        return now > review_end - Terms.from_json(terms).reviewWindow // 2
