"""What reviewers read: their queue, and the submissions of a batch."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from backend.paging import decode_cursor, encode_cursor
from backend.prechecks import repository as prechecks
from backend.prechecks.schemas import PreCheckView
from backend.reviews import repository
from backend.reviews.panels import panel_of
from backend.reviews.schemas import (
    ProposalSummary,
    Queue,
    QueueItem,
    SubmissionPage,
    SubmissionView,
    SubmittedTask,
)
from backend.reviews.service import require_reviewer
from backend.reviews.warning import lead_seconds
from backend.revisions import service as revisions
from backend.services import Services
from piecework.db.gateway import Draft
from piecework.db.prechecks import PreCheck
from piecework.domain.messages import Terms


def queue(services: Services, reviewer: str) -> Queue:
    """Batches of this reviewer that hold submissions; whose window ends first stands first."""
    now = services.clock.now()
    with services.reading() as session:
        own = [name for name in repository.reviewers(session) if reviewer in panel_of(services, name).members]
        items = []
        for batch, draft in repository.reviewed_batches(session, own):
            threshold = panel_of(services, batch.reviewer).threshold
            end = repository.earliest_review_end(session, batch.batch_id)
            proposals = [
                ProposalSummary.model_validate(
                    {
                        "proposal_id": row.proposal_id,
                        "nonce": row.nonce,
                        "status": row.status,
                        "signatures": sorted(repository.signatures(session, row.proposal_id)),
                        "threshold": threshold,
                    }
                )
                for row in repository.proposals(session, batch.batch_id)
            ]
            items.append(
                QueueItem(
                    batch_id=batch.batch_id,
                    title=draft.title if draft else None,
                    submitted=batch.submitted,
                    review_ends_at=end,
                    ends_soon=end is not None and end - lead_seconds(Terms.from_json(batch.terms)) <= now,
                    proposals=proposals,
                )
            )
    return Queue(items=items)


def submissions(services: Services, address: str, batch_id: str, cursor: str | None, limit: int) -> SubmissionPage:
    """Answers with what was asked, in the chain's order."""
    with services.reading() as session:
        draft = require_reviewer(services, session, batch_id, address)
        gold = _known_to(session, batch_id, address, draft)
        rows = repository.submitted(session, batch_id, decode_cursor(cursor, (int, int)), limit)
        decided = repository.settled_decisions(session, batch_id, [assignment.assignment_id for assignment, _ in rows])
        tallies = repository.tallies(session, batch_id)
        asked = revisions.newest(
            session, batch_id, [assignment.assignment_id for assignment, _ in rows], services.clock.now()
        )
        noted = prechecks.of_batch(session, batch_id)
        items = []
        for assignment, submission in rows:
            contents = repository.task_contents(session, batch_id, assignment.tasks)
            answers = assignment.answers["answers"] if assignment.answers else []
            items.append(
                SubmissionView(
                    worker=assignment.worker,
                    assignment_id=assignment.assignment_id,
                    submission=submission.work_digest,
                    submitted_at=submission.block_timestamp,
                    review_ends_at=submission.review_end,
                    waiting=tallies[assignment.worker].old_lot + tallies[assignment.worker].young_lot,
                    tasks=[
                        SubmittedTask.model_validate(
                            {
                                "task": a["task"],
                                "content": contents[a["task"]].content,
                                "answer": a["answer"],
                                "decision": decided.get((a["task"], assignment.worker)),
                                "is_known": a["task"] in gold,
                                "known_answer": gold.get(a["task"]),
                                "pre_check": _note(noted.get((submission.work_digest, a["task"]))),
                                "revision": asked.of(a["task"], assignment.worker),
                            }
                        )
                        for a in answers
                    ],
                )
            )
    last = encode_cursor((rows[-1][1].block_number, rows[-1][1].log_index)) if len(rows) == limit else None
    return SubmissionPage(items=items, next_cursor=last)


def _note(row: PreCheck | None) -> PreCheckView | None:
    if row is None or row.likely is None:
        return None
    return PreCheckView.model_validate(row, from_attributes=True)


def _known_to(session: Session, batch_id: str, address: str, draft: Draft | None) -> dict[str, Any]:
    """Known answers by task, for whom they are no secret."""
    if draft is None or not draft.gold:
        return {}
    batch = repository.batch(session, batch_id)
    is_owner = batch is not None and batch.requester == address
    answers: dict[str, Any] = draft.gold["answers"]
    return answers if is_owner or draft.is_revealed else {}
