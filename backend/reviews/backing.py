"""Whether the requester's dispute fee covers rejections: the contract skips verdicts that it does not cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backend.services import Services
from piecework.db.mirror import MirrorBatch, MirrorTally
from piecework.domain.messages import Terms


def unbacked(
    services: Services, batch: MirrorBatch, tallies: Mapping[str, MirrorTally], workers: Sequence[str]
) -> set[str]:
    """Of `workers` to be rejected in this order, those whose verdict the contract would skip now.

    One fee a worker is taken from the requester's account, then from whole free assignments, whose change goes to the
    account.
    """
    terms = Terms.from_json(batch.terms)
    fee, unit = terms.disputeFee, terms.unit_cost_units
    if fee == 0:
        return set()
    owed = services.escrow.account(batch.requester).owed
    free = services.escrow.batch(batch.batch_id).free
    short = set()
    for worker in workers:
        if tallies[worker].locked_units > 0:
            continue
        taken = max(0, -((owed - fee) // unit))
        if taken > free:
            short.add(worker)
            continue
        free -= taken
        owed += taken * unit - fee
    return short
