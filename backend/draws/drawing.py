"""Draws reviewers: for each answer that waits, first as many as the batch says, then more where they disagree."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy.orm import Session

from backend.draws import enrolment, repository
from backend.draws.deciding import of_drawn
from backend.draws.standing import Weights
from backend.errors import Conflict
from backend.ipfs.port import PayloadError
from backend.matching.eligibility import BY_LIST, BY_RECORD, CREDENTIAL, BatchRules, refusals
from backend.matching.repository import needs
from backend.matching.schemas import Reason
from backend.matching.service import facts, needs_of
from backend.notices.telling import tell
from backend.reviews.repository import locked_draft
from backend.reviews.undecided import Undecided, answers_of
from backend.rounds import Rounds
from backend.services import Services
from backend.signals.funding import funding_of
from piecework.db.draws import ReviewSlot
from piecework.db.gateway import Draft
from piecework.db.mirror import MirrorBatch
from piecework.domain.draw import CandidateRules, DrawRules, missing, ranked
from piecework.domain.messages import Terms

log = structlog.get_logger("draws")

PATIENCE = 6
"""A drawn reviewer who says nothing in this part of the review window gets another beside it."""


class Drawer(Rounds):
    """A thread of rounds; any number of gateways may run it on one database."""

    def __init__(self, services: Services) -> None:
        super().__init__("drawer", lambda: services.settings.proposer_poll_seconds, log, "drawer_failed")
        self._services = services

    def run_once(self) -> int:
        """Returns how many reviewers were drawn."""
        now, count = self._services.clock.now(), 0
        with self._services.reading() as session:
            due = [(batch.batch_id, link.review_batch_id) for batch, link in repository.under_review(session)]
        for batch_id, review_batch_id in due:
            with self._services.writing() as session:
                batch, draft = repository.batch(session, batch_id), locked_draft(session, batch_id)
                if batch is not None and draft is not None:
                    count += self._draw(session, batch, draft, review_batch_id, now)
        return count

    def _draw(self, session: Session, batch: MirrorBatch, draft: Draft, review_batch_id: str, now: int) -> int:
        rules = DrawRules.of(draft.review)
        known = {(slot.submission, slot.task_id): slot for slot in repository.slots(session, batch.batch_id)}
        given = repository.verdicts(session, review_batch_id)
        patience = Terms.from_json(batch.terms).reviewWindow // PATIENCE
        review = repository.draft(session, review_batch_id)
        candidates = CandidateRules.of(review.review) if review else None
        weights = Weights(self._services, session, candidates, batch.opened_block)
        told: list[tuple[ReviewSlot, list[str], int]] = []
        for item in answers_of(session, batch.batch_id).undecided:
            block = repository.block_of(session, batch.batch_id, str(item.assignment.work_digest))
            if block is None or item.review_end < now:
                continue
            slot = known.get((str(item.assignment.work_digest), item.task))
            if slot is None:
                slot = _slot(session, batch.batch_id, review_batch_id, item)
                known[(slot.submission, slot.task_id)] = slot
            if slot.block_hash != block[0]:  # new, or the chain took its block back: the draw stands on what stands
                try:
                    self._candidates(session, slot, batch, weights, item.assignment.tasks_digest, block[1])
                except (Conflict, PayloadError) as error:
                    log.error("enrolment_unreadable", batch_id=batch.batch_id, task=item.task, detail=str(error)[:300])
                    continue  # until its file is there again; others are drawn for meanwhile
                slot.block_hash, slot.drawn = block[0], []
            verdicts = [each.verdict for each in of_drawn(given.get(slot.slot_id, ()), slot)]
            more = missing(verdicts, len(slot.drawn), rules, is_waiting=now <= slot.drawn_at + patience)
            fresh = next_drawn(slot, more)
            if fresh:
                slot.drawn, slot.drawn_at = [*slot.drawn, *fresh], now
                told.append((slot, fresh, item.review_end))
        session.flush()
        for slot, fresh, end in told:
            data = {"review_batch_id": review_batch_id, "task": slot.slot_id, "review_ends_at": end}
            tell(session, fresh, "ReviewDrawn", batch.batch_id, data, once=f"{slot.slot_id} {slot.block_hash}")
        return sum(len(fresh) for _, fresh, _ in told)

    def _candidates(
        self, session: Session, slot: ReviewSlot, batch: MirrorBatch, weights: Weights, tasks_digest: str, now: int
    ) -> None:
        """Who had enrolled when the work was handed out, what they weigh, and who of them is passed over, and why."""
        names = enrolment.committed(self._services, tasks_digest) or []
        left = set(names) - {row.reviewer for row in repository.candidates(session, slot.review_batch_id)}
        linked = connected_to(self._services, session, batch.batch_id, slot.worker, names)
        slot.candidates = names
        slot.weights = {name: str(units) for name, units in weights.of(names).items()}
        found = exclusions(session, batch, slot.review_batch_id, names, slot.worker, linked, slot.submission, now)
        slot.excluded = dict.fromkeys(sorted(left), "left") | found


def next_drawn(slot: ReviewSlot, count: int) -> list[str]:
    """The next of the ranking, without those who are passed over."""
    if count == 0:
        return []
    weights = {name: int(slot.weights[name]) if slot.weights else 1 for name in slot.candidates}
    order = ranked(slot.block_hash, slot.submission, slot.task_id, weights)
    open_to = [name for name in order if name not in slot.excluded and name not in slot.drawn]
    return open_to[:count]


def exclusions(
    session: Session,
    batch: MirrorBatch,
    review_batch_id: str,
    names: Sequence[str],
    worker: str,
    linked: set[str],
    submission: str,
    now: int,
) -> dict[str, str]:
    """Never the worker itself, nobody known to be connected to it, never the requester, nobody unfit. What others can
    change counts as it was before the block: now they know it, and could strike off whom they do not like."""
    rules = BatchRules(review_batch_id, batch.requester, needs_of(needs(session, review_batch_id)))
    found = {}
    for name in names:
        if name == worker:
            found[name] = "own_answer"
        elif name == batch.requester:
            found[name] = "requester"
        elif name in linked:
            found[name] = "connected"
        elif against := unfit(refusals(facts(session, name, now), rules), session, name, submission):
            found[name] = against[0].code
    return found


def unfit(against: Sequence[Reason], session: Session, name: str, submission: str) -> list[Reason]:
    """Reasons that nobody but the candidate brought about since the block of the submission."""
    is_late = any(r.code == CREDENTIAL for r in against) and repository.was_revoked_since(session, name, submission)
    passing = {*BY_LIST, *BY_RECORD, *([CREDENTIAL] if is_late else [])}
    return [reason for reason in against if reason.code not in passing]


def connected_to(services: Services, session: Session, batch_id: str, worker: str, names: Sequence[str]) -> set[str]:
    """Candidates whom signals of the batch name beside the worker, or whose money has a hand in common with its. What
    they were sent since the batch opened does not count: somebody may want them passed over."""
    looked = services.signals.peek(batch_id)
    found = {name for each in looked.found if each.worker == worker for name in each.partners} if looked else set()
    if names:
        pairs = funding_of(services, session, batch_id, {worker, *names}, judges=names).links
        found |= {name for pair in pairs if worker in pair for name in pair}
    return found - {worker}


def _slot(session: Session, batch_id: str, review_batch_id: str, item: Undecided) -> ReviewSlot:
    slot = ReviewSlot(
        review_batch_id=review_batch_id,
        slot_id=slot_name(repository.slot_count(session, review_batch_id) + 1),
        batch_id=batch_id,
        task_id=item.task,
        worker=item.worker,
        submission=str(item.assignment.work_digest),
        block_hash="",
        candidates=[],
        weights={},
        excluded={},
        drawn=[],
        drawn_at=0,
    )
    session.add(slot)
    session.flush()
    return slot


def slot_name(number: int) -> str:
    """Of the `number`-th task of a review batch, from 1."""
    return f"r{number:06d}"
