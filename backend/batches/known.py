"""Known answers of a draft: committed to before anybody works, and mixed in so that they look like any other task."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from backend.batches.schemas import DraftIn, TaskIn
from backend.errors import Invalid
from backend.reviews.kinds import kind_of
from piecework.domain.answers import AnswerInvalid, check_answer
from piecework.domain.exposure import default_share

_DIGITS = re.compile(r"[0-9]+")


def check_known(wanted: DraftIn, answer_schema: dict[str, Any]) -> None:
    """Raises Invalid for known answers that fit no task, that would judge people by equality where answers are hardly
    ever equal, or whose tasks anybody could pick out by their shape."""
    known = wanted.gold or {}
    ids = {task.id for task in wanted.tasks}
    for task_id, answer in known.items():
        if task_id not in ids:
            raise Invalid("gold_task_unknown", f"a known answer is given for {task_id}, which is no task")
        try:
            check_answer(answer, answer_schema)
        except AnswerInvalid as error:
            raise Invalid("answer_invalid", f"the known answer of {task_id}: {error}") from error
    kind = kind_of(answer_schema)
    if known and wanted.review.policy == "agreement" and wanted.review.reject_gold_below and kind != "labels":
        detail = (
            f"the policy agreement compares whole answers, and those of the kind {kind} are hardly ever equal: honest "
            "people would be rejected. Choose the policy inference, or leave reject_gold_below out"
        )
        raise Invalid("gold_needs_labels", detail)
    if wanted.max_gold_share is not None and not known:
        raise Invalid("gold_missing", "max_gold_share limits known answers, and none is given")
    _check_looks(wanted, set(known))


def _check_looks(wanted: DraftIn, known: set[str]) -> None:
    """Nobody should be able to tell by an id's first letters or by the names of the fields."""
    measuring = [task for task in wanted.tasks if task.id in known]
    others = [task for task in wanted.tasks if task.id not in known]
    if not measuring or not others:
        return
    fields = {frozenset(task.content) for task in others}
    odd = [task.id for task in measuring if frozenset(task.content) not in fields]
    if not odd and _are_named_apart(measuring, others):
        odd = [measuring[0].id]
    if odd:
        detail = (
            f"the answer to {odd[0]} is known, and it looks like none of the other tasks: give it an id of the same "
            "form and content with the same fields, or workers will tell it from them"
        )
        raise Invalid("gold_stands_out", detail)


def max_share(wanted: DraftIn) -> float:
    """Of known answers among the tasks of one worker."""
    if wanted.max_gold_share is not None:
        return round(wanted.max_gold_share, 6) or 1e-6
    return default_share(len(wanted.gold or {}), len(wanted.tasks))


def mixed(tasks: Sequence[TaskIn], known: Mapping[str, Any] | None) -> list[TaskIn]:
    """In random order if some answers are known: the requester's own order may tell which."""
    order = list(tasks)
    if known:
        secrets.SystemRandom().shuffle(order)
    return order


def _are_named_apart(some: Sequence[TaskIn], others: Sequence[TaskIn]) -> bool:
    """Whether the first letters of ids tell two sets from each other, and at least one set has them in common."""
    letters, other_letters = ([_letters(task.id) for task in tasks] for tasks in (some, others))
    in_common = any(len(each) > 1 and len(set(each)) == 1 for each in (letters, other_letters))
    return in_common and set(letters).isdisjoint(other_letters)


def _letters(task_id: str) -> str:
    """What stands before the first digit."""
    return _DIGITS.split(task_id, maxsplit=1)[0]
