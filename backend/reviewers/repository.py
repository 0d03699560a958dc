"""Queries of the reviewers feature: signatures of this gateway, outcomes and payments of the chain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from piecework.db.draws import ReviewLink
from piecework.db.gateway import Decision, Draft, Proposal, ProposalSignature
from piecework.db.mirror import ChainEvent, MirrorBatch, MirrorDispute, MirrorPayment, MirrorTally

Place = tuple[str, str]
"""Batch and worker."""


def signed_counts(session: Session, reviewer: str) -> Mapping[str, int]:
    """Decisions that stand, by `accepted` and `rejected`."""
    query = _signed(select(Decision.decision, func.count()), reviewer).group_by(Decision.decision)
    return {row[0]: int(row[1]) for row in session.execute(query)}


def signed_batches(session: Session, reviewer: str) -> int:
    query = _signed(select(func.count(Decision.batch_id.distinct())), reviewer)
    return int(session.execute(query).scalar_one())


def signed_rejections(session: Session, reviewer: str) -> Mapping[Place, int]:
    """How many rejections of each worker in each batch one signed."""
    columns = select(Decision.batch_id, Decision.worker, func.count())
    query = _signed(columns, reviewer).where(Decision.decision == "rejected")
    rows = session.execute(query.group_by(Decision.batch_id, Decision.worker))
    return {(row[0], row[1]): int(row[2]) for row in rows}


def rulings(session: Session, batch_ids: Sequence[str]) -> Mapping[Place, tuple[int, int]]:
    """Contested rejections that an arbitrator ruled on: how many it upheld, and how many answers it found right."""
    upheld, granted = Counter[Place](), Counter[Place]()
    own = (MirrorDispute.batch_id.in_(batch_ids), MirrorDispute.state == "ruled")
    for row in session.execute(select(MirrorDispute).where(*own)).scalars():
        granted[row.batch_id, row.worker] += row.accepted or 0
        upheld[row.batch_id, row.worker] += row.count - (row.accepted or 0)
    return {place: (upheld[place], granted[place]) for place in {*upheld, *granted}}


def overturned(session: Session, batch_ids: Sequence[str]) -> Mapping[Place, int]:
    """Rejections that reviewer or requester took back."""
    found = Counter[Place]()
    query = select(ChainEvent).where(ChainEvent.name == "Overturned", ChainEvent.batch_id.in_(batch_ids))
    for event in session.execute(query).scalars():
        found[str(event.batch_id), event.args["worker"]] += int(event.args["count"])
    return found


def reviewed_by_draw(session: Session, reviewer: str) -> Iterator[tuple[Draft, MirrorTally, MirrorBatch]]:
    """Batches in whose review batch one took work: the draft, one's tally there, and the review batch."""
    query = (
        select(Draft, MirrorTally, MirrorBatch)
        .join(ReviewLink, ReviewLink.batch_id == Draft.batch_id)
        .join(MirrorTally, MirrorTally.batch_id == ReviewLink.review_batch_id)
        .join(MirrorBatch, MirrorBatch.batch_id == ReviewLink.review_batch_id)
        .where(MirrorTally.worker == reviewer)
    )
    for row in session.execute(query):
        yield row[0], row[1], row[2]


def review_payments(session: Session, reviewer: str) -> Sequence[MirrorPayment]:
    """Credits for reviews, bonuses aside."""
    reviews = select(ReviewLink.review_batch_id)
    own = (MirrorPayment.worker == reviewer, MirrorPayment.batch_id.in_(reviews), MirrorPayment.assignments > 0)
    return session.execute(select(MirrorPayment).where(*own)).scalars().all()


def _signed(query: Any, reviewer: str) -> Any:
    """Of decisions that took effect on chain with this reviewer's signature among those that carried them."""
    own = (ProposalSignature.signer == reviewer, Proposal.status == "settled", Decision.settled)
    return (
        query.select_from(Decision)
        .join(Proposal, Proposal.proposal_id == Decision.proposal_id)
        .join(ProposalSignature, ProposalSignature.proposal_id == Decision.proposal_id)
        .where(*own)
    )
