"""Whether the requester's dispute fee covers rejections: the contract skips verdicts that it does not cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.services import Services
from piecework.db.mirror import MirrorBatch, MirrorTally
from piecework.domain.messages import Terms


@dataclass(frozen=True, slots=True)
class Backing:
    """What can back rejections: token units in the requester's account, and free assignments of the batch."""

    owed_units: int
    free: int


def backing_of(services: Services, batch: MirrorBatch) -> Backing:
    """As the chain has it now: not to be asked while others wait for a lock."""
    if Terms.from_json(batch.terms).disputeFee == 0:
        return Backing(0, 0)
    owed = services.escrow.account(batch.requester).owed
    return Backing(owed, services.escrow.batch(batch.batch_id).free)


def unbacked(
    backing: Backing, batch: MirrorBatch, tallies: Mapping[str, MirrorTally], workers: Sequence[str]
) -> set[str]:
    """Of `workers` to be rejected in this order, those whose verdict the contract would skip.

    One fee a worker is taken from the requester's account, then from whole free assignments, whose change goes to the
    account.
    """
    terms = Terms.from_json(batch.terms)
    fee, unit = terms.disputeFee, terms.unit_cost_units
    if fee == 0:
        return set()
    owed, free = backing.owed_units, backing.free
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
