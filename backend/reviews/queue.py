"""What reviewers read: their queue, and the submissions of a batch."""

from __future__ import annotations

from backend.paging import decode_cursor, encode_cursor
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
from backend.services import Services


def queue(services: Services, reviewer: str) -> Queue:
    """Batches of this reviewer that hold submissions, oldest first."""
    with services.reading() as session:
        own = [name for name in repository.reviewers(session) if reviewer in panel_of(services, name).members]
        items = []
        for batch, draft in repository.reviewed_batches(session, own):
            threshold = panel_of(services, batch.reviewer).threshold
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
                    review_ends_at=repository.earliest_review_end(session, batch.batch_id),
                    proposals=proposals,
                )
            )
    return Queue(items=items)


def submissions(services: Services, address: str, batch_id: str, cursor: str | None, limit: int) -> SubmissionPage:
    """Answers with what was asked, in the chain's order."""
    with services.reading() as session:
        require_reviewer(services, session, batch_id, address)
        rows = repository.submitted(session, batch_id, decode_cursor(cursor, (int, int)), limit)
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
                    tasks=[
                        SubmittedTask(task=a["task"], content=contents[a["task"]].content, answer=a["answer"])
                        for a in answers
                    ],
                )
            )
    last = encode_cursor((rows[-1][1].block_number, rows[-1][1].log_index)) if len(rows) == limit else None
    return SubmissionPage(items=items, next_cursor=last)
