"""Where one can enrol as a reviewer, and where one has."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.draws import repository
from backend.draws.schemas import OpenReviewPage, OpenReviews
from backend.draws.service import checked_weight
from backend.errors import NotAllowed
from backend.matching.eligibility import BatchRules, WorkerFacts, refusals
from backend.matching.repository import needs
from backend.matching.schemas import Reason
from backend.matching.service import facts, needs_of
from backend.paging import decode_cursor, encode_cursor
from backend.services import Services
from piecework.db.draws import ReviewLink
from piecework.db.gateway import Draft
from piecework.db.mirror import MirrorBatch
from piecework.domain.draw import CandidateRules


def open_reviews(
    services: Services, reviewer: str, batch_id: str | None, cursor: str | None, limit: int
) -> OpenReviewPage:
    """`batch_id`: of the judged batch, to look for that one alone."""
    now, key = services.clock.now(), decode_cursor(cursor, (int, str))
    with services.reading() as session:
        own = facts(session, reviewer, now)
        rows = repository.open_reviews(session, now=now, batch_id=batch_id, after=key, limit=limit + 1)
        items = [_view(services, session, own, *row) for row in rows[:limit]]
        last = encode_cursor([rows[limit - 1][0].opened_block, rows[limit - 1][0].batch_id]) if rows[limit:] else None
    return OpenReviewPage(items=items, next_cursor=last)


def _view(
    services: Services, session: Session, own: WorkerFacts, batch: MirrorBatch, link: ReviewLink, draft: Draft
) -> OpenReviews:
    row = repository.candidate(session, batch.batch_id, own.address)
    against = refusals(own, BatchRules(batch.batch_id, batch.requester, needs_of(needs(session, batch.batch_id))))
    try:
        review = repository.draft(session, batch.batch_id)
        assert review is not None  # noqa: S101 - linked
        checked_weight(services, session, link.batch_id, CandidateRules.of(review.review), own.address)
    except NotAllowed as error:
        against = [*against, Reason(code=error.code, text=error.detail)]
    return OpenReviews(
        batch_id=link.batch_id,
        review_batch_id=batch.batch_id,
        title=draft.title,
        task_type=draft.task_type,
        reward_units=batch.reward_units,
        claim_by=batch.claim_by,
        candidates=len(repository.candidates(session, batch.batch_id)),
        enrolled_at=row.enrolled_at if row is not None and row.left_at is None else None,
        against=against,
    )
