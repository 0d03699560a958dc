"""Answers of a file bought one by one, with a bar: on a drawn crowd of hundreds of labels it takes minutes."""

from __future__ import annotations

from piecework.quality.adaptive import Policy, replay_purchase
from piecework.quality.answers import Answers, Ints
from piecework.quality.joining import Predictor
from scripts.terminal import progress_bars


def purchased(
    answers: Answers, policy: Policy, predictor: Predictor | None = None, *, label: str = "Buying answers"
) -> Ints:
    """As `replay_purchase`. The bar ends before its end where every task is sure before the budget is spent."""
    with progress_bars() as bars:
        task = bars.add_task(label, total=round(policy.budget * answers.size))
        return replay_purchase(answers, policy, predictor, lambda spent: bars.update(task, completed=spent))
