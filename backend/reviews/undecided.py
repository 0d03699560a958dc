"""The answers of a batch that wait for a decision, and until when: after that silence pays them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from backend.reviews import policy, repository
from piecework.db.gateway import Assignment
from piecework.db.mirror import MirrorTally


@dataclass(frozen=True, slots=True)
class Undecided:
    """One answer that waits for a decision. `review_end`: the last second in which it can be decided."""

    task: str
    worker: str
    answer: Any
    assignment: Assignment
    review_end: int = 0


@dataclass(frozen=True, slots=True)
class BatchAnswers:
    """Undecided answers, all answers, and the digests of their files, each in the chain's order."""

    undecided: list[Undecided]
    everything: list[policy.Answer]
    submissions: list[str]


def answers_of(session: Session, batch_id: str) -> BatchAnswers:
    settled = repository.settled_answers(session, batch_id)
    everything, submissions = [], []
    waiting: dict[str, list[Undecided]] = defaultdict(list)
    order: list[tuple[str, str]] = []
    for assignment, submission in repository.submitted(session, batch_id):
        submissions.append(submission.work_digest)
        assert assignment.answers is not None  # noqa: S101 - joined on its digest
        for item in assignment.answers["answers"]:
            everything.append(policy.Answer(item["task"], assignment.worker, item["answer"]))
            if (item["task"], assignment.worker) not in settled:
                waiting[assignment.worker].append(
                    Undecided(item["task"], assignment.worker, item["answer"], assignment)
                )
                order.append((item["task"], assignment.worker))
    tallies = repository.tallies(session, batch_id)
    left = {(i.task, i.worker): i for worker, items in waiting.items() for i in _unpaid(items, tallies[worker])}
    return BatchAnswers([left[key] for key in order if key in left], everything, submissions)


def _unpaid(items: Sequence[Undecided], tally: MirrorTally) -> list[Undecided]:
    """Without what silence paid meanwhile, which is decided too: of a worker the oldest answers. As the contract takes
    them, the oldest that are left are its old lot and the others its young one."""
    left = items[max(0, len(items) - tally.old_lot - tally.young_lot) :]
    ends = (tally.old_review_end if number < tally.old_lot else tally.young_review_end for number in range(len(left)))
    return [Undecided(i.task, i.worker, i.answer, i.assignment, end) for i, end in zip(left, ends, strict=True)]
