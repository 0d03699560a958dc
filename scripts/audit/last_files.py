"""Whether a results file is its batch's last one, as logs and answers show: then it must say what only last files say.

A gateway makes the last file once every task has its answers, or once nothing can be claimed any more and nothing is
claimed. It makes it some time before it is settled, so logs that changed in between leave the question open.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from backend.reviews.policy import Answer
from backend.reviews.stops import Asked
from scripts.audit.books import Settlement, Submission

Finality = Literal["last", "maybe", "not"]


def finality(
    answers: Collection[Answer], newest: Submission, settlement: Settlement, asked: Asked, versions: int
) -> Finality:
    """Of the file of `settlement`, which counts `answers`, those of `newest` the last; `versions`: of the manifest."""
    if newest.nothing_claimable or (versions == 1 and _is_answered(answers, asked)):
        return "last"
    return "maybe" if settlement.nothing_claimable else "not"


def why_unsaid(said: Sequence[str]) -> str:
    """`said`: what a last file would tell and this one does not."""
    return f"it does not tell {' and '.join(said)}: logs do not show whether it was made as the last file, which does"


def _is_answered(answers: Collection[Answer], asked: Asked) -> bool:
    """Whether every task of the batch has as many people's answers as are paid for."""
    given = dict.fromkeys(asked.tasks, 0)
    for task, _ in {(item.task, item.worker) for item in answers}:
        if task in given:
            given[task] += 1
    return all(count >= asked.cap for count in given.values())
