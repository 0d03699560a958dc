"""Who judges what: a task of a review batch goes to those who were drawn for it, and shows the answer that it is about.

Imported by the room that hands out work, so it knows nothing of that room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from backend.draws import repository
from backend.draws.deciding import NAME, of_drawn
from backend.errors import Conflict, Invalid
from piecework.db.gateway import Draft
from piecework.domain.draw import DrawRules, decided


def tasks_for(session: Session, review_batch_id: str, reviewer: str) -> set[str] | None:
    """Tasks of a review batch that this reviewer was drawn for and that still wait; None if it is no review batch."""
    link = repository.link_of_review(session, review_batch_id)
    draft = repository.draft(session, link.batch_id) if link else None
    if link is None or draft is None:
        return None
    rules, given = DrawRules.of(draft.review), repository.verdicts(session, review_batch_id)
    found = set()
    for slot in repository.slots_of_review(session, review_batch_id):
        said = [each.verdict for each in of_drawn(given.get(slot.slot_id, ()), slot)]
        if reviewer in slot.drawn and decided(said, rules) is None:
            found.add(slot.slot_id)
    return found


def check_reviewers_are_paid(session: Session, draft: Draft) -> None:
    """Raises Conflict for a batch with drawn reviewers whose pay is not in the escrow, or was taken back."""
    if draft.review["policy"] != NAME:
        return
    link = repository.link(session, draft.batch_id)
    funded = repository.batch(session, link.review_batch_id) if link else None
    if funded is None or funded.closed_at is not None:
        detail = f"the reviewers of batch {draft.batch_id} are not paid for yet: its requester must fund their batch"
        raise Conflict("review_batch_missing", detail)


def shown(session: Session, review_batch_id: str, slot_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What the tasks of a review batch show once they are claimed, by task; empty if it is no review batch."""
    found = {}
    for slot_id, slot in repository.slots_named(session, review_batch_id, slot_ids).items():
        draft, task = repository.draft(session, slot.batch_id), repository.content(session, slot.batch_id, slot.task_id)
        assignment = repository.assignment_of(session, slot.batch_id, slot.submission)
        assert draft and task and assignment and assignment.answers  # noqa: S101 - drawn for an answer that is here
        (answer,) = (item["answer"] for item in assignment.answers["answers"] if item["task"] == slot.task_id)
        found[slot_id] = {
            "title": draft.title,
            "instructions": draft.instructions,
            "task_type": draft.task_type,
            "answer_schema": draft.answer_schema,
            "content": task.content,
            "answer": answer,
            "of": name_of(slot.submission, slot.task_id),
        }
    return found


def check_name_answers(session: Session, review_batch_id: str, answers: Mapping[str, Any]) -> None:
    """Reviews on chain name the answers that they are about. `answers`: by task. Raises Invalid for another."""
    for slot_id, slot in repository.slots_named(session, review_batch_id, list(answers)).items():
        if answers[slot_id]["of"] != name_of(slot.submission, slot.task_id):
            detail = f"the review {slot_id} is of {name_of(slot.submission, slot.task_id)}: copy `of` from the task"
            raise Invalid("review_of_another", detail)


def name_of(submission: str, task: str) -> str:
    """How reviews name an answer."""
    return f"{submission}/{task}"
