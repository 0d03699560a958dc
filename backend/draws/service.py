"""The review batch of a batch, who enrols for it, and what was drawn."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.batches import service as batches
from backend.batches import turns
from backend.batches.schemas import DraftIn, TaskIn
from backend.draws import repository
from backend.draws.deciding import NAME, drawn_of
from backend.draws.drawing import slot_name
from backend.draws.guarding import tasks_for
from backend.draws.schemas import (
    ANSWER_SCHEMA,
    CandidacyView,
    CandidatesIn,
    DrawList,
    DrawnReview,
    DrawnReviews,
    DrawView,
    EnrolmentReceipt,
    PaidReviewIn,
    ReviewBatchIn,
    ReviewBatchView,
    VerdictView,
)
from backend.draws.standing import FIT, PAID, Kind, Weights
from backend.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.matching.service import check_eligible
from backend.reviews.service import require_reviewer
from backend.reviews.undecided import answers_of
from backend.services import Services
from piecework.db.draws import DrawCandidate, ReviewLink
from piecework.db.gateway import Draft
from piecework.domain.draw import CandidateRules, DrawRules
from piecework.domain.enrolment import enrolment
from piecework.domain.messages import Terms

MAX_SLOTS = 50_000
"""Answers that one batch with drawn reviewers may have: tasks of one review batch."""
_YEAR = 31_536_000


def draft_review_batch(
    services: Services, requester: str, network: str, batch_id: str, wanted: ReviewBatchIn
) -> ReviewBatchView:
    """Drafts the batch that pays the reviewers; funded like any other. Replaces a draft that was not funded."""
    with services.reading() as session:
        draft = _own_draft(session, requester, batch_id)
        _refuse_second(session, batch_id)
    rules, terms = DrawRules.of(draft.review), Terms.from_json(draft.terms)
    candidates = _candidates(requester, wanted)
    known = _check_known(services, candidates, rules)
    answers = draft.tasks * draft.answers_per_task
    if answers > MAX_SLOTS:
        raise Invalid("too_many_answers", f"{answers} answers, {MAX_SLOTS} can have drawn reviewers: split the batch")
    turns.charge(services, requester, network, answers)
    left = terms.claimBy + terms.lease + terms.reviewWindow - services.clock.now()
    body = DraftIn(
        title=f"Review: {draft.title}"[:200],
        instructions=_INSTRUCTIONS,
        task_type="choice",
        answer_schema=ANSWER_SCHEMA,
        tasks=[TaskIn(id=slot_name(n), content={"reviews": batch_id, "number": n}) for n in range(1, answers + 1)],
        answers_per_task=rules.most,
        reward_units=wanted.reward_units,
        reserve_units=wanted.reserve_units,
        reviewer=terms.reviewer,
        claim_period_seconds=max(60, min(left, _YEAR)),
        lease_seconds=wanted.lease_seconds,
        estimated_seconds_per_task=wanted.estimated_seconds_per_task,
        needs=wanted.needs,
        review=PaidReviewIn(policy="agreement", candidates=candidates),
    )
    found = batches.draft(services, requester, network, body)
    with services.writing() as session:
        _refuse_second(session, batch_id)
        session.merge(ReviewLink(batch_id=batch_id, review_batch_id=found.batch_id))
    told = {"candidates": candidates, "known_reviewers": known, "risk": _risk(wanted, candidates)}
    return ReviewBatchView.model_validate(found.model_dump() | told)


def _candidates(requester: str, wanted: ReviewBatchIn) -> CandidatesIn:
    """Addresses cost nothing: without proofs that do, those can be drawn whom the requester paid for good work."""
    needs = wanted.needs.kept()
    kind: Kind = wanted.candidates or (FIT if needs.credentials or needs.only_named else PAID)
    if kind == FIT and wanted.also_paid_by:
        detail = "also_paid_by names whose pay counts, and with candidates 'fit' no pay does: leave one of the two out"
        raise Invalid("candidates_unclear", detail)
    paid_by = sorted({requester, *wanted.also_paid_by}) if kind == PAID else []
    return CandidatesIn(kind=kind, paid_by=paid_by)


def _check_known(services: Services, candidates: CandidatesIn, rules: DrawRules) -> int | None:
    """Raises Conflict where fewer could be drawn than judge each answer: all work would be paid unseen."""
    if candidates.kind == FIT:
        return None
    with services.reading() as session:
        rules_of = CandidateRules(candidates.kind, tuple(candidates.paid_by))
        known = Weights(services, session, rules_of, None).known()
    if known < rules.reviewers:
        detail = (
            f"{known} addresses were paid for accepted work by {', '.join(candidates.paid_by)}, and {rules.reviewers} "
            "judge each answer: name requesters whose workers you trust (also_paid_by), ask for credentials, pools or "
            "names (needs), or let anybody judge who fits needs (candidates: 'fit'). " + _ANYBODY
        )
        raise Conflict("reviewers_unknown", detail, known_reviewers=known, reviewers=rules.reviewers)
    return known


def _risk(wanted: ReviewBatchIn, candidates: CandidatesIn) -> str | None:
    needs = wanted.needs.kept()
    return _ANYBODY if candidates.kind == FIT and not (needs.credentials or needs.only_named) else None


def enrol(services: Services, reviewer: str, batch_id: str) -> CandidacyView:
    """From now on one can be drawn, if one is fit for the review batch and weighs anything."""
    now = services.clock.now()
    with services.writing() as session:
        link = _link(session, batch_id)
        draft, review = repository.draft(session, batch_id), repository.draft(session, link.review_batch_id)
        assert draft is not None and review is not None  # noqa: S101 - linked
        check_eligible(session, link.review_batch_id, draft.requester, reviewer, now)
        weight = checked_weight(services, session, batch_id, CandidateRules.of(review.review), reviewer)
        row = repository.candidate(session, link.review_batch_id, reviewer)
        if row is None or row.left_at is not None:
            row = session.merge(
                DrawCandidate(review_batch_id=link.review_batch_id, reviewer=reviewer, enrolled_at=now, left_at=None)
            )
        return CandidacyView(
            review_batch_id=link.review_batch_id,
            reviewer=reviewer,
            enrolled_at=row.enrolled_at,
            weight_units=weight,
            receipt=_receipt(services, draft, row, now),
        )


def _receipt(services: Services, draft: Draft, row: DrawCandidate, now: int) -> EnrolmentReceipt | None:
    """None if another's key signs for the batch, or it names none."""
    assigner = Terms.from_json(draft.terms).assigner
    if assigner not in services.assigner.addresses:
        return None
    data = enrolment(
        services.escrow.domain,
        batch_id=draft.batch_id,
        review_batch_id=row.review_batch_id,
        reviewer=row.reviewer,
        enrolled_at=row.enrolled_at,
        signed_at=now,
    )
    return EnrolmentReceipt(typed_data=data, signature=services.assigner.sign_enrolment(data, assigner))


def checked_weight(
    services: Services, session: Session, batch_id: str, rules: CandidateRules | None, reviewer: str
) -> int | None:
    """Raises NotAllowed for who would never be drawn."""
    batch = repository.batch(session, batch_id)
    weight = Weights(services, session, rules, batch.opened_block if batch else None).of([reviewer]).get(reviewer)
    if rules is not None and weight == 0:
        detail = (
            f"reviewers of this batch are drawn by what {', '.join(rules.paid_by)} paid them for accepted work before "
            f"it was opened, and {reviewer} was paid nothing: do such work first, and review the next batch"
        )
        raise NotAllowed("not_paid_before", detail, paid_by=list(rules.paid_by))
    return weight


def leave(services: Services, reviewer: str, batch_id: str) -> None:
    """One is drawn for nothing more; what one was drawn for already stays."""
    now = services.clock.now()
    with services.writing() as session:
        row = repository.candidate(session, _link(session, batch_id).review_batch_id, reviewer)
        if row is not None and row.left_at is None:
            row.left_at = now


def own(services: Services, reviewer: str) -> DrawnReviews:
    """What the signed-in reviewer was drawn for and has not judged."""
    now, items = services.clock.now(), []
    with services.reading() as session:
        for review_batch_id in repository.enrolled_in(session, reviewer):
            wanted = tasks_for(session, review_batch_id, reviewer) or set()
            given = repository.verdicts(session, review_batch_id)
            for slot in repository.slots_of_review(session, review_batch_id):
                done = any(each.reviewer == reviewer for each in given.get(slot.slot_id, ()))
                if slot.slot_id not in wanted or done:
                    continue
                ends = {(i.task, i.worker): i.review_end for i in answers_of(session, slot.batch_id).undecided}
                draft, end = repository.draft(session, slot.batch_id), ends.get((slot.task_id, slot.worker), 0)
                if draft is not None and end >= now:
                    items.append(
                        DrawnReview(
                            review_batch_id=review_batch_id,
                            task=slot.slot_id,
                            batch_id=slot.batch_id,
                            title=draft.title,
                            review_ends_at=end,
                            drawn_at=slot.drawn_at,
                        )
                    )
    return DrawnReviews(items=sorted(items, key=lambda item: (item.review_ends_at, item.task)))


def of_batch(services: Services, address: str, batch_id: str) -> DrawList:
    """For the batch's reviewers and requester: every draw so far with all that it was made from."""
    with services.reading() as session:
        draft = require_reviewer(services, session, batch_id, address)
        if draft is None or draft.review["policy"] != NAME:
            raise Conflict("reviewers_not_drawn", f"the reviewers of batch {batch_id} are not drawn")
        drawn = drawn_of(session, draft)
        review_id = drawn.review_batch_id
        funded = review_id is not None and repository.batch(session, review_id) is not None
        count = len(repository.candidates(session, review_id)) if review_id else 0
        items = [
            DrawView.model_validate(
                {
                    "task": slot.task_id,
                    "worker": slot.worker,
                    "submission": slot.submission,
                    "block_hash": slot.block_hash,
                    "slot": slot.slot_id,
                    "candidates": slot.candidates,
                    "weights": slot.weights,
                    "excluded": slot.excluded,
                    "drawn": slot.drawn,
                    "verdicts": [VerdictView.model_validate(v, from_attributes=True) for v in each.verdicts],
                    "decided": each.outcome,
                }
            )
            for each in drawn.judgements.values()
            for slot in (each.slot,)
        ]
    return DrawList(review_batch_id=review_id, is_funded=funded, candidates=count, items=items)


def _own_draft(session: Session, requester: str, batch_id: str) -> Draft:
    draft = repository.draft(session, batch_id)
    if draft is None:
        raise NotFound("draft_unknown", f"there is no draft {batch_id}")
    if draft.requester != requester:
        raise NotAllowed("not_your_draft", f"draft {batch_id} belongs to {draft.requester}")
    if draft.review["policy"] != NAME:
        raise Conflict(
            "reviewers_not_drawn", f"batch {batch_id} has the policy {draft.review['policy']!r}, not 'drawn'"
        )
    return draft


def _refuse_second(session: Session, batch_id: str) -> None:
    link = repository.link(session, batch_id)
    if link is not None and repository.batch(session, link.review_batch_id) is not None:
        raise Conflict("review_batch_funded", f"the reviewers of {batch_id} are paid by {link.review_batch_id} already")


def _link(session: Session, batch_id: str) -> ReviewLink:
    found = repository.link(session, batch_id)
    if found is None:
        raise NotFound("review_batch_unknown", f"batch {batch_id} has no review batch to enrol for")
    return found


_ANYBODY = (
    "Addresses and records of paying oneself cost nothing: where anybody can be drawn, whoever enrols the most "
    "addresses judges nearly every answer, its own workers' too."
)
_INSTRUCTIONS = (
    "Judge one answer by the instructions that it was given. Accept what a fair reader would call right by them; "
    "reject what is not, and say why in a way that its worker can check. Copy `of` from the task. You are paid "
    "for a verdict whether or not others agree with it."
)
