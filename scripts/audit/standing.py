"""What candidates for reviews were paid before a batch was opened, from the logs: what they weigh in its draws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

from piecework.domain.draw import CandidateRules
from scripts.audit.books import BatchBooks

Json = dict[str, Any]


def paid_before(
    batches: Mapping[str, BatchBooks],
    requesters: Collection[str],
    before_block: int,
    fetch: Callable[[str, str], Json | None],
) -> Mapping[str, int] | None:
    """Token units by worker of work that reviewers of these requesters accepted; None if a manifest cannot be had, for
    pay for reviews counts for nothing. `fetch`: a file by its digest and kind."""
    found: Counter[str] = Counter()
    for b in batches.values():
        accepted: Counter[str] = Counter()
        for settlement in b.settlements:
            if settlement.block_number < before_block:
                accepted.update(settlement.accepted)
        if b.key.requester not in requesters or not accepted:
            continue
        manifest = fetch(b.manifests[0], "manifest")
        if manifest is None:
            return None
        if CandidateRules.of(manifest["review"]) is None:
            found.update({worker: count * b.terms.reward for worker, count in accepted.items()})
    return found
