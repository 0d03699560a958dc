"""Known answers that each worker was given, counted from the task lists of its claims once they are revealed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from piecework.domain.exposure import most_known
from scripts.audit.books import Claim
from scripts.audit.report import Report


def check_exposure(
    report: Report,
    batch_id: str,
    claims: Sequence[Claim],
    taken: Sequence[list[str] | None],
    known: Collection[str],
    share: float,
) -> None:
    """`taken`: the tasks of each claim, None if its list could not be had, which ends what is known of that worker."""
    given: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    lost = set()
    for claim, tasks in zip(claims, taken, strict=True):
        if tasks is None:
            lost.add(claim.worker)
        if tasks is None or claim.worker in lost:
            continue
        given[claim.worker] += len(tasks)
        seen[claim.worker] += sum(task in known for task in tasks)
        most = most_known(share, given[claim.worker])
        found = f"{seen[claim.worker]} of {given[claim.worker]} tasks had a known answer, {most} may"
        subject = f"{claim.worker} in {batch_id}"
        report.holds("gold_exposure", subject, seen[claim.worker] <= most, found)
