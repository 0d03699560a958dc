"""When a batch is over: every task has its answers, or nothing can be claimed any more; and nothing is on its way.

Tasks whose answer is known need none for a label: once all others are answered they are not asked any more. Where the
batch names a target confidence, a task that reached it needs no more answers; one that came late may open it again.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.batches import repository as batches
from backend.redundancy.book import is_adaptive
from backend.services import Services
from backend.work import repository as work
from backend.work.status import FINAL, standing
from piecework.db.gateway import Draft
from piecework.db.mirror import MirrorBatch


def is_final(
    services: Services, session: Session, batch: MirrorBatch, draft: Draft, now: int, *, newest: bool = False
) -> bool:
    """Whether no further answer can come or is wanted, so that the known answers may be shown.

    `now`: chain time. `newest`: the draft is locked, so no other session sees more than this one.
    """
    if batch.closed_at is not None or batch.claim_by < now:
        return batch.claimed == 0
    if draft.is_revealed:
        return True
    # What is under way first: it costs less than to fit answers.
    return not _in_flight(session, draft, now) and is_answered(services, session, draft, newest=newest)


def is_answered(services: Services, session: Session, draft: Draft, *, newest: bool = False) -> bool:
    """Whether every task that needs answers has them on chain, or is as sure as the batch asked for."""
    if is_adaptive(draft):
        return services.asking.is_done(session, draft, newest=newest)
    wanted, complete = batches.answered_tasks(session, draft.batch_id, draft.answers_per_task)
    return complete >= wanted


def _in_flight(session: Session, draft: Draft, now: int) -> bool:
    """Whether somebody still holds a ticket or a claim."""
    return any(standing(session, row, now).status not in FINAL for row in work.waited_for(session, draft.batch_id))
