"""Better answers that a results file names: each is of the very answer that its decision is about.

They are the gateway's word for what a worker sent after its submission. Decisions are about the submission, and labels
are computed from submissions alone; one that was passed off as another's, or as of another answer, is a mismatch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scripts.audit.report import Report


def check_revisions(
    report: Report, subject: str, results: dict[str, Any], fetch: Callable[[str], dict[str, Any] | None]
) -> None:
    """`fetch`: a revision file by its digest; None if it was noted as missing."""
    for item in results["decisions"]:
        found = fetch(item["revision"]) if "revision" in item else None
        if found is not None:
            where = f"the better answer to {item['task']} by {item['worker']} in {subject}"
            expected = (results["batch_id"], item["task"], item["worker"], item["submission"])
            given = (found["batch_id"], found["task"], found["worker"], found["submission"])
            report.equal("revision_of_decision", where, expected, given)
