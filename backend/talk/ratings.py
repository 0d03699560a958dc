"""Ratings both ways: one of each side for a batch, only where the chain shows paid work, beside the record on chain."""

from __future__ import annotations

import time

from sqlalchemy.orm import Session

from backend.errors import NotAllowed, NotFound
from backend.notices.telling import tell
from backend.paging import decode_cursor, encode_cursor
from backend.services import Services
from backend.talk import repository
from backend.talk.schemas import ChainRecord, RatingIn, RatingPage, RatingView
from piecework.db.talk import Rating


def rate(services: Services, rater: str, batch_id: str, rated: str, given: RatingIn) -> RatingView:
    """Writes or changes one's rating. Raises NotAllowed without paid work between the two in this batch."""
    with services.writing() as session:
        worker = _worker_of(session, batch_id, rater, rated)
        if repository.paid_assignments(session, batch_id, worker) == 0:
            detail = f"the chain shows no paid work of {worker} in batch {batch_id}: rate after the payment"
            raise NotAllowed("no_paid_work", detail)
        now = int(time.time() * 1_000) / 1_000
        row = repository.rating(session, batch_id, rater, rated)
        is_new = row is None
        if row is None:
            row = Rating(batch_id=batch_id, rater=rater, rated=rated, worker=worker, created_at=now)
            session.add(row)
        row.stars, row.text, row.updated_at = given.stars, given.text, now
        session.flush()
        if is_new:
            told = {"rater": rater, "stars": given.stars}
            tell(session, [rated], "RatingReceived", batch_id, told, once=f"{batch_id} {rater} {rated}")
        return _view(session, row)


def take_back(services: Services, rater: str, batch_id: str, rated: str) -> None:
    with services.writing() as session:
        row = repository.rating(session, batch_id, rater, rated)
        if row is None:
            raise NotFound("rating_unknown", f"you gave {rated} no rating in batch {batch_id}")
        session.delete(row)


def own(services: Services, rater: str, batch_id: str, rated: str) -> RatingView:
    """What one said oneself, to change it."""
    with services.reading() as session:
        row = repository.rating(session, batch_id, rater, rated)
        if row is None:
            raise NotFound("rating_unknown", f"you gave {rated} no rating in batch {batch_id}")
        return _view(session, row)


def of_address(
    services: Services, address: str, batch_id: str | None, rater: str | None, cursor: str | None, limit: int
) -> RatingPage:
    """`batch_id` and `rater` narrow the items alone."""
    key = decode_cursor(cursor, (int, str, str))
    with services.reading() as session:
        rows = repository.ratings(session, address, batch_id, rater, key, limit + 1)
        count, stars = repository.summary(session, address)
        items = [_view(session, row) for row in rows[:limit]]
        found = repository.account(session, address)
    names = "accepted", "rejected", "contested", "disputes_won", "disputes_lost"
    record = ChainRecord.model_validate({name: getattr(found, name) if found else 0 for name in names})
    last = None
    if len(rows) > limit:
        end = rows[limit - 1]
        last = encode_cursor([round(end.updated_at * 1_000), end.batch_id, end.rater])
    mean = (200 * stars + count) // (2 * count) if count else None
    return RatingPage(address=address, count=count, mean_hundredths=mean, record=record, items=items, next_cursor=last)


def _worker_of(session: Session, batch_id: str, rater: str, rated: str) -> str:
    """Which of the two worked. Raises NotFound, or NotAllowed unless one is the requester and the other is not."""
    batch = repository.batch(session, batch_id)
    if batch is None:
        raise NotFound("batch_unknown", f"the mirror has no batch {batch_id}")
    if (rater == batch.requester) == (rated == batch.requester):
        raise NotAllowed("not_both_sides", f"a rating is of batch {batch_id}'s requester by a worker, or of one by it")
    return rated if rater == batch.requester else rater


def _view(session: Session, row: Rating) -> RatingView:
    return RatingView.model_validate(
        {
            "batch_id": row.batch_id,
            "rater": row.rater,
            "rated": row.rated,
            "role": "worker" if row.worker == row.rated else "requester",
            "stars": row.stars,
            "text": row.text,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "paid_assignments": repository.paid_assignments(session, row.batch_id, row.worker),
        }
    )
