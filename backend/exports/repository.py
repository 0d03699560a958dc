"""Queries of the exports feature: tasks and their published answers, some at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from piecework.db.gateway import Assignment, BatchTask, Decision, Draft, Proposal
from piecework.db.mirror import MirrorBatch, MirrorSettlement

Task = Row[str, int, dict[str, Any]]
"""`task_id`, `position`, `content`."""


def draft(session: Session, batch_id: str) -> Draft | None:
    return session.get(Draft, batch_id)


def is_funded(session: Session, batch_id: str) -> bool:
    return session.get(MirrorBatch, batch_id) is not None


def settlements(session: Session, batch_id: str) -> Sequence[Row[int, str]]:
    """Number and digest of the results files, oldest first, up to the first whose decisions this gateway has still to
    mark as settled: what is exported under a name of results must never grow afterwards."""
    own = MirrorSettlement.batch_id == batch_id
    query = select(MirrorSettlement.nonce, MirrorSettlement.results_digest).where(own)
    rows = session.execute(query.order_by(MirrorSettlement.nonce)).all()
    active = (Proposal.batch_id == batch_id, Proposal.status.in_(("open", "queued")))
    unmarked = set(session.execute(select(Proposal.results_digest).where(*active)).scalars())
    return list(takewhile(lambda row: row.results_digest not in unmarked, rows))


def position(session: Session, batch_id: str, task_id: str) -> int | None:
    found = session.get(BatchTask, (batch_id, task_id))
    return found.position if found else None


def tasks(session: Session, batch_id: str, after: int, limit: int) -> Sequence[Task]:
    """In the batch's order, from behind a position."""
    query = select(BatchTask.task_id, BatchTask.position, BatchTask.content)
    query = query.where(BatchTask.batch_id == batch_id, BatchTask.position > after)
    return session.execute(query.order_by(BatchTask.position).limit(limit)).all()


def contents(session: Session, batch_id: str, at_a_time: int) -> Iterator[dict[str, Any]]:
    query = select(BatchTask.content).where(BatchTask.batch_id == batch_id).order_by(BatchTask.position)
    yield from session.execute(query.execution_options(yield_per=at_a_time)).scalars()


def decisions(session: Session, batch_id: str, task_ids: Sequence[str], last: int) -> Sequence[Decision]:
    """Those that stand in results files on chain up to the settlement `last`, and so are public."""
    own = (Decision.batch_id == batch_id, Decision.task_id.in_(task_ids), Decision.settled)
    query = select(Decision).join(Proposal, Proposal.proposal_id == Decision.proposal_id).where(*own)
    query = query.where(Proposal.nonce <= last)
    return session.execute(query.order_by(Decision.task_id, Decision.worker)).scalars().all()


def answers(session: Session, assignment_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """By assignment, the answers by task."""
    query = select(Assignment.assignment_id, Assignment.answers).where(Assignment.assignment_id.in_(assignment_ids))
    return {
        assignment_id: {item["task"]: item["answer"] for item in document["answers"]}
        for assignment_id, document in session.execute(query)
        if document is not None
    }
