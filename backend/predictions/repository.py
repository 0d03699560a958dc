"""All SQL of the predictions feature."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from piecework.db.gateway import Assignment, BatchTask, Draft, ModelAnswers, Proposal
from piecework.db.mirror import MirrorSubmission


def draft(session: Session, batch_id: str) -> Draft | None:
    """Locked, so that no proposal is made of it meanwhile."""
    return session.execute(select(Draft).where(Draft.batch_id == batch_id).with_for_update()).scalar_one_or_none()


def task_ids(session: Session, batch_id: str) -> set[str]:
    return set(session.execute(select(BatchTask.task_id).where(BatchTask.batch_id == batch_id)).scalars())


def is_proposed(session: Session, batch_id: str) -> bool:
    """Whether anything of the batch was ever proposed for decision."""
    query = select(Proposal.proposal_id).where(Proposal.batch_id == batch_id).limit(1)
    return session.execute(query).first() is not None


def answers_on_chain(session: Session, batch_id: str) -> int:
    """People's answers whose digest is on chain, which reviewers and requester can read."""
    on_chain = select(MirrorSubmission.work_digest).where(MirrorSubmission.batch_id == batch_id)
    query = select(Assignment.answers).where(Assignment.batch_id == batch_id, Assignment.work_digest.in_(on_chain))
    return sum(len(document["answers"]) for document in session.execute(query).scalars() if document)


def found(session: Session, batch_id: str) -> ModelAnswers | None:
    return session.get(ModelAnswers, batch_id)


def replace(session: Session, row: ModelAnswers) -> None:
    before = found(session, row.batch_id)
    if before is not None:
        session.delete(before)
        session.flush()
    session.add(row)
