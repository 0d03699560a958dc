"""What streams read."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from piecework.db.gateway import Proposal, ProposalSignature
from piecework.db.mirror import ChainEvent, Checkpoint, MirrorBatch
from piecework.db.revisions import ReviewWarning

ProposalState = tuple[str, str, str, int]
"""Batch, proposal, status, and how many signed."""
WarningState = tuple[str, int, int, int]
"""Batch, first end (unix seconds), answers, and of how many workers."""


def of_batch(batch_id: str) -> ColumnElement[bool]:
    return ChainEvent.batch_id == batch_id


def of_account(address: str) -> ColumnElement[bool]:
    return ChainEvent.account == address


def of_reviewers(reviewers: Collection[str]) -> ColumnElement[bool]:
    """Of every batch that one of them reviews."""
    return ChainEvent.batch_id.in_(select(MirrorBatch.batch_id).where(MirrorBatch.reviewer.in_(reviewers)))


def reviewers_of(session: Session, batch_ids: Iterable[str]) -> set[str]:
    query = select(MirrorBatch.reviewer).where(MirrorBatch.batch_id.in_(set(batch_ids))).distinct()
    return set(session.execute(query).scalars())


def waiting_proposals(session: Session, reviewers: Collection[str] | None = None) -> set[ProposalState]:
    """Proposals that are not on chain yet; of these reviewers' batches, or all."""
    signed = (
        select(func.count())
        .where(ProposalSignature.proposal_id == Proposal.proposal_id)
        .correlate(Proposal)
        .scalar_subquery()
    )
    columns = Proposal.batch_id, Proposal.proposal_id, Proposal.status, signed
    query = select(*columns).where(Proposal.status.in_(("open", "queued")))
    if reviewers is not None:
        query = query.join(MirrorBatch, MirrorBatch.batch_id == Proposal.batch_id)
        query = query.where(MirrorBatch.reviewer.in_(reviewers))
    return {(row[0], row[1], row[2], row[3]) for row in session.execute(query)}


def warnings(session: Session, reviewers: Collection[str] | None = None) -> set[WarningState]:
    """Announced windows that have not ended, of batches that hold submissions; of these reviewers' batches, or all."""
    columns = ReviewWarning.batch_id, ReviewWarning.review_ends_at, ReviewWarning.answers, ReviewWarning.workers
    now = select(func.max(Checkpoint.block_timestamp)).scalar_subquery()
    query = select(*columns).join(MirrorBatch, MirrorBatch.batch_id == ReviewWarning.batch_id)
    query = query.where(MirrorBatch.submitted > 0, ReviewWarning.covers_until >= now)
    if reviewers is not None:
        query = query.where(MirrorBatch.reviewer.in_(reviewers))
    return {(row[0], row[1], row[2], row[3]) for row in session.execute(query)}
