"""Draws reviewers: for each answer that waits, first as many as the batch says, then more where they disagree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session

from backend.draws import enrolment, repository
from backend.draws.deciding import of_drawn
from backend.draws.repository import Given
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


@dataclass(frozen=True, slots=True)
class Drawable:
    """Who had enrolled when the work was handed out, what they weigh (units by name), and who of them is passed over,
    and why."""

    names: list[str]
    weights: dict[str, str]
    excluded: dict[str, str]


Looked = dict[tuple[str, str, str], Drawable]
"""By submission, task and the hash of the block that is drawn from."""


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
            with self._services.reading() as session:
                looked = self._look(session, batch_id, review_batch_id, now)
            if looked is None:
                continue
            with self._services.writing() as session:
                batch, draft = repository.batch(session, batch_id), locked_draft(session, batch_id)
                if batch is not None and draft is not None:
                    count += self._draw(session, batch, draft, review_batch_id, looked, now)
        return count

    def _look(self, session: Session, batch_id: str, review_batch_id: str, now: int) -> Looked | None:
        """Who can be drawn for each answer that has no draw on its block; None if nobody is to be drawn. It asks the
        node and the payload store, so it is done before the lock that others wait for."""
        batch, draft = repository.batch(session, batch_id), repository.draft(session, batch_id)
        review = repository.draft(session, review_batch_id)
        if batch is None or draft is None:
            return None
        candidates = CandidateRules.of(review.review) if review else None
        weights = Weights(self._services, session, candidates, batch.opened_block)
        needs_more, known = More.of(session, batch, draft, review_batch_id, now), _known(session, batch_id)
        found: Looked = {}
        is_due = False
        for item, submission, block in _waiting(session, batch_id, now):
            slot = known.get((submission, item.task))
            if slot is not None and slot.block_hash == block[0]:
                is_due = is_due or bool(needs_more.for_slot(slot))
                continue
            try:
                drawable = self._candidates(session, item, batch, review_batch_id, weights, block[1])
            except (Conflict, PayloadError) as error:
                log.error("enrolment_unreadable", batch_id=batch_id, task=item.task, detail=str(error)[:300])
                continue  # until its file is there again; others are drawn for meanwhile
            found[submission, item.task, block[0]] = drawable
        return found if found or is_due else None

    def _draw(
        self, session: Session, batch: MirrorBatch, draft: Draft, review_batch_id: str, looked: Looked, now: int
    ) -> int:
        needs_more = More.of(session, batch, draft, review_batch_id, now)
        known = _known(session, batch.batch_id)
        told: list[tuple[ReviewSlot, list[str], int]] = []
        for item, submission, block in _waiting(session, batch.batch_id, now):
            slot = known.get((submission, item.task))
            if slot is None or slot.block_hash != block[0]:  # new, or the chain took its block back
                drawable = looked.get((submission, item.task, block[0]))
                if drawable is None:
                    continue  # it is looked at in the next round
                if slot is None:
                    slot = _slot(session, batch.batch_id, review_batch_id, item)
                    known[submission, item.task] = slot
                slot.candidates, slot.weights, slot.excluded = drawable.names, drawable.weights, drawable.excluded
                slot.block_hash, slot.drawn = block[0], []
            fresh = needs_more.for_slot(slot)
            if fresh:
                slot.drawn, slot.drawn_at = [*slot.drawn, *fresh], now
                told.append((slot, fresh, item.review_end))
        session.flush()
        for slot, fresh, end in told:
            data = {"review_batch_id": review_batch_id, "task": slot.slot_id, "review_ends_at": end}
            tell(session, fresh, "ReviewDrawn", batch.batch_id, data, once=f"{slot.slot_id} {slot.block_hash}")
        return sum(len(fresh) for _, fresh, _ in told)

    def _candidates(
        self, session: Session, item: Undecided, batch: MirrorBatch, review_batch_id: str, weights: Weights, now: int
    ) -> Drawable:
        names = enrolment.committed(self._services, item.assignment.tasks_digest) or []
        left = set(names) - {row.reviewer for row in repository.candidates(session, review_batch_id)}
        linked = connected_to(self._services, session, batch.batch_id, item.worker, names)
        submission = str(item.assignment.work_digest)
        found = exclusions(session, batch, review_batch_id, names, item.worker, linked, submission, now)
        units = {name: str(units) for name, units in weights.of(names).items()}
        return Drawable(names, units, dict.fromkeys(sorted(left), "left") | found)


@dataclass(frozen=True, slots=True)
class More:
    """Whom a batch's answers are still to be given to, by the verdicts so far and the time (unix seconds)."""

    rules: DrawRules
    given: Mapping[str, Sequence[Given]]
    patience: int
    now: int

    @classmethod
    def of(cls, session: Session, batch: MirrorBatch, draft: Draft, review_batch_id: str, now: int) -> More:
        patience = Terms.from_json(batch.terms).reviewWindow // PATIENCE
        return cls(DrawRules.of(draft.review), repository.verdicts(session, review_batch_id), patience, now)

    def for_slot(self, slot: ReviewSlot) -> list[str]:
        """Those who are drawn next, if more are needed."""
        verdicts = [each.verdict for each in of_drawn(self.given.get(slot.slot_id, ()), slot)]
        is_waiting = self.now <= slot.drawn_at + self.patience
        return next_drawn(slot, missing(verdicts, len(slot.drawn), self.rules, is_waiting=is_waiting))


def _known(session: Session, batch_id: str) -> dict[tuple[str, str], ReviewSlot]:
    return {(slot.submission, slot.task_id): slot for slot in repository.slots(session, batch_id)}


def _waiting(session: Session, batch_id: str, now: int) -> Iterator[tuple[Undecided, str, tuple[str, int]]]:
    """Answers that can still be decided, each with its submission and the hash and time of the block it came in."""
    for item in answers_of(session, batch_id).undecided:
        submission = str(item.assignment.work_digest)
        block = repository.block_of(session, batch_id, submission)
        if block is not None and item.review_end >= now:
            yield item, submission, block


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
        elif against := unfit(
            refusals(facts(session, name, now), rules), session, name, batch.batch_id, submission, rules
        ):
            found[name] = against[0].code
    return found


def unfit(
    against: Sequence[Reason], session: Session, name: str, batch_id: str, submission: str, rules: BatchRules
) -> list[Reason]:
    """Reasons that nobody but the candidate brought about since the block of the submission."""
    asked_for = {(wanted.issuer, wanted.on_chain) for wanted in rules.needs.credentials}
    is_late = any(reason.code == CREDENTIAL for reason in against) and repository.was_changed_since(
        session, name, asked_for, batch_id, submission
    )
    passing = {*BY_LIST, *BY_RECORD, *([CREDENTIAL] if is_late else [])}
    return [reason for reason in against if reason.code not in passing]


def connected_to(services: Services, session: Session, batch_id: str, worker: str, names: Sequence[str]) -> set[str]:
    """Candidates whom signals of the batch name beside the worker, or whose money has a hand in common with its. Since
    the batch opened only what they sent themselves counts: somebody may want them passed over."""
    looked = services.signals.peek(batch_id)
    found = {name for each in looked.found if each.worker == worker for name in each.partners} if looked else set()
    if names:
        pairs = funding_of(services, session, batch_id, {worker, *names}, judges=set(names) - {worker}).links
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
