"""What a signal tells the worker whom it is about: what was seen, what it means, and how to answer."""

from __future__ import annotations

from dataclasses import dataclass

from piecework.quality.signals import findings


@dataclass(frozen=True)
class Reason:
    """`seen` is a template over the evidence's numbers; `answer` says what the worker can do."""

    seen: str
    answer: str


NO_VERDICT = (
    "This is no verdict and costs you nothing by itself: no answer is rejected because of it, and what you earned is "
    "yours. Reviewers see it before your answers are decided; until then you get fewer tasks of this batch at a time, "
    "more of them with known answers, and the batch stands lower in your list of next work."
)

REASONS = {
    findings.TOO_FAST: Reason(
        "A task took you {seconds_a_task} seconds where others took {usual_seconds_a_task}, too few to have read it.",
        "If you knew the tasks already, or use a screen reader at high speed, tell the reviewers.",
    ),
    findings.COPIED: Reason(
        "{matches} of your answers are wrong in the same way as another worker's who answered before you; "
        "{matches_expected} would be usual.",
        "If you learned the tasks from the same source, or work side by side, tell the reviewers.",
    ),
    findings.CONSTANT: Reason(
        "{same_answers} of your {answers} answers are the same; others' answers to these tasks would suggest "
        "{same_expected}.",
        "If your tasks really had the same answer, say so; the reviewers see the tasks.",
    ),
    findings.RANDOM: Reason(
        "Your answers agree with other workers' as if they had been dealt to the tasks by lot.",
        "If the instructions can be read in another way than others read them, tell the reviewers how you read them.",
    ),
    findings.RING: Reason(
        "You share {matches} wrong answers with {partners} other accounts; {matches_expected} would be usual.",
        "If you work in a group that talks about the tasks, tell the reviewers; sharing answers is not allowed, "
        "sharing a habit is.",
    ),
    findings.SKILL_DROP: Reason(
        "From your answer number {answers_before} on, {agreement_after} of your answers agree with the label, before "
        "that {agreement_before}.",
        "If the tasks changed or you had trouble with the page, tell the reviewers what happened.",
    ),
    findings.DUPLICATE: Reason(
        "{matches} of the {shared_tasks} tasks that you and another account both did have the same answer; "
        "{matches_expected} would be usual.",
        "If that account is another person's, say so. If it is yours, use one account only.",
    ),
}


def reason_of(name: str, numbers: dict[str, float]) -> Reason:
    """The reason with its numbers filled in; a whole number is written without a point."""
    found = REASONS[name]
    written = {key: str(int(value)) if float(value).is_integer() else str(value) for key, value in numbers.items()}
    return Reason(found.seen.format(**written), found.answer)
