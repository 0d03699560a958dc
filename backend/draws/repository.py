"""All SQL of draws."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, func, select, tuple_
from sqlalchemy.orm import Session

from piecework.db.draws import DrawCandidate, ReviewLink, ReviewSlot
from piecework.db.gateway import Assignment, BatchTask, Draft
from piecework.db.mirror import ChainEvent, MirrorBatch, MirrorCredential, MirrorPayment, MirrorSubmission


@dataclass(frozen=True, slots=True)
class Given:
    """A verdict on chain: `submission` is the digest of the reviewer's answer file."""

    reviewer: str
    submission: str
    verdict: str
    reason: str


def draft(session: Session, batch_id: str) -> Draft | None:
    return session.get(Draft, batch_id)


def batch(session: Session, batch_id: str) -> MirrorBatch | None:
    return session.get(MirrorBatch, batch_id)


def link(session: Session, batch_id: str) -> ReviewLink | None:
    return session.get(ReviewLink, batch_id)


def link_of_review(session: Session, review_batch_id: str) -> ReviewLink | None:
    query = select(ReviewLink).where(ReviewLink.review_batch_id == review_batch_id)
    return session.execute(query).scalar_one_or_none()


def under_review(session: Session) -> Sequence[Row[MirrorBatch, ReviewLink]]:
    """Batches with a funded review batch and answers that wait."""
    funded = select(MirrorBatch.batch_id)
    query = select(MirrorBatch, ReviewLink).join(ReviewLink, ReviewLink.batch_id == MirrorBatch.batch_id)
    return session.execute(query.where(MirrorBatch.submitted > 0, ReviewLink.review_batch_id.in_(funded))).all()


def open_reviews(
    session: Session, *, now: int, batch_id: str | None, after: Sequence[int | str] | None, limit: int
) -> Sequence[Row[MirrorBatch, ReviewLink, Draft]]:
    """Review batches that take work, each with its link and the draft of the judged batch, newest first, from below the
    key (block, review batch)."""
    is_open = (MirrorBatch.closed_at.is_(None), MirrorBatch.claim_by >= now)
    query = (
        select(MirrorBatch, ReviewLink, Draft)
        .join(ReviewLink, ReviewLink.review_batch_id == MirrorBatch.batch_id)
        .join(Draft, Draft.batch_id == ReviewLink.batch_id)
        .where(*is_open)
    )
    if batch_id is not None:
        query = query.where(ReviewLink.batch_id == batch_id)
    if after is not None:
        query = query.where(tuple_(MirrorBatch.opened_block, MirrorBatch.batch_id) < (after[0], after[1]))
    order = MirrorBatch.opened_block.desc(), MirrorBatch.batch_id.desc()
    return session.execute(query.order_by(*order).limit(limit)).all()


def candidate(session: Session, review_batch_id: str, reviewer: str) -> DrawCandidate | None:
    return session.get(DrawCandidate, (review_batch_id, reviewer))


def candidates(session: Session, review_batch_id: str) -> Sequence[DrawCandidate]:
    own = (DrawCandidate.review_batch_id == review_batch_id, DrawCandidate.left_at.is_(None))
    return session.execute(select(DrawCandidate).where(*own).order_by(DrawCandidate.reviewer)).scalars().all()


def slots(session: Session, batch_id: str) -> Sequence[ReviewSlot]:
    query = select(ReviewSlot).where(ReviewSlot.batch_id == batch_id).order_by(ReviewSlot.slot_id)
    return session.execute(query).scalars().all()


def slots_of_review(session: Session, review_batch_id: str) -> Sequence[ReviewSlot]:
    query = select(ReviewSlot).where(ReviewSlot.review_batch_id == review_batch_id).order_by(ReviewSlot.slot_id)
    return session.execute(query).scalars().all()


def slots_named(session: Session, review_batch_id: str, slot_ids: Sequence[str]) -> dict[str, ReviewSlot]:
    """By slot; none if it is no review batch."""
    named = (ReviewSlot.review_batch_id == review_batch_id, ReviewSlot.slot_id.in_(slot_ids))
    return {row.slot_id: row for row in session.execute(select(ReviewSlot).where(*named)).scalars()}


def slot_count(session: Session, review_batch_id: str) -> int:
    query = select(func.count()).where(ReviewSlot.review_batch_id == review_batch_id)
    return int(session.execute(query).scalar_one())


def enrolled_in(session: Session, reviewer: str) -> Sequence[str]:
    query = select(DrawCandidate.review_batch_id).where(DrawCandidate.reviewer == reviewer)
    return session.execute(query).scalars().all()


def block_of(session: Session, batch_id: str, submission: str) -> tuple[str, int] | None:
    """Hash and time of the block that holds a submission."""
    query = (
        select(ChainEvent.block_hash, ChainEvent.block_timestamp)
        .join(
            MirrorSubmission,
            (MirrorSubmission.block_number == ChainEvent.block_number)
            & (MirrorSubmission.log_index == ChainEvent.log_index),
        )
        .where(MirrorSubmission.batch_id == batch_id, MirrorSubmission.work_digest == submission)
    )
    row = session.execute(query.limit(1)).first()
    return (row[0], row[1]) if row else None


def was_changed_since(
    session: Session, holder: str, asked_for: Collection[tuple[str, str]], batch_id: str, submission: str
) -> bool:
    """Whether an issuer changed one of the credentials that are asked for (issuer and skill) in the block of that
    submission or later: took it back, or granted it lower or shorter."""
    own = MirrorSubmission.batch_id == batch_id, MirrorSubmission.work_digest == submission
    since = select(func.min(MirrorSubmission.block_number)).where(*own)
    query = select(MirrorCredential.issuer, MirrorCredential.skill).where(
        MirrorCredential.holder == holder,
        MirrorCredential.refused.is_(False),
        MirrorCredential.block_number >= since.scalar_subquery(),
    )
    return any((row.issuer, row.skill) in asked_for for row in session.execute(query))


def paid_before(
    session: Session, requesters: Sequence[str], before_block: int | None
) -> Sequence[Row[str, str, int, int]]:
    """Batch, worker, reward in token units and how many assignments of its work reviewers accepted there, in batches of
    these requesters; neither silence nor gifts, which nobody looked at."""
    columns = MirrorPayment.batch_id, MirrorPayment.worker, MirrorBatch.reward_units
    query = (
        select(*columns, func.sum(MirrorPayment.assignments))
        .join(MirrorBatch, MirrorBatch.batch_id == MirrorPayment.batch_id)
        .where(MirrorBatch.requester.in_(requesters), MirrorPayment.reason == "reviewed")
        .group_by(*columns)
    )
    if before_block is not None:
        query = query.where(MirrorPayment.block_number < before_block)
    return session.execute(query).all()


def verdicts(session: Session, review_batch_id: str) -> dict[str, list[Given]]:
    """What reviewers submitted on chain, by slot, in the chain's order; drawn for it or not."""
    query = (
        select(Assignment, MirrorSubmission.work_digest)
        .join(
            MirrorSubmission,
            (MirrorSubmission.work_digest == Assignment.work_digest)
            & (MirrorSubmission.worker == Assignment.worker)
            & (MirrorSubmission.batch_id == Assignment.batch_id),
        )
        .where(Assignment.batch_id == review_batch_id)
        .order_by(MirrorSubmission.block_number, MirrorSubmission.log_index)
    )
    found: dict[str, list[Given]] = {}
    for assignment, digest in session.execute(query):
        for item in (assignment.answers or {"answers": []})["answers"]:
            said = item["answer"]
            given = Given(assignment.worker, digest, said["verdict"], said["reason"])
            found.setdefault(item["task"], []).append(given)
    return found


def content(session: Session, batch_id: str, task_id: str) -> BatchTask | None:
    return session.get(BatchTask, (batch_id, task_id))


def assignment_of(session: Session, batch_id: str, submission: str) -> Assignment | None:
    query = select(Assignment).where(Assignment.batch_id == batch_id, Assignment.work_digest == submission)
    return session.execute(query.limit(1)).scalar_one_or_none()
