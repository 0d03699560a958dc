"""All SQL of the reviews feature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.orm import Session

from piecework.db.gateway import Assignment, BatchTask, Decision, Draft, ModelAnswers, Proposal, ProposalSignature
from piecework.db.mirror import ChainEvent, MirrorBatch, MirrorSettlement, MirrorSubmission, MirrorTally
from piecework.db.revisions import ReviewWarning, Revision

Submitted = Row[Assignment, MirrorSubmission]


def reviewed_batches(session: Session, reviewers: Sequence[str]) -> Sequence[Row[MirrorBatch, Draft | None]]:
    """Batches of these reviewers that hold submissions; whose window ends first stands first."""
    waiting = (MirrorTally.batch_id == MirrorBatch.batch_id, MirrorTally.old_lot > 0)
    end = select(func.min(MirrorTally.old_review_end)).where(*waiting).correlate(MirrorBatch).scalar_subquery()
    query = (
        select(MirrorBatch, Draft)
        .outerjoin(Draft, Draft.batch_id == MirrorBatch.batch_id)
        .where(MirrorBatch.reviewer.in_(reviewers), MirrorBatch.submitted > 0)
        .order_by(end, MirrorBatch.batch_id)
    )
    return session.execute(query.limit(100)).all()


def reviewers(session: Session) -> Sequence[str]:
    return session.execute(select(MirrorBatch.reviewer).distinct()).scalars().all()


def batch(session: Session, batch_id: str) -> MirrorBatch | None:
    return session.get(MirrorBatch, batch_id)


def locked_draft(session: Session, batch_id: str) -> Draft | None:
    query = select(Draft).where(Draft.batch_id == batch_id).with_for_update()
    return session.execute(query).scalar_one_or_none()


def model_answers(session: Session, batch_id: str) -> ModelAnswers | None:
    return session.get(ModelAnswers, batch_id)


def candidates(session: Session) -> Sequence[Row[MirrorBatch, Draft]]:
    """Batches that the policy may decide: submissions, a draft here, no proposal under way."""
    busy = select(Proposal.batch_id).where(Proposal.status.in_(("open", "queued")))
    query = (
        select(MirrorBatch, Draft)
        .join(Draft, Draft.batch_id == MirrorBatch.batch_id)
        .where(MirrorBatch.submitted > 0, MirrorBatch.batch_id.not_in(busy))
    )
    return session.execute(query).all()


def earliest_review_end(session: Session, batch_id: str) -> int | None:
    own = (MirrorTally.batch_id == batch_id, MirrorTally.old_lot > 0)
    return session.execute(select(func.min(MirrorTally.old_review_end)).where(*own)).scalar_one()


def batches_ending(session: Session, now: int, until: int) -> Sequence[str]:
    """Batches with answers whose window has not ended, and ends by then."""
    ends = (MirrorTally.old_lot > 0, MirrorTally.old_review_end >= now, MirrorTally.old_review_end <= until)
    return session.execute(select(MirrorTally.batch_id).where(*ends).distinct()).scalars().all()


def last_warning(session: Session, batch_id: str) -> ReviewWarning | None:
    query = select(ReviewWarning).where(ReviewWarning.batch_id == batch_id)
    return session.execute(query.order_by(ReviewWarning.covers_until.desc()).limit(1)).scalar_one_or_none()


def task_count(session: Session, batch_id: str) -> int:
    return int(session.execute(select(func.count()).where(BatchTask.batch_id == batch_id)).scalar_one())


def task_ids(session: Session, batch_id: str) -> list[str]:
    return list(session.execute(select(BatchTask.task_id).where(BatchTask.batch_id == batch_id)).scalars())


def contents(session: Session, batch_id: str) -> list[tuple[str, dict[str, Any]]]:
    """All of the batch's tasks."""
    query = select(BatchTask.task_id, BatchTask.content).where(BatchTask.batch_id == batch_id)
    return [(task, content) for task, content in session.execute(query)]


def task_contents(session: Session, batch_id: str, task_ids: Sequence[str]) -> dict[str, BatchTask]:
    query = select(BatchTask).where(BatchTask.batch_id == batch_id, BatchTask.task_id.in_(task_ids))
    return {row.task_id: row for row in session.execute(query).scalars()}


def submitted(
    session: Session, batch_id: str, after: Sequence[int | str] | None = None, limit: int | None = None
) -> Sequence[Submitted]:
    """Assignments whose answers are committed on chain, in the order of the chain."""
    place = tuple_(MirrorSubmission.block_number, MirrorSubmission.log_index)
    query = (
        select(Assignment, MirrorSubmission)
        .join(
            MirrorSubmission,
            (MirrorSubmission.work_digest == Assignment.work_digest)
            & (MirrorSubmission.worker == Assignment.worker)
            & (MirrorSubmission.batch_id == Assignment.batch_id),
        )
        .where(Assignment.batch_id == batch_id)
        .order_by(MirrorSubmission.block_number, MirrorSubmission.log_index)
    )
    if after is not None:
        query = query.where(place > (after[0], after[1]))
    return session.execute(query.limit(limit) if limit else query).all()


def settled_answers(session: Session, batch_id: str) -> set[tuple[str, str]]:
    """(task, worker) of answers whose decision is on chain."""
    query = select(Decision.task_id, Decision.worker).where(Decision.batch_id == batch_id, Decision.settled)
    return {(task, worker) for task, worker in session.execute(query)}


def settled_decisions(session: Session, batch_id: str, assignment_ids: Sequence[str]) -> dict[tuple[str, str], str]:
    """Decisions on chain about the answers of these assignments, by (task, worker)."""
    query = select(Decision.task_id, Decision.worker, Decision.decision).where(
        Decision.batch_id == batch_id, Decision.assignment_id.in_(assignment_ids), Decision.settled
    )
    return {(task, worker): decision for task, worker, decision in session.execute(query)}


def tallies(session: Session, batch_id: str) -> dict[str, MirrorTally]:
    query = select(MirrorTally).where(MirrorTally.batch_id == batch_id)
    return {row.worker: row for row in session.execute(query).scalars()}


def proposal(session: Session, proposal_id: str) -> Proposal | None:
    return session.get(Proposal, proposal_id)


def proposals(session: Session, batch_id: str) -> Sequence[Proposal]:
    query = select(Proposal).where(Proposal.batch_id == batch_id).order_by(Proposal.created_at)
    return session.execute(query).scalars().all()


def standing(session: Session, batch_id: str) -> tuple[object, ...]:
    """What changes with whatever a proposal of the batch rests on, but for verdicts of drawn reviewers: the chain's
    last word on the batch, with the hash of its block, proposals, better answers, and a model's."""
    events = select(ChainEvent.block_hash, ChainEvent.log_index).where(ChainEvent.batch_id == batch_id)
    newest = events.order_by(ChainEvent.block_number.desc(), ChainEvent.log_index.desc())
    last = session.execute(newest.limit(1)).first()
    states = session.execute(select(Proposal.proposal_id, Proposal.status).where(Proposal.batch_id == batch_id)).all()
    better = select(Revision.revision_id, Revision.digest).where(Revision.batch_id == batch_id)
    answered = session.execute(better.where(Revision.state == "answered")).all()
    model = session.execute(select(ModelAnswers.digest).where(ModelAnswers.batch_id == batch_id)).scalar_one_or_none()
    return last and tuple(last), frozenset(map(tuple, states)), frozenset(map(tuple, answered)), model


def active_proposals(session: Session) -> Sequence[Proposal]:
    return session.execute(select(Proposal).where(Proposal.status.in_(("open", "queued")))).scalars().all()


def signatures(session: Session, proposal_id: str) -> dict[str, str]:
    query = select(ProposalSignature).where(ProposalSignature.proposal_id == proposal_id)
    return {row.signer: row.signature for row in session.execute(query).scalars()}


def add_proposal(session: Session, row: Proposal, decisions: Sequence[dict[str, object]]) -> None:
    session.add(row)
    session.flush()
    for start in range(0, len(decisions), 1_000):
        session.execute(insert(Decision), decisions[start : start + 1_000])


def settlement(session: Session, batch_id: str, nonce: int) -> MirrorSettlement | None:
    return session.get(MirrorSettlement, (batch_id, nonce))


def skipped_workers(session: Session, batch_id: str, nonce: int) -> set[str]:
    own = (ChainEvent.batch_id == batch_id, ChainEvent.name == "VerdictSkipped")
    rows = session.execute(select(ChainEvent.args).where(*own)).scalars()
    return {args["worker"] for args in rows if args["nonce"] == nonce}


def mark_settled(session: Session, proposal_id: str, except_workers: set[str]) -> None:
    own = Decision.proposal_id == proposal_id
    session.execute(update(Decision).where(own, Decision.worker.not_in(except_workers)).values(settled=True))
    if except_workers:
        session.execute(delete(Decision).where(own, Decision.worker.in_(except_workers)))


def forget_decisions(session: Session, proposal_id: str) -> None:
    session.execute(delete(Decision).where(Decision.proposal_id == proposal_id, or_(~Decision.settled)))
