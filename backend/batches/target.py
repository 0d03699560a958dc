"""Whether a batch can stop its tasks at a confidence, and what to change if not."""

from __future__ import annotations

from typing import Any

from backend.batches.schemas import DraftIn
from backend.errors import Invalid
from piecework.quality.adaptive import Policy
from piecework.quality.models import MAX_CELLS

MOST_CHOICES = 20
_LEAST = Policy.least_answers


def check_target(wanted: DraftIn, answer_schema: dict[str, Any]) -> None:
    """Raises Invalid for a `target_confidence` that could not stop anything, or not be computed."""
    target = wanted.review.target_confidence
    if target is None:
        return
    if wanted.review.policy != "inference":
        detail = "target_confidence needs the confidences of policy 'inference': choose that one, or leave it out"
        raise Invalid("target_needs_inference", detail)
    choices = 2 if answer_schema.get("type") == "boolean" else len(answer_schema.get("enum", ()))
    if not 2 <= choices <= MOST_CHOICES:
        detail = f"target_confidence needs answers that are one of 2 to {MOST_CHOICES} choices; this batch has "
        detail += f"{choices}" if choices else "answers of any form: leave it out"
        raise Invalid("target_needs_choices", detail)
    if target <= 1 / choices:
        detail = (
            f"one of {choices} choices guessed is as sure as {1 / choices:.3f}: name a target_confidence above that"
        )
        raise Invalid("target_too_low", detail)
    if wanted.answers_per_task <= _LEAST:
        detail = (
            f"a task is asked {_LEAST} times before it can stop, so {wanted.answers_per_task} answers_per_task save "
            f"nothing: give {_LEAST + 1} or more, it is the most that one task is asked and not what each costs"
        )
        raise Invalid("target_saves_nothing", detail)
    if wanted.gold and len(wanted.gold) >= len(wanted.tasks):
        raise Invalid(
            "target_needs_unknown", "every answer is known, so there is nothing to ask: leave some out of gold"
        )
    if len(wanted.tasks) * wanted.answers_per_task * choices > MAX_CELLS:
        most = MAX_CELLS // (wanted.answers_per_task * choices)
        raise Invalid("target_too_large", f"with a target_confidence such a batch holds {most} tasks at most: split it")
